"""Authorization: who the caller is, what they may do, and where. Values and rules without storage or HTTP."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from templates_server.errors import Forbidden


class Role(enum.StrEnum):
    """The role of a member in an organization."""

    ADMINISTRATOR = "administrator"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class Scope(enum.StrEnum):
    """What a token may do."""

    SPACES_READ = "spaces:read"
    SPACES_WRITE = "spaces:write"
    CODE_READ = "code:read"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    TRIBES_READ = "tribes:read"
    TRIBES_WRITE = "tribes:write"
    EVENTS_READ = "events:read"


ALL_SCOPES = frozenset(Scope)
VIEWER_SCOPES = frozenset({Scope.SPACES_READ, Scope.CODE_READ, Scope.TRIBES_READ, Scope.EVENTS_READ})
"""No personal data: of tribes and events they see names and counts. Who did what asks for a developer besides."""
ROLE_SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.ADMINISTRATOR: ALL_SCOPES,
    Role.DEVELOPER: ALL_SCOPES,
    Role.VIEWER: VIEWER_SCOPES,
}


class PrincipalKind(enum.StrEnum):
    """The kinds of principals."""

    PERSON = "person"
    SERVICE = "service"
    APP = "app"


@dataclass(frozen=True)
class Principal:
    """A caller whose credentials are good.

    `roles` are the present ones, by organization id. `limits` are ids of organizations and Spaces that a token is
    narrowed to; empty: not narrowed. `expires` in milliseconds. An app has an `environment_id` and neither scopes nor
    roles.
    """

    kind: PrincipalKind
    id: str
    name: str = ""
    email: str | None = None
    scopes: frozenset[Scope] = frozenset()
    roles: Mapping[str, Role] = field(default_factory=dict)
    limits: frozenset[str] = frozenset()
    expires: int | None = None
    environment_id: str | None = None
    signature_version: int = 0  # of the app's environment
    revisions: tuple[int, ...] = ()  # of the model, the delivery and the tribes that it is served by
    signed_in: bool = False  # by a sign-in of a person, not by a stored token
    token_id: str = ""  # of the bearer token; an app has none


@dataclass(frozen=True)
class ResourceScope:
    """The place that the path of a request names: an organization, a Space of it, or an environment of the Space."""

    organization_id: str
    organization_key: str
    space_id: str | None = None
    space_key: str | None = None
    environment_id: str | None = None
    environment_name: str | None = None


def may_see(principal: Principal, place: ResourceScope) -> bool:
    """Return whether the place exists for the principal: by role, and within the limits of the token."""
    if place.organization_id not in principal.roles:
        return False
    return not principal.limits or place.organization_id in principal.limits or place.space_id in principal.limits


def check_scope(principal: Principal, scope: Scope, place: ResourceScope | None = None) -> None:
    """Raise Forbidden, naming what is missing, unless the token and the owner's current role allow the scope."""
    if scope not in principal.scopes:
        raise Forbidden(
            f"This requires the scope {scope}, which the token does not have.",
            headers={"WWW-Authenticate": challenge_for(scope)},
        )
    if place is not None and scope not in ROLE_SCOPES[principal.roles[place.organization_id]]:
        raise Forbidden(
            f"This requires the scope {scope}, which the role {principal.roles[place.organization_id]} does not have."
        )


def check_role(principal: Principal, role: Role, place: ResourceScope) -> None:
    """Raise Forbidden unless the principal has the role in the organization; an administrator has every role."""
    present = principal.roles[place.organization_id]
    if present not in {role, Role.ADMINISTRATOR}:
        raise Forbidden(f"This requires the role {role}; your role in {place.organization_key} is {present}.")


def check_signed_in(principal: Principal) -> None:
    """Raise Forbidden unless a person has signed in: what is created here would outlive or widen a token."""
    if not principal.signed_in:
        raise Forbidden(
            "This requires a person's sign-in, such as `mtribes login`. Tokens cannot create or extend tokens, or "
            "create or delete organizations."
        )


def challenge_for(scope: Scope) -> str:
    """Return the challenge for a token that lacks a scope (RFC 6750, 3)."""
    return f'Bearer error="insufficient_scope", scope="{scope}"'
