"""All SQL that only the demo needs: rows with given secrets, which can be displayed again at any later start."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from templates_server.features.demo.schemas import DemoServiceAccount
from templates_server.primitives.ids import new_id
from templates_server.primitives.timestamps import DAY
from templates_server.security.authorization import ALL_SCOPES
from templates_server.security.secrets import hash_secret
from templates_server.storage.tables import service_accounts, spaces, tokens

TOKEN_LIFETIME = 366 * DAY


def add_token(connection: Connection, secret: str, *, account_id: str, now: int) -> None:
    """Add a personal access token with that secret, all scopes and the maximum lifetime."""
    row = {
        "token_hash": hash_secret(secret),
        "id": new_id("tok"),
        "kind": "personal",
        "account_id": account_id,
        "name": "Demo",
        "scopes": " ".join(sorted(ALL_SCOPES)),
        "limits": "[]",
        "created": now,
        "expires": now + TOKEN_LIFETIME,
    }
    connection.execute(tokens.insert(), row)


def add_service_account(
    connection: Connection, credentials: DemoServiceAccount, *, organization_id: str, now: int
) -> None:
    """Add a service account with these credentials and all scopes."""
    row = {
        "id": credentials.client_id,
        "organization_id": organization_id,
        "name": "Demo importer",
        "secret_hash": hash_secret(credentials.client_secret),
        "scopes": " ".join(sorted(ALL_SCOPES)),
        "created": now,
    }
    connection.execute(service_accounts.insert(), row)


def find_spaces(connection: Connection, keys: Collection[str]) -> Mapping[str, str]:
    """Return the ids of the Spaces that still exist, by key."""
    rows = connection.execute(select(spaces.c.key, spaces.c.id).where(spaces.c.key.in_(keys)))
    return {row.key: row.id for row in rows}
