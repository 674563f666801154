"""The permissions of a new token, never more than its creator's. Every problem has its path."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection

from templates_server.errors import ValidationFailed
from templates_server.features.accounts.token_store import PersonalToken
from templates_server.features.auth.token_schemas import NewToken
from templates_server.features.spaces import store as spaces_store
from templates_server.primitives.timestamps import DAY
from templates_server.primitives.validation import Reader
from templates_server.primitives.yaml_json import quote_text
from templates_server.security.authorization import Principal, ResourceScope, Role, Scope, may_see


def read_new_token(connection: Connection, new: NewToken, *, principal: Principal, now: int) -> PersonalToken:
    """Return the requested token; raise ValidationFailed with all problems."""
    reader = Reader()
    name = read_name(reader, new.name, "name what the token is for")
    scopes = read_scopes(reader, new.scopes, principal)
    limits = frozenset(_limits(connection, reader, new, principal))
    if reader.problems:
        raise ValidationFailed(reader.problems)
    return PersonalToken(name, scopes, now + new.expires_in_days * DAY, limits or principal.limits)


def read_name(reader: Reader, given: str, advice: str) -> str:
    """Return a required name."""
    name = reader.name(given.strip(), "name")
    if not given.strip():
        reader.refuse("name", f"must not be empty: {advice}")
    return name


def read_scopes(reader: Reader, names: Sequence[str] | None, principal: Principal) -> frozenset[Scope]:
    """Return the scopes with these names, by default all of the caller's; reject those that the caller lacks."""
    if names is None:
        return principal.scopes
    scopes = set()
    for number, name in enumerate(names):
        path = f"scopes[{number}]"
        known = reader.one_of(name, path, [*Scope], "a scope")
        if known is not None and known not in principal.scopes:
            reader.refuse(path, "is a scope that you don't have yourself")
        elif known is not None:
            scopes.add(Scope(known))
    return frozenset(scopes)


def _limits(connection: Connection, reader: Reader, new: NewToken, principal: Principal) -> Iterator[str]:
    """Return the IDs of the organizations and Spaces that the token is restricted to, by key or ID."""
    for kind, names in (("organization", new.organizations), ("space", new.spaces)):
        for number, name in enumerate(names or ()):
            place = spaces_store.locate(connection, {kind: name})
            if place is None or not may_see(principal, place):
                reader.refuse(f"{kind}s[{number}]", f"{quote_text(name)} not found, or you don't have access")
            else:
                yield _id_of(place)


def _id_of(place: ResourceScope) -> str:
    return place.space_id or place.organization_id


def select_administrated(principal: Principal, organization_ids: Collection[str]) -> Sequence[str]:
    """Return those organizations that the caller administers, within the reach of the caller's own token."""
    return [
        organization_id
        for organization_id in organization_ids
        if principal.roles.get(organization_id) is Role.ADMINISTRATOR
        and may_see(principal, ResourceScope(organization_id, ""))
    ]
