"""`mtribes tribe export` and `event export` at the real server, on both databases."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import stat
from pathlib import Path

import httpx
import pytest

from tests.contract.export.export_environment import ExportEnvironment
from tests.contract.people import Signed
from tests.people import unique

PEOPLE = [
    {"user_id": "ada", "email": "ada@example.com", "tags": ["sports/football", "vip"], "attributes": {"plan": "gold"}},
    {
        "user_id": "007",
        "phone": "+44 20 1",
        "joined": "2026-01-31",
        "attributes": {"plan": "=1+1", "age": -3, "ok": True},
    },
    {"user_id": 'bea, "q"', "locale": "pt-BR", "timezone": "Europe/Berlin", "attributes": {"note": "two\r\nlines"}},
]


def test_an_export_is_in_its_file_and_nothing_is_left_behind(leaving: ExportEnvironment) -> None:
    leaving.put(*PEOPLE)
    outcome = leaving.export("--output", "people.csv")
    assert outcome.exit_code == 0, outcome.err
    assert "Exported 3 users of everybody to people.csv." in outcome.out
    rows = list(csv.DictReader(io.StringIO(leaving.read("people.csv").decode(), newline="")))
    assert {row["user_id"] for row in rows} == {"ada", "007", 'bea, "q"'}
    assert stat.S_IMODE((leaving.mtribes.home / "people.csv").stat().st_mode) == 0o600
    assert leaving.left_behind() == []


def test_json_tells_what_a_script_needs(leaving: ExportEnvironment) -> None:
    leaving.put(*PEOPLE)
    told = leaving.export("--output", "people.ndjson", "--json").envelope["data"]
    content = leaving.read("people.ndjson")
    assert {**told, "export": "", "cursor": ""} == {
        "export": "",
        "rows": 3,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "cursor": "",
        "output": str(leaving.mtribes.home / "people.ndjson"),
    }
    assert told["cursor"]
    assert [set(json.loads(line)) >= {"user_id", "attributes"} for line in content.splitlines()] == [True] * 3


def test_without_an_output_it_comes_to_stdout_and_the_rest_to_stderr(leaving: ExportEnvironment) -> None:
    leaving.put(*PEOPLE)
    outcome = leaving.export("--format", "json")
    assert len(json.loads(outcome.out)) == 3
    assert "Exported 3 users" in outcome.err
    assert leaving.left_behind() == []


def test_a_terminal_is_shown_what_it_would_obey(leaving: ExportEnvironment) -> None:
    leaving.put({"user_id": "ada", "attributes": {"note": "\x9b31m\u202e"}})
    outcome = leaving.export("--columns", "user_id,attributes.note", terminal=True)
    assert "\x9b" not in outcome.out
    assert "\u202e" not in outcome.out


def test_what_changed_since_is_exported_by_the_cursor_of_before(leaving: ExportEnvironment) -> None:
    leaving.put(*PEOPLE)
    cursor = leaving.export("--output", "all.csv", "--json").envelope["data"]["cursor"]
    again = leaving.export("--output", "since.csv", "--since", cursor, "--json").envelope["data"]
    assert again["rows"] == 3  # those of the last minutes may come again; none is left out
    refused = leaving.export("--output", "no.csv", "--since", "nonsense", "--json")
    assert refused.exit_code == 2
    assert [error["path"] for error in refused.envelope["errors"]] == ["since"]


@pytest.mark.parametrize("kind", ["csv", "ndjson", "json"])
def test_an_export_that_is_brought_into_another_environment_gives_the_same_users(
    leaving: ExportEnvironment, ada: Signed, kind: str
) -> None:
    leaving.put(*PEOPLE)
    columns = "user_id,email,phone,timezone,locale,joined,tags,created,updated,first_seen,last_seen,attributes.plan"
    as_csv = ("--raw", "--columns", f"{columns},attributes.age,attributes.ok,attributes.note") if kind == "csv" else ()
    types = ("--type", "attributes.age=number", "--type", "attributes.ok=boolean") if kind == "csv" else ()
    assert leaving.export("--output", f"people.{kind}", *as_csv).exit_code == 0
    other = unique("other")
    assert ada.mtribes("space", "create", other, "--org", ada.organization).exit_code == 0
    place = ("--space", other, "--environment", "staging")
    brought = leaving.mtribes("user", "ingest", f"people.{kind}", *place, *types, "--json")
    assert brought.exit_code == 0, brought.out
    assert brought.envelope["data"]["created"] == 3

    def users_at(url: str) -> list[dict[str, object]]:
        found = httpx.get(f"{url}/users", headers=leaving.headers, trust_env=False).json()["data"]
        volatile = ("created", "updated", "first_seen", "last_seen")
        users = [{name: value for name, value in user.items() if name not in volatile} for user in found]
        return sorted(users, key=lambda user: str(user["user_id"]))

    assert users_at(f"{leaving.server.url}/v2/spaces/{other}/environments/staging") == users_at(leaving.url)


def test_events_are_exported_too(leaving: ExportEnvironment) -> None:
    key = leaving.mtribes(
        "env", "key", "create", "--name", "app", "--space", leaving.space, "--env", "production", "--json"
    )
    headers = {"Authorization": f"Bearer {key.envelope['data']['key']}"}
    events = [{"name": "video/completed", "external_id": "ada"}, {"name": "video/started", "anonymous_id": "tv"}]
    sent = httpx.post(f"{leaving.server.url}/api/client/events", json=events, headers=headers, trust_env=False)
    assert sent.status_code == 204
    place = ("--space", leaving.space, "--environment", "production")
    outcome = leaving.mtribes("event", "export", "--name", "video/started", *place, "--output", "events.jsonl")
    assert "Exported 1 events to events.jsonl." in outcome.out, outcome.err
    assert json.loads(leaving.read("events.jsonl"))["anonymous_id"] == "tv"


def test_an_output_that_cannot_be_is_refused_before_anything_is_asked_for(leaving: ExportEnvironment) -> None:
    (leaving.mtribes.home / "folder").mkdir()
    assert leaving.export("--output", "folder").exit_code == 1
    assert leaving.export("--output", "nowhere/people.csv").exit_code == 1
    (leaving.mtribes.home / ".git").mkdir()
    assert leaving.export("--output", ".git/people.csv").exit_code == 1
    assert leaving.export("--json").exit_code == 2
    assert leaving.left_behind() == []


def test_an_export_goes_through_a_device_and_leaves_nothing_behind(leaving: ExportEnvironment) -> None:
    outcome = leaving.export("--output", "/dev/null")
    assert (outcome.exit_code, outcome.out) == (0, ""), outcome.err
    assert Path("/dev/null").is_char_device()
    assert leaving.left_behind() == []
