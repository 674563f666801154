"""The JSON of tokens, members, invitations and service accounts. Unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from mtribes_cli.api.decoding import Field, JsonObject, Model


@dataclass(frozen=True)
class Token(Model):
    """A personal access token; `token` is its text, told when it is made and never again."""

    id: str
    name: str
    scopes: tuple[str, ...]
    organizations: tuple[str, ...]
    spaces: tuple[str, ...]
    created: str | None
    expires: str | None
    last_used: str | None
    owner: str | None


@dataclass(frozen=True)
class CreatedToken(Model):
    """A new token, and its text."""

    token: Annotated[Token, Field(is_embedded=True)]
    secret: Annotated[str, Field("token", JsonObject.secret)]


@dataclass(frozen=True)
class Member(Model):
    """Somebody who belongs to an organization."""

    email: str
    name: str | None
    role: str


@dataclass(frozen=True)
class Invitation(Model):
    """Somebody who is invited; `link` is told when they are, and never again."""

    id: str
    email: str
    role: str
    expires: str | None
    link: str | None


@dataclass(frozen=True)
class ServiceAccount(Model):
    """A program that belongs to an organization."""

    id: str
    name: str
    client_id: str
    scopes: tuple[str, ...]
    created: str | None


@dataclass(frozen=True)
class CreatedServiceAccount(Model):
    """A new service account, and its secret."""

    account: Annotated[ServiceAccount, Field(is_embedded=True)]
    secret: Annotated[str, Field("client_secret", JsonObject.secret)]


@dataclass(frozen=True)
class AuditEntry(Model):
    """Something that was done in an organization: when, by whom, from where, and what it was done to."""

    id: str
    at: str
    actor: Actor
    action: str
    target: str
    space: str | None
    environment: str | None
    address: str
    details: Mapping[str, object]


@dataclass(frozen=True)
class Actor(Model):
    """Who did something, as they were called then."""

    kind: str  # person, service
    id: str
    name: str
