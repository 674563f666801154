"""What the Platform API reads and says of personal access tokens."""

from __future__ import annotations

from typing import Annotated

import msgspec

from templates_server.security.authorization import Scope

DEFAULT_DAYS, MOST_DAYS = 90, 366
MAX_LIVE_TOKENS = 100  # of a person
MAX_LIMITS = 100  # organizations, and as many Spaces

ScopeName = Annotated[str, msgspec.Meta(examples=[*Scope])]
Names = Annotated[list[str], msgspec.Meta(min_length=1, max_length=MAX_LIMITS)]


class NewToken(msgspec.Struct, frozen=True):
    """The token to create. Defaults: all scopes of the caller, all organizations and Spaces, 90 days."""

    name: str
    scopes: Annotated[list[ScopeName], msgspec.Meta(min_length=1, max_length=MAX_LIMITS)] | None = None
    organizations: Names | None = None
    spaces: Names | None = None
    expires_in_days: Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)] = DEFAULT_DAYS


class TokenView(msgspec.Struct, frozen=True):
    """A token, without its text.

    Without organizations and spaces, it has access to everything its owner has access to.
    """

    id: str
    name: str
    scopes: list[str]
    organizations: list[str]
    spaces: list[str]
    created: str
    expires: str
    last_used: str | None
    owner: str


class CreatedToken(TokenView, frozen=True):
    """A new token, with its text, which is returned only once."""

    token: str


class TokenText(msgspec.Struct, frozen=True):
    """A token by its text."""

    token: str
