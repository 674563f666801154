"""`POST /api/client/sessions` of a real server, on both databases."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from templates_server.storage import tables
from tests.environments import DELIVERY, AppEnvironment, add_environment, deliver, revoke
from tests.people import add_organization, add_person
from tests.servers import RunningServer

PATH = "/api/client/sessions"


@pytest.fixture(scope="module")
def environment(server: RunningServer) -> AppEnvironment:
    return add_environment(server.database)


def start(server: RunningServer, environment: AppEnvironment, **body: Any) -> Any:
    with environment.app(server) as app:
        return app.post(PATH, json={"anonymous_id": "device-1", **body})


def rows_of(server: RunningServer, table: Any, environment: AppEnvironment) -> list[Any]:
    query = select(table).where(table.c.environment_id == environment.id)
    return list(server.database.read_sync(lambda connection: connection.execute(query).all()))


def test_a_session_has_the_untargeted_state_of_every_entity(server: RunningServer, environment: AppEnvironment) -> None:
    answer = start(server, environment)
    assert answer.status_code == 200
    told = answer.json()
    assert told.pop("session").startswith("ses_")
    assert told == {
        "revision": "1.1.0",
        "states": {
            "hidden.banner": {
                "enabled": False,
                "scenario": None,
                "properties": {"label": "Join now", "ends-at": None},
            },
            "home.body": {
                "enabled": True,
                "scenario": "default",
                "items": [
                    {
                        "id": "join",
                        "experience": "banner",
                        "enabled": True,
                        "properties": {"label": "Join", "ends-at": None},
                    }
                ],
            },
            "home.header": {
                "enabled": True,
                "scenario": "default",
                "properties": {"background": {"value": "#6f58c4", "opacity": 1}, "sticky": True},
            },
        },
    }


def test_a_session_is_stored_with_its_person(server: RunningServer) -> None:
    environment = add_environment(server.database)
    session = start(server, environment, external_id="u1").json()["session"]
    (stored,) = rows_of(server, tables.sessions, environment)
    (person,) = rows_of(server, tables.persons, environment)
    assert (stored.session_id, stored.person_id) == (session, person.person_id)
    assert (person.kind, person.called, person.first_seen, person.last_seen) == (
        "user",
        "u1",
        stored.started,
        stored.started,
    )


def test_the_id_of_a_session_says_whom_the_app_named(server: RunningServer) -> None:
    environment = add_environment(server.database)
    session = start(server, environment, external_id="u1").json()["session"]
    (person,) = rows_of(server, tables.persons, environment)
    prefix, of_person, at_random = session.split("_")
    assert (prefix, f"per_{of_person}", len(at_random)) == ("ses", person.person_id, 22)


def test_the_same_person_is_one_and_is_seen_again(server: RunningServer) -> None:
    environment = add_environment(server.database)
    for _ in range(2):
        start(server, environment)
    (person,) = rows_of(server, tables.persons, environment)
    sessions = rows_of(server, tables.sessions, environment)
    assert person.kind == "visitor"
    assert [person.first_seen, person.last_seen] == sorted(session.started for session in sessions)


def test_a_visitor_and_a_user_of_one_name_are_two(server: RunningServer) -> None:
    environment = add_environment(server.database)
    start(server, environment, anonymous_id="same")
    start(server, environment, anonymous_id=None, external_id="same")
    assert {person.kind for person in rows_of(server, tables.persons, environment)} == {"visitor", "user"}


def test_a_new_delivery_is_seen_by_the_next_session(server: RunningServer) -> None:
    environment = add_environment(server.database)
    before = start(server, environment).json()
    delivery = copy.deepcopy(DELIVERY)
    delivery["scenarios"]["home.header"]["default"]["properties"]["background"]["value"] = "#c9a227"
    deliver(server.database, environment, delivery)
    after = start(server, environment).json()
    assert (before["revision"], after["revision"]) == ("1.1.0", "1.2.0")
    assert after["states"]["home.header"]["properties"]["background"]["value"] == "#c9a227"


def test_many_sessions_at_once_are_all_stored_under_ids_of_their_own(server: RunningServer) -> None:
    environment = add_environment(server.database)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda n: start(server, environment, anonymous_id=f"d{n % 5}"), range(64)))
    stored = {row.session_id for row in rows_of(server, tables.sessions, environment)}
    assert stored == {answer.json()["session"] for answer in answers}
    assert len(stored) == 64


def test_a_revoked_key_opens_nothing_at_once(server: RunningServer) -> None:
    environment = add_environment(server.database)
    assert start(server, environment).status_code == 200
    revoke(server.database, environment)
    answer = start(server, environment)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "UNAUTHENTICATED"
    assert "data" not in answer.json()


def test_a_token_of_a_person_does_not_open_the_client_api(server: RunningServer) -> None:
    person = add_person(server.database, add_organization(server.database))
    with person.client(server) as client:
        assert client.post(PATH, json={"anonymous_id": "d"}).status_code == 401


def test_explicit_nulls_are_not_given_and_unknown_keys_are_ignored(
    server: RunningServer, environment: AppEnvironment
) -> None:
    answer = start(
        server, environment, external_id=None, fields=None, device=None, user_signature=None, something={"new": [1]}
    )
    assert answer.status_code == 200


def test_a_nul_in_a_key_of_fields_is_refused(server: RunningServer, environment: AppEnvironment) -> None:
    before = rows_of(server, tables.sessions, environment)
    answer = start(server, environment, fields={"campaign\0": "spring"})
    assert (answer.status_code, "NUL" in answer.json()["errors"][0]["message"]) == (422, True)
    assert rows_of(server, tables.sessions, environment) == before


def test_contextual_fields_are_never_stored(server: RunningServer) -> None:
    environment = add_environment(server.database)
    start(server, environment, fields={"campaign": "a-very-secret-campaign"})
    stored = [rows_of(server, table, environment) for table in (tables.sessions, tables.persons, tables.events)]
    assert "a-very-secret-campaign" not in str(stored)


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"anonymous_id": None}, [""]),
        ({"anonymous_id": ""}, ["anonymous_id"]),
        ({"anonymous_id": 7, "external_id": [], "fields": "x"}, ["anonymous_id", "external_id", "fields"]),
        ({"anonymous_id": "a\nb", "external_id": ".."}, ["anonymous_id", "external_id"]),
        ({"external_id": "x" * 257}, ["external_id"]),
        ({"external_id": "spc_0123456789abcdefghijkl"}, ["external_id"]),
        ({"fields": {"deep": {"a": 1}}}, ["fields[...]"]),
        ({"fields": {"": 1, "long": "x" * 5000}}, ["fields", "fields.long"]),
        ({"anonymous_id": "a\0b"}, ["anonymous_id"]),
        ({"device": {"os": 7}}, ["device.os"]),
        ({"device": {"os": "x" * 257, "model": "x" * 257}}, ["device.os", "device.model"]),
    ],
)
def test_every_broken_rule_is_named_and_nothing_is_stored(
    server: RunningServer, body: dict[str, Any], paths: list[str]
) -> None:
    environment = add_environment(server.database)
    answer = start(server, environment, **body)
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == paths
    assert rows_of(server, tables.persons, environment) == []


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"anonymous_id": "\xff"}', "application/json", 400),
        (b'{"anonymous_id": "\\ud800"}', "application/json", 400),
        (b"[" * 2000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b"{}", "text/plain", 415),
    ],
)
def test_what_cannot_be_read_is_refused_without_a_stumble(
    server: RunningServer, environment: AppEnvironment, content: bytes, media_type: str, status: int
) -> None:
    with environment.app(server) as app:
        answer = app.post(PATH, content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status
    assert answer.json()["errors"]


def test_pages_of_any_origin_may_ask_without_credentials(server: RunningServer, environment: AppEnvironment) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    with environment.app(server) as app:
        preflight = app.options(PATH, headers=headers)
        answer = app.post(PATH, json={"anonymous_id": "d"}, headers=headers)
    assert preflight.status_code == 204
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    for told in (preflight, answer):
        assert told.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in told.headers
