"""Descriptions of scopes for the person who consents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from templates_server.security.authorization import ROLE_SCOPES, Role, Scope


@dataclass(frozen=True)
class PermissionText:
    """A subject the person can access, and the permitted actions."""

    subject: str
    allowed: str


SUBJECTS = (
    ("Spaces and what they deliver", {Scope.SPACES_READ: "see", Scope.SPACES_WRITE: "change, delete"}),
    ("Generated code for your Spaces", {Scope.CODE_READ: "generate"}),
    ("The people who use your apps", {Scope.USERS_READ: "see", Scope.USERS_WRITE: "change, delete"}),
    ("Tribes", {Scope.TRIBES_READ: "see", Scope.TRIBES_WRITE: "change, delete"}),
    ("What people did in your apps", {Scope.EVENTS_READ: "see"}),
)

OF_VIEWERS = {Scope.EVENTS_READ: "count"}
"""Scopes that allow less to a person who is a viewer everywhere: no events of individual people."""


def in_words(scopes: Collection[str], roles: Collection[Role]) -> Sequence[PermissionText]:
    """Return what these scopes allow a person with these roles, one in each organization, by subject."""
    scopes = {scope for scope in scopes if any(scope in ROLE_SCOPES[role] for role in roles)}
    verbs_of = OF_VIEWERS if set(roles) <= {Role.VIEWER} else {}
    allowed = (
        (subject, [verbs_of.get(scope, verb) for scope, verb in verbs.items() if scope in scopes])
        for subject, verbs in SUBJECTS
    )
    return [PermissionText(subject, ", ".join(verbs)) for subject, verbs in allowed if verbs]
