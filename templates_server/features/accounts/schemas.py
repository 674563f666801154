"""What the Platform API says of accounts and organizations."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from templates_server.security.authorization import Role, Scope

ScopeName = Annotated[str, msgspec.Meta(examples=[*Scope])]


class Membership(msgspec.Struct, frozen=True):
    """An organization and the caller's role in it."""

    key: str
    role: str


class Me(msgspec.Struct, frozen=True):
    """The caller, their memberships, and the permissions of their token."""

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
    """The organization to create; the default name is the key."""

    key: str
    name: str | None = None


class ChangedOrganization(msgspec.Struct, frozen=True):
    """The new name of an organization. Its key does not change."""

    name: str


class MemberView(msgspec.Struct, frozen=True):
    """A member of an organization."""

    email: str
    name: str
    role: str


class NewMember(msgspec.Struct, frozen=True):
    """The person to invite, and their role."""

    email: Annotated[str, msgspec.Meta(max_length=254)]
    role: Role


class ChangedMember(msgspec.Struct, frozen=True):
    """The new role of a member."""

    role: Role


class InvitationView(msgspec.Struct, frozen=True):
    """An invitation that can still be accepted."""

    id: str
    email: str
    role: str
    created: str
    expires: str


class CreatedInvitation(InvitationView, frozen=True):
    """A new invitation, with its link, which is returned only once."""

    link: str


class NewServiceAccount(msgspec.Struct, frozen=True):
    """The service account to create; the default scopes are those of the caller."""

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
    """A new service account, with its secret, which is returned only once."""

    client_secret: str
