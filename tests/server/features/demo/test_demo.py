"""The demo: everything that it tells of works, and seeding again changes nothing."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from sqlalchemy import Connection, select

from templates_server.errors import Conflict
from templates_server.features import demo
from templates_server.features.accounts import store as accounts_store
from templates_server.features.accounts.store import Account, Organization
from templates_server.features.people.profile_parser import read_user
from templates_server.features.tribes.store import load_tribes
from templates_server.primitives.timestamps import system_clock
from templates_server.security import secrets
from templates_server.security.authorization import Role
from templates_server.security.passwords import Passwords
from templates_server.security.server_key import ServerKey
from templates_server.storage.database import Database
from templates_server.storage.tables import metadata, spaces
from tests.people import add_organization
from tests.servers import PostgresServer, RunningServer, running_server

KEY = ServerKey(b"k" * 32)
PACKAGE = Path(demo.__file__).parent


def seed(database: Database, key: ServerKey = KEY) -> demo.DemoFacts:
    passwords = Passwords()
    try:
        return database.write_sync(
            lambda connection: demo.seed(connection, system_clock(), key=key, hash_password=passwords.hash_now)
        )
    finally:
        passwords.close()


def everything(database: Database) -> dict[str, list[Any]]:
    """All rows, less when tokens were last used: that is noted a while afterwards."""
    kept = {
        table: [column for column in table.columns if column.name != "last_used"] for table in metadata.sorted_tables
    }
    return database.read_sync(
        lambda connection: {
            table.name: sorted(map(repr, connection.execute(select(*columns)))) for table, columns in kept.items()
        }
    )


def find_with_organizations(connection: Connection, email: str) -> tuple[Account, Sequence[tuple[Organization, Role]]]:
    account = accounts_store.find_account_by_email(connection, email)
    assert account is not None
    return account, accounts_store.list_organizations_of(connection, account.id)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of its own, as the demo's keys are fixed."""
    folder = tmp_path_factory.mktemp("demo")
    url = None
    if request.param == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        url = postgres.new_database_url()
    with running_server(folder, database_url=url, demo=True) as server:
        yield server


@pytest.fixture(scope="module")
def facts(empty: RunningServer) -> demo.DemoFacts:
    return seed(empty.database)


def test_the_token_reads_the_vod_space_with_what_its_documents_say(empty: RunningServer, facts: demo.DemoFacts) -> None:
    with empty.client(Authorization=f"Bearer {facts.token}") as client:
        model = client.get("/v2/spaces/vod/model").json()["data"][0]
        delivery = client.get("/v2/spaces/vod/environments/production/delivery").json()["data"][0]
    space = yaml.safe_load((PACKAGE / "vod-space.yaml").read_text(encoding="utf-8"))
    production = yaml.safe_load((PACKAGE / "vod-production.yaml").read_text(encoding="utf-8"))
    assert model["experiences"] == space["experiences"]
    assert model["sections"]["homepage-body"]["supports"] == ["banner", "carousel", "hero"]
    assert model["collections"] == space["collections"]
    assert delivery["published"] == sorted(production["published"])
    assert delivery["scenarios"] == production["scenarios"]


def test_the_vod_space_has_its_tribes(empty: RunningServer, facts: demo.DemoFacts) -> None:
    assert "vod" in facts.spaces
    expected = yaml.safe_load((PACKAGE / "vod-tribes.yaml").read_text(encoding="utf-8"))
    found = empty.database.read_sync(
        lambda connection: load_tribes(
            connection, connection.execute(select(spaces.c.id).where(spaces.c.key == "vod")).scalar_one()
        )
    )
    assert (found.revision, found.value) == (1, expected)


def test_there_is_a_public_key_of_every_environment_of_every_space(empty: RunningServer, facts: demo.DemoFacts) -> None:
    assert list(facts.spaces) == ["vod", "world", "sports"]
    for keys in facts.spaces.values():
        assert sorted(keys) == ["development", "production", "staging"]
    with empty.client(Authorization=f"Bearer {facts.token}") as client:
        for space in ("vod", "world"):
            for environment, key in facts.spaces[space].items():
                assert client.get(f"/v2/spaces/{space}/environments/{key}").json()["data"][0]["name"] == environment


