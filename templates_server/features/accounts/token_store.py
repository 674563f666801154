"""All SQL for bearer tokens: resolve them to a principal; create, list and revoke personal ones."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from templates_server.errors import BadRequest
from templates_server.http.pagination import PageRequest
from templates_server.primitives.ids import new_id
from templates_server.primitives.integers import whole_number
from templates_server.primitives.timestamps import LATEST_AHEAD, MINUTE
from templates_server.security.authorization import Principal, PrincipalKind, Role, Scope
from templates_server.security.secrets import SecretKind, hash_secret, new_secret
from templates_server.storage.tables import (
    accounts,
    memberships,
    organizations,
    service_accounts,
    spaces,
    token_families,
    tokens,
)

BEARER_KINDS = ("access", "personal")
PERSONAL = tokens.c.kind == "personal"
UNREVOKED = tokens.c.revoked.is_(None)
LATEST = 10**15 - 1
PLACE = re.compile(r"([0-9]{1,15}) (\w{1,64})", re.ASCII)  # of a token in a list: its age, its id
MOST_IDS_ASKED = 10_000  # in one statement: databases bound its parameters
USE_INTERVAL = MINUTE  # between two notes of when a token was used


@dataclass(frozen=True)
class PersonalToken:
    """The permissions and expiry of a new personal access token.

    `limits` are the IDs of the organizations and Spaces that it is restricted to; empty means no restriction.
    `expires` is in milliseconds.
    """

    name: str
    scopes: Collection[Scope]
    expires: int
    limits: Collection[str] = ()


def create_personal_token(
    connection: Connection, account_id: str, *, token: PersonalToken, now: int
) -> tuple[str, str]:
    """Create a personal access token and return its ID and secret; the secret is not stored."""
    token_id, secret = new_id("tok"), new_secret(SecretKind.PERSONAL)
    connection.execute(
        insert(tokens).values(
            token_hash=hash_secret(secret),
            id=token_id,
            kind="personal",
            account_id=account_id,
            name=token.name,
            scopes=" ".join(sorted(token.scopes)),
            limits=json.dumps(sorted(token.limits)),
            created=now,
            expires=token.expires,
        )
    )
    return token_id, secret


@dataclass(frozen=True)
class Bearer:
    """The principal of a bearer token, and its last use in milliseconds if that is recorded for its kind."""

    principal: Principal
    last_used: int | None
    keeps_uses: bool


def find_bearer(connection: Connection, bearer: str, now: int) -> Bearer | None:
    """Return the principal of a bearer token at that time, with current roles; None if unknown, expired or revoked."""
    query = (
        select(tokens)
        .outerjoin(token_families, token_families.c.id == tokens.c.family_id)
        .where(
            tokens.c.token_hash == hash_secret(bearer),
            tokens.c.kind.in_(BEARER_KINDS),
            tokens.c.revoked.is_(None),
            tokens.c.expires > now,
            tokens.c.created <= now + LATEST_AHEAD,
            token_families.c.revoked.is_(None),
        )
    )
    token = connection.execute(query).one_or_none()
    if token is None:
        return None
    principal = _person(connection, token) if token.account_id is not None else _service(connection, token)
    return Bearer(principal, token.last_used, keeps_uses=token.kind == "personal") if principal else None


def _person(connection: Connection, token: Row[Any]) -> Principal:
    account = connection.execute(select(accounts).where(accounts.c.id == token.account_id)).one()
    roles = connection.execute(
        select(memberships.c.organization_id, memberships.c.role).where(memberships.c.account_id == token.account_id)
    )
    return Principal(
        PrincipalKind.PERSON,
        account.id,
        account.name,
        email=account.email,
        scopes=_scopes(token),
        roles={row.organization_id: Role(row.role) for row in roles},
        limits=frozenset(json.loads(token.limits)),
        expires=token.expires,
        signed_in=token.kind == "access",
        token_id=token.id,
    )


def _service(connection: Connection, token: Row[Any]) -> Principal | None:
    query = select(service_accounts).where(
        service_accounts.c.id == token.service_account_id, service_accounts.c.revoked.is_(None)
    )
    service = connection.execute(query).one_or_none()
    if service is None:
        return None
    return Principal(
        PrincipalKind.SERVICE,
        service.id,
        service.name,
        scopes=_scopes(token) & frozenset(Scope(scope) for scope in service.scopes.split()),
        roles={service.organization_id: Role.DEVELOPER},
        limits=frozenset(json.loads(token.limits)),
        expires=token.expires,
        token_id=token.id,
    )


def _scopes(token: Row[Any]) -> frozenset[Scope]:
    return frozenset(Scope(scope) for scope in token.scopes.split())


# Personal access tokens as their owners see them


@dataclass(frozen=True)
class StoredToken:
    """A personal access token; `owner` is an email address, times are in milliseconds."""

    id: str
    account_id: str
    owner: str
    name: str
    scopes: frozenset[Scope]
    limits: frozenset[str]
    created: int
    expires: int
    last_used: int | None

    @property
    def place(self) -> str:
        """The position in a list."""
        return f"{self.created} {self.id}"


@dataclass(frozen=True)
class LimitNames:
    """The names of organizations and Spaces by their IDs, and the organization of each Space."""

    organizations: Mapping[str, str]
    spaces: Mapping[str, str]
    organization_of_space: Mapping[str, str]


def count_live_tokens(connection: Connection, account_id: str, now: int) -> int:
    """Count the active tokens of a person; block the creation of others for them until the transaction ends."""
    connection.execute(select(accounts.c.id).where(accounts.c.id == account_id).with_for_update()).one()
    is_alive = (tokens.c.expires > now) & (tokens.c.created <= now + LATEST_AHEAD)
    mine = PERSONAL & UNREVOKED & (tokens.c.account_id == account_id) & is_alive
    return int(connection.execute(select(func.count()).select_from(tokens).where(mine)).scalar_one())


def forget_old_tokens(connection: Connection, account_id: str, before: int) -> None:
    """Delete the personal tokens of a person that had ended by then."""
    is_over = (tokens.c.expires <= before) | (tokens.c.revoked <= before)
    mine = PERSONAL & (tokens.c.account_id == account_id)
    connection.execute(delete(tokens).where(mine, is_over))


def list_tokens(
    connection: Connection, account_id: str, *, only: str | None, page: PageRequest
) -> Sequence[StoredToken]:
    """Return a page of a person's tokens by age, or one of their tokens."""
    query = _stored_tokens().where(UNREVOKED, tokens.c.account_id == account_id)
    return _page(connection, query if only is None else query.where(tokens.c.id == only), page)


