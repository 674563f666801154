"""Organizations over HTTP: created by those who administrate one, renamed, deleted with all that belongs to them."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, func, select

from templates_server.errors import NotFound
from templates_server.features.accounts import organizations as organizations_api
from templates_server.features.accounts import store
from templates_server.features.spaces import store as spaces_store
from templates_server.primitives.timestamps import system_clock
from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from templates_server.storage import tables
from templates_server.storage.removal import job
from templates_server.storage.removal import store as removal_store
from templates_server.storage.removal.job import SpaceRemovalJob
from tests.people import (
    OF_A_SIGN_IN,
    Grant,
    Organization,
    Person,
    add_organization,
    add_person,
    add_service,
    add_space,
    add_token,
    unique,
)
from tests.servers import RunningServer

PATH = "/v2/organizations"


@pytest.fixture
def boss(server: RunningServer) -> Person:
    """Somebody who has signed in and administrates a new organization."""
    return add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)


def path_of(organization: Organization) -> str:
    return f"{PATH}/{organization.key}"


def ask(server: RunningServer, by: Person, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    with by.client(server, **headers) as client:
        return client.request(method, path, json=body)


def log_of(server: RunningServer, by: Person, organization: str) -> list[tuple[str, dict[str, Any]]]:
    """The actions and details of the audit log, the newest first."""
    entries = ask(server, by, "GET", f"{PATH}/{organization}/audit").json()["data"]
    return [(entry["action"], entry["details"]) for entry in entries]


def rows_about(server: RunningServer, organization_id: str) -> dict[str, int]:
    """How many rows of each table name an organization, where there are some."""

    def read(connection: Connection) -> dict[str, int]:
        found = {}
        for table in tables.metadata.sorted_tables:
            column = table.c.id if table is tables.organizations else table.c.get("organization_id")
            if column is not None:
                query = select(func.count()).select_from(table).where(column == organization_id)
                found[table.name] = connection.execute(query).scalar_one()
        return {name: count for name, count in found.items() if count}

    return server.database.read_sync(read)


# Created


def test_an_administrator_creates_another_and_administrates_it(server: RunningServer, boss: Person) -> None:
    key = unique("labs")
    made = ask(server, boss, "POST", PATH, {"key": key, "name": "  Örgs & <Labs> \U0001f469\u200d\U0001f52c "})
    assert (made.status_code, made.json()["dataType"]) == (201, "organization")
    (created,) = made.json()["data"]
    assert (created["key"], created["name"]) == (key, "Örgs & <Labs> \U0001f469\u200d\U0001f52c")
    assert created["role"] == "administrator"
    assert ask(server, boss, "GET", f"{PATH}/{key}").json()["data"] == [created]
    assert created in ask(server, boss, "GET", PATH).json()["data"]
    assert log_of(server, boss, key) == [("organization.create", {"key": key, "name": created["name"]})]
    space = ask(server, boss, "POST", f"{PATH}/{key}/spaces", {"key": unique("space")})
    assert space.status_code == 201


def test_without_a_name_it_is_called_by_its_key(server: RunningServer, boss: Person) -> None:
    for body in ({}, {"name": None}, {"name": "  "}):
        key = unique("labs")
        assert ask(server, boss, "POST", PATH, {"key": key, **body}).json()["data"][0]["name"] == key


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"key": "Not a key"}, ["key"]),
        ({"key": "a" * 65}, ["key"]),
        ({"key": "labs", "name": "x" * 201}, ["name"]),
        ({"key": "", "name": "two\nlines"}, ["key", "name"]),
        ({"name": "Labs"}, ["key"]),
    ],
)
def test_every_rule_that_is_broken_is_named(
    server: RunningServer, boss: Person, body: dict[str, Any], paths: list[str]
) -> None:
    answer = ask(server, boss, "POST", PATH, body)
    assert answer.status_code == 422
    assert [error["path"].removeprefix("$.") or "key" for error in answer.json()["errors"]] == paths


def test_a_key_that_is_taken_is_a_conflict(server: RunningServer, boss: Person) -> None:
    answer = ask(server, boss, "POST", PATH, {"key": boss.organization.key})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (409, "key")
    assert "Choose another key" in answer.json()["errors"][0]["message"]


def test_two_at_once_make_it_once(server: RunningServer, boss: Person) -> None:
    key = unique("labs")
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(ask, server, boss, "POST", PATH, {"key": key}) for _ in range(4)]
    assert sorted(answer.result().status_code for answer in answers) == [201, 409, 409, 409]


def test_the_same_request_again_is_answered_again(server: RunningServer, boss: Person) -> None:
    body, once = {"key": unique("labs")}, {"Idempotency-Key": unique("once")}
    first, second = (ask(server, boss, "POST", PATH, body, **once) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert first.status_code == 201


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_who_administrates_nothing_creates_none(server: RunningServer, role: Role) -> None:
    person = add_person(server.database, add_organization(server.database), role=role, grant=OF_A_SIGN_IN)
    answer = ask(server, person, "POST", PATH, {"key": unique("labs")})
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["message"] == organizations_api.NO_ADMINISTRATOR


def test_no_token_and_no_service_account_creates_one(server: RunningServer, boss: Person) -> None:
    holder = add_person(server.database, boss.organization)
    few = Grant(ALL_SCOPES - {Scope.SPACES_WRITE}, kind="access")
    signed_in = add_person(server.database, boss.organization, grant=few)
    for who in (holder, add_service(server.database, boss.organization), signed_in):
        answer = ask(server, who, "POST", PATH, {"key": unique("labs")})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "FORBIDDEN")


def test_a_person_administrates_a_bounded_number(
    server: RunningServer, boss: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organizations_api, "MAX_ADMINISTRATED", 2)
    assert ask(server, boss, "POST", PATH, {"key": unique("labs")}).status_code == 201
    answer = ask(server, boss, "POST", PATH, {"key": unique("labs")})
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (409, organizations_api.TOO_MANY)


# Renamed


def test_an_administrator_renames_it_and_the_key_stays(server: RunningServer, boss: Person) -> None:
    path = path_of(boss.organization)
    first, again = (ask(server, boss, "PATCH", path, {"name": " New <name> "}) for _ in range(2))
    assert first.status_code == again.status_code == 200
    (told,) = first.json()["data"]
    assert again.json()["data"] == [told]
    assert (told["key"], told["name"]) == (boss.organization.key, "New <name>")
    assert ask(server, boss, "GET", path).json()["data"] == [told]
    renamed = {"before": boss.organization.key, "name": "New <name>"}
    assert log_of(server, boss, boss.organization.key) == [("organization.rename", renamed)]


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": " "}, {"name": None}, {"name": "x" * 201}, {"name": "a\x00"}]
)
def test_a_name_that_is_none_is_refused(server: RunningServer, boss: Person, body: dict[str, Any]) -> None:
    answer = ask(server, boss, "PATCH", path_of(boss.organization), body)
    assert answer.status_code in {400, 422}
    assert log_of(server, boss, boss.organization.key) == []


def test_others_rename_nothing(server: RunningServer, boss: Person) -> None:
    developer = add_person(server.database, boss.organization, role=Role.DEVELOPER, grant=OF_A_SIGN_IN)
    stranger = add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)
    for who, status in ((developer, 403), (stranger, 404)):
        assert ask(server, who, "PATCH", path_of(boss.organization), {"name": "x"}).status_code == status
        assert ask(server, who, "DELETE", path_of(boss.organization)).status_code == status


# Deleted


def test_what_has_spaces_is_not_deleted_and_they_are_named(server: RunningServer, boss: Person) -> None:
    keys = sorted(add_space(server, boss) for _ in range(6))
    answer = ask(server, boss, "DELETE", path_of(boss.organization))
    assert answer.status_code == 409
    said = (
        f"The organization still has Spaces: {', '.join(keys[:5])}, .... Delete them before you delete the "
        "organization."
    )
    assert answer.json()["errors"][0]["message"] == said
    assert ask(server, boss, "GET", path_of(boss.organization)).status_code == 200


def test_a_deleted_one_is_gone_with_all_that_belongs_to_it(
    server: RunningServer, boss: Person, caplog: pytest.LogCaptureFixture
) -> None:
    organization, path = boss.organization, path_of(boss.organization)
    developer = add_person(server.database, organization, role=Role.DEVELOPER)
    service = add_service(server.database, organization)
    assert ask(server, boss, "POST", f"{path}/members", {"email": "a@example.com", "role": "viewer"}).status_code == 201
    space = add_space(server, boss)
    assert ask(server, boss, "DELETE", f"/v2/spaces/{space}").status_code == 204
    with caplog.at_level(logging.INFO, logger="templates_server"):
        assert ask(server, boss, "DELETE", path).status_code == 204
    assert f"organization {organization.key} ({organization.id}) was deleted by {boss.id}" in caplog.messages
    for name in (organization.key, organization.id):
        assert ask(server, boss, "GET", f"{PATH}/{name}").status_code == 404
        assert ask(server, boss, "DELETE", f"{PATH}/{name}").status_code == 404
        assert ask(server, developer, "GET", f"{PATH}/{name}").status_code == 404
    assert ask(server, service, "GET", "/v2/me").status_code == 401
    assert ask(server, boss, "GET", PATH).json()["data"] == []
    assert rows_about(server, organization.id) == {}


def test_its_key_is_free_for_others_at_once(server: RunningServer, boss: Person) -> None:
    other = add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)
    assert ask(server, boss, "DELETE", path_of(boss.organization)).status_code == 204
    assert ask(server, other, "POST", PATH, {"key": boss.organization.key}).status_code == 201
    assert ask(server, boss, "GET", path_of(boss.organization)).status_code == 404


def test_no_token_and_no_service_account_deletes_it(server: RunningServer, boss: Person) -> None:
    for who in (add_person(server.database, boss.organization), add_service(server.database, boss.organization)):
        assert ask(server, who, "DELETE", path_of(boss.organization)).status_code == 403


def test_tokens_that_were_narrowed_to_it_alone_end_with_it(server: RunningServer, boss: Person) -> None:
    database, gone = server.database, boss.organization
    kept = add_organization(database)
    store_member = {"organization_id": kept.id, "account_id": boss.id, "role": "developer"}
    database.write_sync(lambda connection: connection.execute(tables.memberships.insert(), store_member))
    secrets = {
        limits: add_token(database, Grant(limits=limits), account_id=boss.id)
        for limits in ((gone.id,), (gone.id, "spc_gone"), (gone.id, kept.id), (kept.id,), ())
    }
    assert ask(server, boss, "DELETE", path_of(gone)).status_code == 204

    def status(secret: str) -> int:
        with server.client(Authorization=f"Bearer {secret}") as client:
            return client.get(path_of(kept)).status_code

    assert [status(secret) for secret in secrets.values()] == [401, 401, 200, 200, 200]


def fill_log(server: RunningServer, organization: Organization, entries: int) -> None:
    """Give an organization so many entries of its audit log."""
    row = {
        "organization_id": organization.id, "happened": 1, "actor_kind": "person", "actor_id": "acc_1", "actor": "a",
        "action": "a.b", "target": "x", "address": "", "details": "{}",
    }  # fmt: skip
    rows = [{**row, "id": f"aud_{number:05}"} for number in range(entries)]
    server.database.write_sync(lambda connection: connection.execute(tables.audit_entries.insert(), rows))


def test_a_long_audit_log_goes_in_steps_of_which_none_is_long(
    server: RunningServer, boss: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal_store, "ROWS_A_STEP", 10)
    monkeypatch.setattr(job, "STEPS_AT_ONCE", 0)
    monkeypatch.setattr(SpaceRemovalJob, "advance", _nothing)
    fill_log(server, boss.organization, 25)
    other = add_organization(server.database)
    fill_log(server, other, 25)
    assert ask(server, boss, "DELETE", path_of(boss.organization)).status_code == 204
    left = [rows_about(server, boss.organization.id)]
    for _ in range(3):
        server.database.write_sync(
            lambda connection: removal_store.take_step_of_organization(connection, boss.organization.id)
        )
        left.append(rows_about(server, boss.organization.id))
    here = {"organizations": 1}
    assert left == [here | {"audit_entries": 25}, here | {"audit_entries": 15}, here | {"audit_entries": 5}, {}]
    assert rows_about(server, other.id)["audit_entries"] == 25


async def _nothing(_: SpaceRemovalJob) -> None:
    """What a server does that stops just then."""


def test_what_was_left_of_one_is_removed_later_and_nobody_comes_in_meanwhile(
    server: RunningServer, boss: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpaceRemovalJob, "advance", _nothing)
    fill_log(server, boss.organization, 2_500)
    assert ask(server, boss, "DELETE", path_of(boss.organization)).status_code == 204
    gone = boss.organization.id
    for attempt in (
        lambda connection: spaces_store.create_space(connection, gone, key=unique("late"), name="x", now=1),
        lambda connection: store.lock_organization(connection, gone),
    ):
        with pytest.raises(NotFound):
            server.database.write_sync(attempt)
    SpaceRemovalJob(server.database, system_clock).remove()
    assert rows_about(server, gone) == {}


def test_a_space_that_is_created_at_the_same_time_is_never_lost(server: RunningServer) -> None:
    for _ in range(5):
        boss = add_person(server.database, add_organization(server.database), grant=OF_A_SIGN_IN)
        key, barrier = unique("space"), threading.Barrier(2)

        def create(by: Person = boss, key: str = key, barrier: threading.Barrier = barrier) -> int:
            barrier.wait()
            return ask(server, by, "POST", f"{path_of(by.organization)}/spaces", {"key": key}).status_code

        def delete(by: Person = boss, barrier: threading.Barrier = barrier) -> int:
            barrier.wait()
            return ask(server, by, "DELETE", path_of(by.organization)).status_code

        with ThreadPoolExecutor(2) as pool:
            created, deleted = pool.submit(create), pool.submit(delete)
        assert (created.result(), deleted.result()) in {(201, 409), (404, 204)}
        assert bool(rows_about(server, boss.organization.id)) == (created.result() == 201)


def test_one_with_a_space_is_not_removed_whatever_it_is_called(server: RunningServer, boss: Person) -> None:
    space, organizations = add_space(server, boss), tables.organizations
    as_deleted = organizations.update().where(organizations.c.id == boss.organization.id).values(key=organizations.c.id)
    server.database.write_sync(lambda connection: connection.execute(as_deleted))
    SpaceRemovalJob(server.database, system_clock).remove()
    assert rows_about(server, boss.organization.id)["spaces"] == 1
    assert ask(server, boss, "GET", f"/v2/spaces/{space}").status_code == 200
