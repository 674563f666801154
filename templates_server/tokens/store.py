"""All SQL about bearer tokens."""

from __future__ import annotations

import json

from sqlalchemy import Connection, Row, select

from templates_server.access import Principal, PrincipalKind, Role, Scope
from templates_server.schema import accounts, memberships, service_accounts, tokens
from templates_server.tokens.secrets import hashed

BEARER_KINDS = ("access", "personal")


def find_principal(connection: Connection, bearer: str, now: int) -> Principal | None:
    """Whom a bearer token stands for at that time, with present roles; None when unknown, expired or revoked."""
    query = select(tokens).where(
        tokens.c.token_hash == hashed(bearer),
        tokens.c.kind.in_(BEARER_KINDS),
        tokens.c.revoked.is_(None),
        tokens.c.expires > now,
    )
    token = connection.execute(query).one_or_none()
    if token is None:
        return None
    return _person(connection, token) if token.account_id is not None else _service(connection, token)


def _person(connection: Connection, token: Row) -> Principal:  # type: ignore[type-arg]
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
    )


def _service(connection: Connection, token: Row) -> Principal | None:  # type: ignore[type-arg]
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
    )


def _scopes(token: Row) -> frozenset[Scope]:  # type: ignore[type-arg]
    return frozenset(Scope(scope) for scope in token.scopes.split())