def list_tokens_reaching(connection: Connection, organization_id: str, page: PageRequest) -> Sequence[StoredToken]:
    """Return a page of the members' tokens that reach an organization, by age."""
    is_member = exists().where(
        memberships.c.account_id == tokens.c.account_id, memberships.c.organization_id == organization_id
    )
    return _page(connection, _stored_tokens().where(UNREVOKED, is_member, _reaches(organization_id)), page)


def find_token(connection: Connection, token_id: str) -> StoredToken | None:
    """Return a token by its ID, even a revoked one, or None."""
    row = connection.execute(_stored_tokens().where(tokens.c.id == token_id)).one_or_none()
    return _to_stored_token(row) if row else None


def find_token_by_hash(connection: Connection, token_hash: bytes) -> StoredToken | None:
    """Return a token by the hash of its text, even a revoked one, or None."""
    row = connection.execute(_stored_tokens().where(tokens.c.token_hash == token_hash)).one_or_none()
    return _to_stored_token(row) if row else None


def revoke_token(connection: Connection, token_id: str, now: int) -> bool:
    """Revoke a token immediately, and return whether this call revoked it."""
    ended = update(tokens).where(tokens.c.id == token_id, tokens.c.revoked.is_(None)).values(revoked=now)
    return connection.execute(ended).rowcount == 1


def revoke_tokens_of_organization(connection: Connection, organization_id: str, now: int) -> None:
    """Revoke members' tokens that are restricted to this organization and to nothing else that exists."""
    members = select(memberships.c.account_id).where(memberships.c.organization_id == organization_id)
    is_narrowed = _names(tokens.c.limits, literal(organization_id))
    query = _stored_tokens().where(UNREVOKED, tokens.c.account_id.in_(members), is_narrowed)
    found = [_to_stored_token(row) for row in connection.execute(query.order_by(tokens.c.id))]
    others = find_limit_names(connection, {limit for token in found for limit in token.limits} - {organization_id})
    for token in found:
        if token.limits.isdisjoint({*others.organizations, *others.spaces}):
            revoke_token(connection, token.id, now)


