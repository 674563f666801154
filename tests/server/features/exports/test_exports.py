"""Exports over HTTP, on both databases: what is in them, and how they are fetched."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Any

import pytest

from templates_server.features.exports import queries
from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from tests.people import Grant, add_person
from tests.server.features.exports.export_client import ExportClient

ADA = {
    "user_id": "ada",
    "email": "ada@example.com",
    "phone": "+44 20 1234",
    "timezone": "Europe/London",
    "locale": "en-GB",
    "joined": "1969-11-21",
    "tags": ["sports/football", 'a "b" \\n'],
    "attributes": {"plan": "gold", "age": 36, "score": 0.1, "ok": True, "since": "2026-01-01", 'odd "name",': "=1+1"},
}
BEA = {"user_id": 'bea,"quoted"\r\nand cut', "attributes": {"plan": "silver", "age": -5}} | {"user_id": 'bea,"q"'}


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def users_of(place: ExportClient) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = place.client.get(f"{place.path}/users").json()["data"]
    return listed


def test_ndjson_has_users_as_the_api_gives_them(place: ExportClient) -> None:
    place.put(ADA, BEA, {"user_id": "cid"})
    content = place.export_tribe(format="ndjson")
    assert content.endswith(b"\n")
    lines = [json.loads(line) for line in content.splitlines()]
    assert lines == users_of(place)
    assert [list(line) for line in lines] == [list(user) for user in users_of(place)]


def test_json_is_one_array_of_the_same(place: ExportClient) -> None:
    place.put(ADA, BEA)
    assert json.loads(place.export_tribe(format="json")) == users_of(place)
    assert json.loads(place.export_tribe("gold", format="json")) == [
        user for user in users_of(place) if user["user_id"] == "ada"
    ]


@pytest.mark.parametrize(("kind", "nothing"), [("json", b"[\n]\n"), ("ndjson", b""), ("csv", b"user_id\r\n")])
def test_an_export_of_nobody_is_whole(place: ExportClient, kind: str, nothing: bytes) -> None:
    columns = {"columns": ["user_id"]} if kind == "csv" else {}
    export = place.wait_until_ended(place.ask("gold", format=kind, **columns))
    assert export["rows"] == 0
    assert place.fetch(export).content == nothing


def test_csv_has_every_field_and_no_attribute_unless_asked_for(place: ExportClient) -> None:
    place.put(ADA, BEA)
    content = place.export_tribe(format="csv")
    assert content.count(b"\r\n") == 3
    by_id = {row["user_id"]: row for row in rows_of(content)}
    ada = {user["user_id"]: user for user in users_of(place)}["ada"]
    assert by_id["ada"] == {
        **{name: ada[name] or "" for name in ("user_id", "email", "timezone", "locale", "joined")},
        "phone": "'+44 20 1234",
        "tags": 'a "b" \\n;sports/football',
        **{name: ada[name] or "" for name in ("created", "updated", "first_seen", "last_seen")},
    }
    assert by_id['bea,"q"']["email"] == ""


def test_columns_are_those_that_were_asked_for_in_their_order(place: ExportClient) -> None:
    place.put(ADA, BEA)
    wanted = ["attributes.age", 'attributes.odd "name",', "user_id", "attributes.score", "attributes.ok", "attributes"]
    content = place.export_tribe(format="csv", columns=wanted)
    rows = {row["user_id"]: row for row in rows_of(content)}
    assert list(rows["ada"]) == wanted
    assert list(rows["ada"].values())[:5] == ["36", "'=1+1", "ada", "0.1", "true"]
    assert json.loads(rows["ada"]["attributes"]) == ADA["attributes"]
    assert list(rows['bea,"q"'].values())[:5] == ["-5", "", 'bea,"q"', "", ""]
    raw = {row["user_id"]: row for row in rows_of(place.export_tribe(format="csv", columns=wanted, raw=True))}
    assert raw["ada"]['attributes.odd "name",'] == "=1+1"


@pytest.mark.parametrize("kind", ["csv", "ndjson", "json"])
def test_a_file_is_the_same_however_many_rows_are_written_at_once(
    place: ExportClient, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put(ADA, BEA, *({"user_id": f"user-{number}"} for number in range(5)))
    at_once = place.export_tribe(format=kind)
    monkeypatch.setattr(queries, "ROWS_AT_ONCE", 2)
    assert place.export_tribe(format=kind) == at_once


def test_what_an_export_says_of_its_file_is_so(place: ExportClient) -> None:
    place.put(ADA, BEA)
    export = place.wait_until_ended(place.ask(format="csv"))
    answer = place.fetch(export)
    assert export["state"] == "complete"
    assert (export["rows"], export["bytes"]) == (2, len(answer.content))
    assert export["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["etag"] == f'"{export["sha256"]}"'
    assert answer.headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=5-", 5, None),
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=-7", -7, None),
        ("bytes=3-99999999", 3, None),
    ],
)
def test_a_part_is_fetched_by_range(place: ExportClient, asked: str, start: int, end: int | None) -> None:
    place.put(ADA, BEA)
    export = place.wait_until_ended(place.ask(format="ndjson"))
    whole = place.fetch(export).content
    part = place.fetch(export, Range=asked)
    assert part.status_code == 206
    assert part.content == whole[start:end]
    first = start % len(whole)
    assert part.headers["content-range"] == f"bytes {first}-{first + len(part.content) - 1}/{len(whole)}"


def test_a_range_of_another_file_gets_all_of_this_one(place: ExportClient) -> None:
    place.put(ADA)
    export = place.wait_until_ended(place.ask(format="ndjson"))
    whole = place.fetch(export)
    other = place.fetch(export, Range="bytes=5-", **{"If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, whole.content)
    same = place.fetch(export, Range="bytes=5-", **{"If-Range": whole.headers["etag"]})
    assert (same.status_code, same.content) == (206, whole.content[5:])


@pytest.mark.parametrize("asked", ["bytes=7-3", "lines=1-2", "bytes=0-1,4-5", "nonsense", "bytes=-"])
def test_what_is_no_single_range_gets_all(place: ExportClient, asked: str) -> None:
    place.put(ADA)
    export = place.wait_until_ended(place.ask(format="ndjson"))
    assert place.fetch(export, Range=asked).status_code == 200


def test_a_range_behind_the_end_is_416(place: ExportClient) -> None:
    place.put(ADA)
    export = place.wait_until_ended(place.ask(format="ndjson"))
    refused = place.fetch(export, Range=f"bytes={export['bytes']}-")
    assert refused.status_code == 416
    assert refused.headers["content-range"] == f"bytes */{export['bytes']}"


def test_events_are_exported_as_they_are_listed(place: ExportClient) -> None:
    place.put(ADA)
    with place.app() as app:
        events = [
            {
                "name": "video/completed",
                "external_id": "ada",
                "id": "e1",
                "metadata": [{"key": "genre", "value": "=x"}],
            },
            {
                "name": "video/started",
                "anonymous_id": "tv",
                "id": "e2",
                "data": {"at": 1.5, "ü": ["\n"]},
                "session": "s",
            },
        ]
        assert app.post("/api/client/events", json=events).status_code == 204
    listed = place.client.get(f"{place.path}/events").json()["data"]
    assert [json.loads(line) for line in place.export_events(format="ndjson").splitlines()] == listed
    of_ada = json.loads(place.export_events(format="json", user="ada"))
    assert [event["id"] for event in of_ada] == ["e1"]
    started = rows_of(place.export_events(format="csv", name="video/started"))
    assert [(row["id"], row["anonymous_id"], row["user_id"]) for row in started] == [("e2", "tv", "")]
    assert json.loads(started[0]["data"]) == {"at": 1.5, "ü": ["\n"]}


@pytest.mark.parametrize(
    ("role", "scopes", "status"),
    [
        (Role.DEVELOPER, {Scope.EVENTS_READ}, 200),
        (Role.DEVELOPER, ALL_SCOPES - {Scope.EVENTS_READ}, 403),
        (Role.VIEWER, ALL_SCOPES, 403),  # who reads the names of events, and no person
    ],
)
def test_an_export_of_events_is_read_by_those_who_may_read_events(
    place: ExportClient, role: Role, scopes: frozenset[Scope], status: int
) -> None:
    export = place.wait_until_ended(place.ask_events(format="csv"))
    path = f"{place.path}/exports/{export['export']}"
    person = add_person(place.server.database, place.person.organization, role=role, grant=Grant(scopes))
    with person.client(place.server) as client:
        assert [client.get(path).status_code, client.get(f"{path}/content").status_code] == [status, status]
