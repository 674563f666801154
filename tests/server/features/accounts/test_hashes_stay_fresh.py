"""A password that was hashed in an older way is hashed anew when its owner signs in."""

from __future__ import annotations

import argon2
import pytest
from sqlalchemy import Connection

from templates_server.errors import Unavailable
from templates_server.features.accounts import store
from templates_server.security import passwords
from templates_server.security.passwords import Passwords
from templates_server.storage.tables import accounts
from tests.server.features.auth.flows import PASSWORD, Browser, Someone, someone
from tests.servers import RunningServer


def hash_of(server: RunningServer, person: Someone) -> str:
    account = server.database.read_sync(lambda connection: store.find_account(connection, person.account_id))
    assert account
    return account.password_hash


def with_old_hash(server: RunningServer) -> tuple[Someone, str]:
    person = someone(server)
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    mine = accounts.update().where(accounts.c.id == person.account_id).values(password_hash=old)
    server.database.write_sync(lambda connection: connection.execute(mine))
    return person, old


def test_the_next_sign_in_renews_an_old_hash_and_the_password_stays(server: RunningServer) -> None:
    person, old = with_old_hash(server)
    assert Browser(server).sign_in(person, "not the password").status_code == 422
    assert hash_of(server, person) == old
    assert Browser(server).sign_in(person).status_code == 303
    renewed = hash_of(server, person)
    assert renewed.startswith(f"$argon2id$v=19$m={passwords.MEMORY_KIB},t=1,p=1$")
    assert Browser(server).sign_in(person).status_code == 303
    assert hash_of(server, person) == renewed


def test_while_many_sign_in_it_is_left_for_another_time(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    person, old = with_old_hash(server)

    async def busy(_self: Passwords, _password: str) -> str:
        raise Unavailable("Too many people are signing in. Retry in a moment.")

    monkeypatch.setattr(Passwords, "hash", busy)
    assert Browser(server).sign_in(person).status_code == 303
    assert hash_of(server, person) == old


def test_a_password_that_was_changed_meanwhile_is_not_changed_back(server: RunningServer) -> None:
    person, _ = with_old_hash(server)

    def work(connection: Connection) -> None:
        account = store.find_account(connection, person.account_id)
        assert account
        store.replace_password_hash(connection, account, "newest")
        store.replace_password_hash(connection, account, "late")

    server.database.write_sync(work)
    assert hash_of(server, person) == "newest"
