"""`GET .../users/:user/everything`: all that is known of a user, nothing of anybody else, however much it is."""

from __future__ import annotations

import tracemalloc
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from templates_server.features.people.data_export.api import ROWS_AT_ONCE
from templates_server.features.people.identity import PersonKind, make_person_ref
from templates_server.features.people.schemas import Everything, VisitorEverything
from templates_server.storage.tables import events, sessions
from tests.server.features.people.conftest import Place

ADA = make_person_ref(PersonKind.USER, "ada").person_id


def everything(place: Place, user: str = "ada") -> dict[str, Any]:
    """All that is known of a user."""
    answer = place.client.get(place.url("users", user, "everything"))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["dataType"], body["errors"], len(body["data"])) == ("everything", None, 1)
    msgspec.convert(body["data"][0], Everything)  # as it is described
    found: dict[str, Any] = body["data"][0]
    return found


def add_events(connection: Connection, place: Place, count: int) -> None:
    """So many events of ada's, of the same few moments."""
    rows = [
        {
            "environment_id": place.environment_id,
            "person_id": ADA,
            "event_id": f"e{number}",
            "name": "a/b",
            "data": '{"n":"' + "x" * 100 + '"}',
            "happened": 1_700_000_000_000 + number // 1000 * 1000,
            "received": 1_700_000_000_000,
        }
        for number in range(count)
    ]
    connection.execute(events.insert(), rows)


def test_of_a_new_user_there_is_a_profile_and_nothing_else(place: Place) -> None:
    place.upsert({"user_id": "ada", "tags": ["x"], "attributes": {"a": 1}})
    assert everything(place) == {
        "user": place.user("ada"),
        "last_session": None,
        "visitors": [],
        "devices": [],
        "sessions": [],
        "events": [],
    }
    assert place.client.get(place.url("users", "bob", "everything")).status_code == 404


def test_of_a_visitor_everything_is_told_and_nothing_of_others(place: Place) -> None:
    with place.app() as app:
        app.post("/api/client/sessions", json={"anonymous_id": "v1", **SAYS}).raise_for_status()
        events = [{"name": f"of/{who}", "anonymous_id": who, "id": who} for who in ("v1", "v2")]
        app.post("/api/client/events", json=events).raise_for_status()
    answer = place.client.get(place.url("visitors", "v1", "everything"))
    body = answer.json()
    assert (body["dataType"], body["errors"], len(body["data"])) == ("everything", None, 1)
    (found,) = body["data"]
    msgspec.convert(found, VisitorEverything)  # as it is described
    assert list(found) == ["visitor", "last_session", "devices", "sessions", "events"]
    assert found["visitor"] == place.client.get(place.url("visitors", "v1")).json()["data"][0]
    assert found["last_session"]["app_platform"] == "ios"
    assert [one["name"] for one in found["events"]] == ["of/v1"]
    assert len(found["sessions"]) == 1
    assert place.client.get(place.url("visitors", "nobody", "everything")).status_code == 404


def test_every_trace_is_told_the_earliest_first(place: Place) -> None:
    with place.app() as app:
        sent = [
            {"name": "b/late", "external_id": "ada", "id": "2", "timestamp": "2026-01-02T00:00:00Z"},
            {
                "name": "a/early",
                "anonymous_id": "v1",
                "id": "1",
                "timestamp": "2026-01-01T00:00:00Z",
                "data": {"ä": [1]},
            },
            {"name": "a/b", "external_id": "bob"},
        ]
        app.post("/api/client/events", json=sent).raise_for_status()
        app.post("/api/client/alias", json={"anonymous_id": "v1", "external_id": "ada"}).raise_for_status()
        device = {
            "device_id": "d1",
            "os": "tvOS",
            "model": "M",
            "app_build": "7",
            "app_version": "1.2",
            "colour": "red",
        }
        app.post("/api/client/devices", json={"external_id": "ada", **device}).raise_for_status()
        started = app.post("/api/client/sessions", json={"anonymous_id": "v2", "external_id": "ada"}).json()
    found = everything(place)
    assert [(one["id"], one["name"], one["happened"], one["data"]) for one in found["events"]] == [
        ("1", "a/early", "2026-01-01T00:00:00Z", {"ä": [1]}),
        ("2", "b/late", "2026-01-02T00:00:00Z", None),
    ]
    assert sorted(one["anonymous_id"] for one in found["visitors"]) == ["v1", "v2"]
    assert [one["session"] for one in found["sessions"]] == [started["session"]]
    (kept,) = found["devices"]
    assert (kept["device_id"], kept["os"], kept["data"]) == ("d1", "tvOS", {"colour": "red"})


