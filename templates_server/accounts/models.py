"""What the Platform API says of accounts and organizations."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from templates_server.access import Role, Scope

ScopeName = Annotated[str, msgspec.Meta(examples=[*Scope])]


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


class NewOrganization(msgspec.Struct, frozen=True):
    """What an organization is created from; without a name it is called by its key."""

    key: str
    name: str | None = None


class ChangedOrganization(msgspec.Struct, frozen=True):
    """What an organization is to be called from now on; its key stays."""

    name: str


class MemberView(msgspec.Struct, frozen=True):
    """A member of an organization."""

    email: str
    name: str
    role: str


class NewMember(msgspec.Struct, frozen=True):
    """Who is to be invited, and as what."""

    email: Annotated[str, msgspec.Meta(max_length=254)]
    role: Role


class ChangedMember(msgspec.Struct, frozen=True):
    """What a member is to be from now on."""

    role: Role


class InvitationView(msgspec.Struct, frozen=True):
    """An invitation that can still be accepted."""

    id: str
    email: str
    role: str
    created: str
    expires: str


class CreatedInvitation(InvitationView, frozen=True):
    """A new invitation, with its link: this once."""

    link: str


class NewServiceAccount(msgspec.Struct, frozen=True):
    """A service account that is wanted; without scopes it gets those of who asks."""

    name: str
    scopes: Annotated[list[ScopeName], msgspec.Meta(min_length=1, max_length=100)] | None = None


class ServiceAccountView(msgspec.Struct, frozen=True):
    """A service account; never its secret."""

    id: str
    name: str
    client_id: str
    scopes: list[str]
    created: str


class CreatedServiceAccount(ServiceAccountView, frozen=True):
    """A new service account, with its secret: this once."""

    client_secret: str
