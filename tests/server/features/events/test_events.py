"""`POST /api/client/events` of a real server, on both databases."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from templates_server.errors import BadRequest, ValidationFailed
from templates_server.features.events.parser import MOST_EVENTS, read_events
from templates_server.primitives import event_names
from templates_server.primitives.event_names import MAX_NAME_LENGTH, RESERVED_PREFIXES, find_event_name_problem
from templates_server.primitives.timestamps import DAY, system_clock, to_rfc3339
from templates_server.storage import tables
from tests.environments import AppEnvironment, add_environment
from tests.servers import RunningServer

PATH = "/api/client/events"
GOOD = {"name": "video/completed", "anonymous_id": "device-1"}
NOW = 1_800_000_000_000
NAMES = (
    "Product Purchased",
    "video",
    "video/",
    "/completed",
    "a/b/c",
    " ",
    "sdk",
    "mtribes",
    "ヴィデオ 完了 🎬",
    "x" * 256,
)


@pytest.fixture
def environment(server: RunningServer) -> AppEnvironment:
    return add_environment(server.database)


def send(server: RunningServer, environment: AppEnvironment, events: Any) -> Any:
    with environment.app(server) as app:
        return app.post(PATH, json=events)


def stored(server: RunningServer, environment: AppEnvironment, table: Any = tables.events) -> list[Any]:
    query = select(table).where(table.c.environment_id == environment.id)
    return list(server.database.read_sync(lambda connection: connection.execute(query).all()))


def test_an_event_is_stored_as_it_was_sent(server: RunningServer, environment: AppEnvironment) -> None:
    happened = system_clock() - 5 * DAY
    answer = send(
        server,
        environment,
        [
            {
                **GOOD,
                "external_id": "u1",
                "id": "e-1",
                "timestamp": to_rfc3339(happened),
                "session": "ses_1",
                "entity": "homepage.header",
                "data": {"item": "derby", "n": 1.5},
                "metadata": [{"key": "genre", "value": "Football"}, {"key": "title", "value": "Derby"}],
            }
        ],
    )
    assert (answer.status_code, answer.content) == (204, b"")
    (event,) = stored(server, environment)
    (person,) = stored(server, environment, tables.persons)
    assert (person.kind, person.called, person.person_id) == ("user", "u1", event.person_id)
    assert (event.event_id, event.name, event.session_id, event.entity) == (
        "e-1",
        "video/completed",
        "ses_1",
        "homepage.header",
    )
    assert json.loads(event.data) == {"item": "derby", "n": 1.5}
    assert json.loads(event.metadata) == {"genre": "Football", "title": "Derby"}
    assert event.happened == happened
    assert event.received == pytest.approx(system_clock(), abs=60_000)


def test_an_event_that_was_sent_before_is_not_stored_twice(server: RunningServer, environment: AppEnvironment) -> None:
    for _ in range(2):
        assert send(server, environment, [{**GOOD, "id": "e-1"}, {**GOOD, "id": "e-1"}]).status_code == 204
    assert len(stored(server, environment)) == 1


def test_events_without_ids_are_all_stored(server: RunningServer, environment: AppEnvironment) -> None:
    assert send(server, environment, [GOOD] * MOST_EVENTS).status_code == 204
    assert len(stored(server, environment)) == MOST_EVENTS


def test_a_nul_in_a_key_of_data_is_refused(server: RunningServer, environment: AppEnvironment) -> None:
    for data in ({"a\0": 1}, {"a": {"b\0c": 1}}, {"a": [{"\0": 1}]}):
        answer = send(server, environment, [{**GOOD, "data": data}])
        assert (answer.status_code, "NUL" in answer.json()["errors"][0]["message"]) == (422, True)
    assert stored(server, environment) == []


def test_one_bad_event_rejects_the_call_and_is_named(server: RunningServer, environment: AppEnvironment) -> None:
    bad = {"name": "sdk/started", "metadata": [{"key": "k", "value": "v"}] * 4}
    answer = send(server, environment, [GOOD, bad, GOOD])
    assert answer.status_code == 422
    paths = {error["path"] for error in answer.json()["errors"]}
    assert paths >= {"[1]", "[1].name", "[1].metadata"}
    assert all(path.startswith("[1]") for path in paths)
    assert stored(server, environment) == []


def test_every_event_of_a_wrong_type_is_named(server: RunningServer, environment: AppEnvironment) -> None:
    answer = send(
        server, environment, [GOOD, {**GOOD, "name": 7, "data": []}, "x", {**GOOD, "metadata": [{"key": "k"}]}]
    )
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["[1].name", "[1].data", "[2]", "[3].metadata[0]"]


@pytest.mark.parametrize("events", [[], [GOOD] * (MOST_EVENTS + 1), {"0": GOOD}, "x", 5])
def test_only_a_list_of_one_to_a_thousand_is_taken(
    server: RunningServer, environment: AppEnvironment, events: Any
) -> None:
    answer = send(server, environment, events)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "")


def read(*events: dict[str, Any]) -> Any:
    return read_events(json.dumps(events).encode(), NOW, max_depth=32)


def paths_of(event: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationFailed) as refused:
        read(event)
    return [problem.path for problem in refused.value.problems]


@pytest.mark.parametrize("prefix", RESERVED_PREFIXES)
def test_reserved_names_are_refused(prefix: str) -> None:
    assert paths_of({**GOOD, "name": f"{prefix}started"}) == ["[0].name"]


@pytest.mark.parametrize("name", ["", "a\0b", "a/b\n", "\x7f", "caf\x85", "x" * 257, "sdk/", "___UI/Product Purchased"])
def test_a_name_that_breaks_the_rule_is_refused(name: str) -> None:
    assert paths_of({**GOOD, "name": name}) == ["[0].name"]


def test_half_a_surrogate_pair_is_no_name() -> None:
    assert find_event_name_problem("a\ud800") is not None
    with pytest.raises(BadRequest):
        read_events(b'[{"anonymous_id": "v", "name": "a\\ud800"}]', NOW, max_depth=32)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_any_text_and_stored_as_it_was_sent(
    server: RunningServer, environment: AppEnvironment, name: str
) -> None:
    assert send(server, environment, [{**GOOD, "name": name}]).status_code == 204
    (event,) = stored(server, environment)
    assert event.name == name


def test_the_rule_of_names_is_written_once() -> None:
    package = Path(event_names.__file__).parents[1]
    modules = {path.name for path in package.rglob("*.py") if RESERVED_PREFIXES[1] in path.read_text(encoding="utf-8")}
    assert modules == {"event_names.py"}


@given(st.text(max_size=MAX_NAME_LENGTH + 2))
def test_a_name_is_accepted_exactly_when_it_fits_the_rule(name: str) -> None:
    is_plain = not any(unicodedata.category(character) in {"Cc", "Cs"} for character in name)
    is_ours = any(name.startswith(prefix) for prefix in RESERVED_PREFIXES)
    assert (find_event_name_problem(name) is None) == (0 < len(name) <= MAX_NAME_LENGTH and is_plain and not is_ours)


def test_nulls_are_not_given_and_unknown_keys_are_ignored() -> None:
    (event,) = read(
        {**GOOD, "external_id": None, "data": None, "metadata": None, "id": None, "timestamp": None, "extra": [1]}
    )
    assert (event.data, event.metadata, event.happened) == (None, None, NOW)


def test_properties_are_read_as_data() -> None:
    (event,) = read({**GOOD, "properties": {"a": 1}})
    assert event.data == '{"a":1}'


def test_a_fast_clock_does_not_put_events_into_the_future() -> None:
    (event,) = read({**GOOD, "timestamp": to_rfc3339(NOW + 2 * DAY)})
    assert event.happened == NOW


def test_an_event_years_ahead_happened_when_it_was_received(server: RunningServer, environment: AppEnvironment) -> None:
    began = system_clock()
    times = ["9999-12-31T23:59:59Z", to_rfc3339(began + 3650 * DAY), to_rfc3339(began + DAY), to_rfc3339(began - DAY)]
    sent = [{**GOOD, "id": str(number), "timestamp": at} for number, at in enumerate(times)]
    assert send(server, environment, sent).status_code == 204
    happened = {row.event_id: row.happened for row in stored(server, environment)}
    assert all(began <= happened[number] <= system_clock() for number in "012")
    assert happened["3"] == began - DAY
    (person,) = stored(server, environment, tables.persons)
    assert began <= person.last_seen <= system_clock()


@pytest.mark.parametrize("timestamp", ["yesterday", "2026-11-21", "1999-12-31T23:59:59Z", "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none_is_refused(timestamp: str) -> None:
    assert paths_of({**GOOD, "timestamp": timestamp}) == ["[0].timestamp"]


@pytest.mark.parametrize(
    ("metadata", "path"),
    [
        ([{"key": "", "value": "v"}], "[0].metadata[0].key"),
        ([{"key": "k", "value": "v"}, {"key": "k", "value": "w"}], "[0].metadata"),
        ([{"key": "k", "value": "v" * 1025}], "[0].metadata[0].value"),
    ],
)
def test_metadata_keeps_its_rules(metadata: list[dict[str, str]], path: str) -> None:
    assert paths_of({**GOOD, "metadata": metadata}) == [path]


def test_large_data_is_refused() -> None:
    assert paths_of({**GOOD, "data": {"a": "x" * 20_000}}) == ["[0].data"]