def test_every_environment_of_every_space_delivers_something(empty: RunningServer, facts: demo.DemoFacts) -> None:
    for space, keys in facts.spaces.items():
        for key in keys.values():
            with empty.client(Authorization=f"Bearer {key}") as app:
                answer = app.post("/api/client/sessions", json={"anonymous_id": "somebody"})
            assert any(state["enabled"] for state in answer.json()["states"].values()), space


def test_a_space_whose_names_are_not_latin_generates_code(empty: RunningServer, facts: demo.DemoFacts) -> None:
    with empty.client(Authorization=f"Bearer {facts.token}") as client:
        answer = client.post("/v2/spaces/world/code", json={"targets": [{"language": "typescript"}]})
    files = answer.json()["data"][0]["targets"][0]["files"]
    assert any("こんにちは世界" in file["content"] for file in files)


def test_people_of_every_role_have_their_passwords(empty: RunningServer, facts: demo.DemoFacts) -> None:
    passwords = Passwords()
    roles = set()
    for person in facts.people:
        account, held = empty.database.read_sync(functools.partial(find_with_organizations, email=person.email))
        assert asyncio.run(passwords.is_right(person.password, account.password_hash))
        assert [(organization.key, role) for organization, role in held] == [(person.organization, person.role)]
        roles.add((person.organization, person.role))
    passwords.close()
    assert {("acme", role) for role in Role} < roles
    assert len({organization for organization, _ in roles}) == 2


def test_the_local_sign_in_is_that_of_the_administrator_of_acme(empty: RunningServer, facts: demo.DemoFacts) -> None:
    first = empty.database.read_sync(accounts_store.find_first_administrator)
    assert first is not None
    assert first.email == facts.people[0].email == "administrator@acme.example.com"


def test_the_service_account_gets_a_token(empty: RunningServer, facts: demo.DemoFacts) -> None:
    form = {"grant_type": "client_credentials", **msgspec.to_builtins(facts.service_account)}
    with empty.client() as client:
        answer = client.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        spaces = client.get("/v2/spaces", headers={"Authorization": f"Bearer {token}"}).json()["data"]
    assert [space["key"] for space in spaces] == ["vod", "world"]


def test_seeding_again_changes_nothing_and_tells_the_same(empty: RunningServer, facts: demo.DemoFacts) -> None:
    before = everything(empty.database)
    assert seed(empty.database) == facts
    assert everything(empty.database) == before


def test_another_server_has_other_secrets(facts: demo.DemoFacts, tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        other = seed(server.database, ServerKey(b"o" * 32))
    assert secrets.is_well_formed(other.token)
    assert other.token != facts.token
    assert other.people[0].password != facts.people[0].password
    assert other.service_account.client_secret != facts.service_account.client_secret


def test_a_database_with_an_acme_of_its_own_is_left_alone(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        add_organization(server.database, "acme")
        before = everything(server.database)
        with pytest.raises(Conflict):
            seed(server.database)
        assert everything(server.database) == before


def test_the_vod_space_has_users_of_every_kind(empty: RunningServer, facts: demo.DemoFacts) -> None:
    lines = (PACKAGE / "vod-users.ndjson").read_bytes().splitlines()
    sent = [msgspec.json.decode(line) for line in lines]
    assert [read_user(user)[2] for user in sent] == [[]] * len(sent)
    for environment in ("production", "staging", "development"):
        path = f"/v2/spaces/vod/environments/{environment}"
        with empty.client(Authorization=f"Bearer {facts.token}") as client:
            users = client.get(f"{path}/users").json()["data"]
            tags = {one["tag"]: one["users"] for one in client.get(f"{path}/user-tags").json()["data"]}
        assert {user["user_id"] for user in users} == {user["user_id"] for user in sent}
        assert any(user["attributes"]["subscription"] == "gold" for user in users)
        assert tags["customers/in-trial"] == sum("customers/in-trial" in user["tags"] for user in users) > 0
        assert tags["sports/football"] > 0
