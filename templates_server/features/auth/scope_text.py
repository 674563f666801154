"""What scopes mean, in words for the person who is asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from templates_server.security.authorization import ROLE_SCOPES, Role, Scope


@dataclass(frozen=True)
class PermissionText:
    """Something of the person's, and what may be done with it."""

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
"""What a scope allows less of to whoever is a viewer everywhere: they see nobody's own events."""


def in_words(scopes: Collection[str], roles: Collection[Role]) -> Sequence[PermissionText]:
    """What these scopes allow somebody who has these roles, each in an organization, by subject."""
    scopes = {scope for scope in scopes if any(scope in ROLE_SCOPES[role] for role in roles)}
    verbs_of = OF_VIEWERS if set(roles) <= {Role.VIEWER} else {}
    allowed = (
        (subject, [verbs_of.get(scope, verb) for scope, verb in verbs.items() if scope in scopes])
        for subject, verbs in SUBJECTS
    )
    return [PermissionText(subject, ", ".join(verbs)) for subject, verbs in allowed if verbs]