def list_reachable_organizations(connection: Connection, token: StoredToken) -> Sequence[str]:
    """Return the IDs of the organizations that a token reaches now: its owner's, within its restrictions."""
    query = select(memberships.c.organization_id).where(memberships.c.account_id == token.account_id)
    if token.limits:
        owning = select(spaces.c.organization_id).where(spaces.c.id.in_(token.limits))
        query = query.where(memberships.c.organization_id.in_(token.limits) | memberships.c.organization_id.in_(owning))
    return connection.execute(query.order_by(memberships.c.organization_id)).scalars().all()


def find_limit_names(connection: Connection, limits: Collection[str]) -> LimitNames:
    """Return the names of those IDs that still exist."""
    organization_keys: dict[str, str] = {}
    space_keys: dict[str, str] = {}
    organization_of_space: dict[str, str] = {}
    ordered = sorted(limits)
    for begin in range(0, len(ordered), MOST_IDS_ASKED):
        some = ordered[begin : begin + MOST_IDS_ASKED]
        of_organizations = select(organizations.c.id, organizations.c.key).where(organizations.c.id.in_(some))
        organization_keys |= {row.id: row.key for row in connection.execute(of_organizations)}
        of_spaces = select(spaces.c.id, spaces.c.key, spaces.c.organization_id).where(spaces.c.id.in_(some))
        found = connection.execute(of_spaces).all()
        space_keys |= {row.id: row.key for row in found}
        organization_of_space |= {row.id: row.organization_id for row in found}
    return LimitNames(organization_keys, space_keys, organization_of_space)


def record_uses(connection: Connection, used: Mapping[str, int]) -> None:
    """Record when tokens were last used (milliseconds, by ID), at most once a minute for each token."""
    for token_id in sorted(used):  # the same order everywhere: nobody waits for one another in a circle
        at, last = used[token_id], tokens.c.last_used
        is_news = last.is_(None) | (last <= at - USE_INTERVAL) | (last > at + LATEST_AHEAD)
        mine = (tokens.c.id == token_id) & is_news
        connection.execute(update(tokens).where(mine).values(last_used=used[token_id]))


def _stored_tokens() -> Select[Any]:
    columns = (
        tokens.c.id,
        tokens.c.account_id,
        accounts.c.email.label("owner"),
        tokens.c.name,
        tokens.c.scopes,
        tokens.c.limits,
        tokens.c.created,
        tokens.c.expires,
        tokens.c.last_used,
    )
    return select(*columns).join_from(tokens, accounts).where(PERSONAL)


def _reaches(organization_id: str) -> ColumnElement[bool]:
    """Return whether a token is unrestricted, or reaches the organization or one of its Spaces."""
    space = exists().where(spaces.c.organization_id == organization_id, _names(tokens.c.limits, spaces.c.id))
    return or_(tokens.c.limits == "[]", _names(tokens.c.limits, literal(organization_id)), space)


def _names(limits: ColumnElement[str], named: ColumnElement[str]) -> ColumnElement[bool]:
    """Return whether a JSON array of IDs contains this one."""
    quoted = literal('"').concat(named).concat('"')
    return func.replace(limits, quoted, "") != limits


def _page(connection: Connection, query: Select[Any], page: PageRequest) -> Sequence[StoredToken]:
    if page.after:
        after = PLACE.fullmatch(page.after)
        created = whole_number(after[1], most=LATEST) if after else None
        if after is None or created is None:
            raise BadRequest("Invalid `cursor`. Use the one from the `Link` header of the previous page.")
        query = query.where(tuple_(tokens.c.created, tokens.c.id) > tuple_(literal(created), literal(after[2])))
    ordered = query.order_by(tokens.c.created, tokens.c.id).limit(page.limit)
    return [_to_stored_token(row) for row in connection.execute(ordered)]


def _to_stored_token(row: Row[Any]) -> StoredToken:
    return StoredToken(
        row.id,
        row.account_id,
        row.owner,
        row.name,
        _scopes(row),
        frozenset(json.loads(row.limits)),
        row.created,
        row.expires,
        row.last_used,
    )
