"""What the Platform API says of accounts and organizations."""

from __future__ import annotations

from typing import Literal

import msgspec


class Membership(msgspec.Struct, frozen=True):
    """An organization and the caller's role in it."""

    key: str
    role: str


class Me(msgspec.Struct, frozen=True):
    """Who asks, where they belong, and what their token may do."""

    kind: Literal["person", "service"]
    email: str | None
    name: str
    organizations: list[Membership]
    scopes: list[str]
    expires: str | None


class OrganizationView(msgspec.Struct, frozen=True):
    """An organization as its members see it."""

    id: str
    key: str
    name: str
    role: str
    created: str


class MemberView(msgspec.Struct, frozen=True):
    """A member of an organization."""

    email: str
    name: str
    role: str


class ServiceAccountView(msgspec.Struct, frozen=True):
    """A service account; never its secret."""

    id: str
    name: str
    client_id: str
    scopes: list[str]
    created: str
