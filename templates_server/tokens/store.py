"""All SQL about bearer tokens: whom they stand for, and making and revoking them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from templates_server.access import Principal, PrincipalKind, Role, Scope
from templates_server.identifiers import new_id
from templates_server.schema import accounts, memberships, service_accounts, token_families, tokens
from templates_server.tokens.secrets import SecretKind, hashed, new_secret

BEARER_KINDS = ("access", "personal")


@dataclass(frozen=True)
class PersonalToken:
    """What a new personal access token may do, and until when.

    `limits` are ids of organizations and Spaces that it is narrowed to; none: not narrowed. `expires` in milliseconds.
    """

    name: str
    scopes: Collection[Scope]
    expires: int
    limits: Collection[str] = ()


def create_personal_token(
    connection: Connection, account_id: str, *, token: PersonalToken, now: int
) -> tuple[str, str]:
    """The id and the secret of a new personal access token; the secret is not kept."""
    token_id, secret = new_id("tok"), new_secret(SecretKind.PERSONAL)
    connection.execute(
        insert(tokens).values(
            token_hash=hashed(secret),
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


def find_principal(connection: Connection, bearer: str, now: int) -> Principal | None:
    """Whom a bearer token stands for at that time, with present roles; None when unknown, expired or revoked."""
    query = (
        select(tokens)
        .outerjoin(token_families, token_families.c.id == tokens.c.family_id)
        .where(
            tokens.c.token_hash == hashed(bearer),
            tokens.c.kind.in_(BEARER_KINDS),
            tokens.c.revoked.is_(None),
            tokens.c.expires > now,
            token_families.c.revoked.is_(None),
        )
    )
    token = connection.execute(query).one_or_none()
    if token is None:
        return None
    return _person(connection, token) if token.account_id is not None else _service(connection, token)


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
    )


def _scopes(token: Row[Any]) -> frozenset[Scope]:
    return frozenset(Scope(scope) for scope in token.scopes.split())
