"""What `mtribes setup --local` needs of a local server without demo data: somebody, an organization, and a Space."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection

from templates_server.features.accounts import store as accounts_store
from templates_server.features.spaces import store as spaces_store
from templates_server.primitives.timestamps import system_clock
from templates_server.security.authorization import Role
from templates_server.security.passwords import Passwords
from templates_server.storage.database import Database

EMAIL = "local@example.com"
ORGANIZATION, SPACE = "local", "app"
PASSWORD_BYTES = 32


def make_first_space(database: Database) -> bool:
    """Add an administrator, an organization and an empty Space where the server has no organization; whether it did.

    Nobody knows the password: the sign-in is by the code in the data folder.
    """
    if database.read_sync(accounts_store.has_organizations):
        return False
    passwords = Passwords()
    try:
        password_hash = passwords.hash_now(secrets.token_urlsafe(PASSWORD_BYTES))
    finally:
        passwords.close()
    database.write_sync(lambda connection: _add(connection, password_hash))
    return True


def _add(connection: Connection, password_hash: str) -> None:
    now = system_clock()
    organization_id = accounts_store.create_organization(connection, ORGANIZATION, name="Local", now=now)
    account_id = accounts_store.create_account(
        connection, EMAIL, name="Local administrator", password_hash=password_hash, now=now
    )
    accounts_store.add_member(connection, organization_id, account_id=account_id, role=Role.ADMINISTRATOR)
    spaces_store.create_space(connection, organization_id, key=SPACE, name="App", now=now)