SAYS = {
    "device": {"os_version": "17.4.1"},
    "app": {"version": "v2.3.0-beta+5", "build": "127", "platform": "ios"},
    "code": {"hash": "c0ffee", "language": "swift"},
    "unknown": ['homepage.body[1].layout: "tall"'],
}


def test_what_the_app_of_each_session_said_is_told(place: Place) -> None:
    with place.app() as app:
        app.post("/api/client/sessions", json={"external_id": "ada"}).raise_for_status()
        app.post("/api/client/sessions", json={"anonymous_id": "v", **SAYS}).raise_for_status()
        app.post("/api/client/alias", json={"anonymous_id": "v", "external_id": "ada"}).raise_for_status()
    found = everything(place)
    silent, said = ({**one, "session": "", "started": ""} for one in sorted(found["sessions"], key=_by_time))
    assert said == {
        "session": "",
        "started": "",
        "code_hash": "c0ffee",
        "code_language": "swift",
        "app_version": "v2.3.0-beta+5",
        "app_build": "127",
        "app_platform": "ios",
        "os_version": "17.4.1",
        "unknown": ['homepage.body[1].layout: "tall"'],
    }
    assert silent == {**dict.fromkeys(said), "session": "", "started": "", "unknown": []}


def test_what_is_kept_of_the_last_session_is_told_when_the_session_is_no_more(place: Place) -> None:
    with place.app() as app:
        app.post("/api/client/sessions", json={"external_id": "ada", **SAYS}).raise_for_status()
    (session,) = everything(place)["sessions"]
    place.server.database.write_sync(
        lambda connection: connection.execute(
            sessions.delete().where(sessions.c.environment_id == place.environment_id)
        )
    )
    found = everything(place)
    assert found["sessions"] == []
    assert found["last_session"] == {
        "started": session["started"],
        "app_version": "2.3.0 (pre-release)",
        "app_platform": "ios",
        "os_version": "17.4.1",
    }


def _by_time(session: dict[str, Any]) -> tuple[str, bool]:
    return session["started"], session["code_hash"] is not None


@pytest.mark.parametrize("count", [ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1])
def test_more_than_a_page_is_told_whole_and_once(place: Place, count: int) -> None:
    place.upsert({"user_id": "ada"})
    place.server.database.write_sync(lambda connection: add_events(connection, place, count))
    told = everything(place)["events"]
    assert len(told) == count
    assert {one["id"] for one in told} == {f"e{number}" for number in range(count)}
    assert [one["happened"] for one in told] == sorted(one["happened"] for one in told)


@pytest.mark.slow
def test_memory_does_not_grow_with_what_is_known(place: Place) -> None:
    place.upsert({"user_id": "ada"})
    place.server.database.write_sync(lambda connection: add_events(connection, place, 30_000))
    tracemalloc.start()
    try:
        with place.client.stream("GET", place.url("users", "ada", "everything")) as answer:
            size_bytes = sum(len(chunk) for chunk in answer.iter_raw())
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size_bytes > 6_000_000
    assert peak_bytes < 16_000_000  # of the server too, which runs in this process: a page of rows, not all
