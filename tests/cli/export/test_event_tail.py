"""`mtribes event tail`: what arrives, over streams that break off."""

from __future__ import annotations

import io
import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtribes_cli.api import event_stream
from mtribes_cli.api.event_stream import EventStreamReader, Message
from mtribes_cli.export import event_tail
from mtribes_cli.terminal.console import Console, Style
from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import ReceivedRequest, Reply, StubServer, refusal

STREAM = "/v2/spaces/vod/environments/staging/events/stream"
PLACE = ("--space", "vod", "--env", "staging")
EVENT: dict[str, Any] = {
    "id": "e-1",
    "name": "video/completed",
    "user_id": "ada",
    "anonymous_id": None,
    "session": None,
    "entity": None,
    "data": {"x": [1]},
    "metadata": {"genre": "Sport"},
    "timestamp": "2026-11-30T12:00:01Z",
    "received": "2026-11-30T12:00:02Z",
}
SESSION: dict[str, Any] = {
    "session": "ses_1",
    "user_id": None,
    "anonymous_id": "phone-1",
    "started": "2026-11-30T12:00:03Z",
    "app_version": "2.3.0",
    "app_platform": "ios",
}


def message(kind: str, value: object) -> str:
    return f"event: {kind}\ndata: {json.dumps(value)}\n\n"


def event(number: int, **given: Any) -> str:
    return message("event", EVENT | {"id": f"e-{number}"} | given)


def stream(*parts: str) -> Reply:
    return Reply(200, "".join(["retry: 2000\n\n", *parts]).encode(), {"Content-Type": "text/event-stream"})


def test_events_and_sessions_are_lines(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", STREAM, stream(": life\n\n", event(1), message("session", SESSION)))
    outcome = user("event", "tail", "--limit", "2", *PLACE)
    assert outcome.exit_code == 0
    assert outcome.out.splitlines() == [
        "12:00:01  video/completed               ada                   genre=Sport",
        "12:00:03  (session)                     visitor phone-1       ios 2.3.0",
    ]
    assert outcome.err == "Waiting for events in staging of vod. Press Ctrl-C to stop.\n"


def test_under_json_each_is_a_line_as_the_server_has_it(user: CliRunner, stub_server: StubServer) -> None:
    more = message("skipped", {"skipped": 3}) + message("news of later", [])
    stub_server.on("GET", STREAM, stream(event(1), more, message("session", SESSION)))
    outcome = user("event", "tail", "--limit", "2", "--json", "--quiet", *PLACE)
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert [json.loads(line) for line in outcome.out.splitlines()] == [
        {"kind": "event", **EVENT},
        {"kind": "skipped", "skipped": 3},
        {"kind": "session", **SESSION},
    ]


def test_what_is_skipped_is_told_on_stderr(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", STREAM, stream(message("skipped", {"skipped": 1200}), event(1)))
    outcome = user("event", "tail", "--limit", "1", *PLACE)
    assert "1,200 more arrived than were shown. `mtribes event export` includes all events.\n" in outcome.err
    assert len(outcome.out.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "query"),
    [
        (("--name", "a b", "--user", "ada"), "name=a+b&user=ada"),
        (("--visitor", "phone 1"), "anonymous_id=phone+1"),
        ((), ""),
    ],
)
def test_filters_go_along(user: CliRunner, stub_server: StubServer, words: tuple[str, ...], query: str) -> None:
    stub_server.on("GET", STREAM, stream(event(1)))
    assert user("event", "tail", "--limit", "1", *words, *PLACE).exit_code == 0
    assert [asked.query for asked in stub_server.asked] == [query]


def test_a_user_and_a_visitor_are_two_people(user: CliRunner, stub_server: StubServer) -> None:
    outcome = user("event", "tail", "--user", "a", "--visitor", "b", *PLACE)
    assert (outcome.exit_code, stub_server.asked) == (2, [])
    assert "hint: Pass one of them." in outcome.err


def test_a_stream_that_breaks_off_is_resumed_and_nothing_is_shown_twice(
    user: CliRunner, stub_server: StubServer
) -> None:
    stub_server.on(
        "GET",
        STREAM,
        stream("id: 5\n\n", event(1), "id: 6\n\n", event(2), "event: event\ndata: {"),
        refusal(503, {"code": "UNAVAILABLE", "message": "Busy."}, Retry_After="7"),
        stream("id: 6\n", "\n", event(3)),
        stream(event(3), event(4), "id: 7\n\n"),
    )
    outcome = user("event", "tail", "--limit", "4", "--json", *PLACE)
    assert outcome.exit_code == 0, outcome.err
    assert [json.loads(line)["id"] for line in outcome.out.splitlines()] == ["e-1", "e-2", "e-3", "e-4"]
    assert [asked.headers.get("last-event-id") for asked in stub_server.asked] == [None, "6", "6", "6"]
    assert 7 in user.clock.pauses


def test_after_ten_minutes_without_a_stream_it_gives_up(user: CliRunner, stub_server: StubServer) -> None:
    down = refusal(503, {"code": "UNAVAILABLE", "message": "Down."})
    stub_server.on("GET", STREAM, stream(event(1)), down)
    outcome = user("event", "tail", "--json", *PLACE)
    first, envelope = outcome.out.splitlines()
    assert (outcome.exit_code, json.loads(first)["id"]) == (75, "e-1")
    assert json.loads(envelope)["status"] == "error"
    assert 500 < sum(user.clock.pauses) <= 600


@pytest.mark.parametrize(("status", "exit_code"), [(503, 75), (403, 4), (404, 1), (422, 2), (401, 4)])
def test_a_first_refusal_is_told_at_once(user: CliRunner, stub_server: StubServer, status: int, exit_code: int) -> None:
    stub_server.on("GET", STREAM, refusal(status, {"code": "X", "message": "Not now.", "path": "name"}))
    outcome = user("event", "tail", *PLACE)
    assert (outcome.exit_code, outcome.out, user.clock.pauses) == (exit_code, "", [])
    assert "Not now." in outcome.err
    assert len(stub_server.asked) == 1


def test_a_token_that_has_ended_ends_it(user: CliRunner, stub_server: StubServer) -> None:
    ended = refusal(401, {"code": "UNAUTHENTICATED", "message": "The token is expired."})
    stub_server.on("GET", STREAM, stream(event(1)), ended)
    outcome = user("event", "tail", *PLACE)
    assert outcome.exit_code == 4
    assert "The token is expired." in outcome.err


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"data": [], "dataType": None, "errors": None}),
        stream("event: event\ndata: {\n\n"),
        stream("event: event\ndata: [1]\n\n"),
        stream(message("event", EVENT | {"name": None})),
        stream(message("skipped", {"skipped": "many"})),
    ],
)
def test_what_is_no_stream_of_events_is_reported(user: CliRunner, stub_server: StubServer, reply: Reply) -> None:
    stub_server.on("GET", STREAM, reply)
    outcome = user("event", "tail", *PLACE)
    assert (outcome.exit_code, outcome.out) == (1, "")
    assert "error: " in outcome.err


def test_a_message_without_an_end_is_reported(
    user: CliRunner, stub_server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "MAX_MESSAGE_BYTES", 1000)
    stub_server.on("GET", STREAM, stream("data: 1\n" * 2000))
    outcome = user("event", "tail", *PLACE)
    assert outcome.exit_code == 1
    assert "unterminated message" in outcome.err


def test_hostile_text_is_data_on_one_line(user: CliRunner, stub_server: StubServer) -> None:
    hostile = "\u202e\x1b[31m\n" + "界" * 200
    told = {"name": hostile, "user_id": hostile, "metadata": {hostile: hostile}, "timestamp": hostile}
    stub_server.on("GET", STREAM, stream(event(1, **told)))
    outcome = user("event", "tail", "--limit", "1", *PLACE)
    assert len(outcome.out.splitlines()) == 1
    assert not {"\u202e", "\x1b"} & set(outcome.out)
    stub_server.on("GET", STREAM, stream(event(1, **told)))
    outcome = user("event", "tail", "--limit", "1", "--json", *PLACE)
    assert json.loads(outcome.out)["name"] == hostile


def test_ctrl_c_is_how_it_ends(user: CliRunner, stub_server: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(event_tail.EventTail, "_show", interrupted)
    stub_server.on("GET", STREAM, stream(event(1)))
    outcome = user("event", "tail", "--json", *PLACE)
    assert (outcome.exit_code, outcome.out) == (0, "")


class Gone(io.StringIO):
    """A pipe that nobody reads."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError

    def fileno(self) -> int:
        raise OSError


def test_it_ends_when_nobody_reads(user: CliRunner, stub_server: StubServer) -> None:
    console = Console(Style(), {}, stdin=io.StringIO(), stdout=Gone(), stderr=io.StringIO())
    was_read = console.is_read
    console.line("one")
    assert (was_read, console.is_read) == (True, False)

    def asked(_asked: ReceivedRequest) -> Reply:
        return stream(event(1), event(2))

    stub_server.on("GET", STREAM, asked)
    context = user.context((io.StringIO(), Gone(), io.StringIO()))
    from mtribes_cli.main import main  # noqa: PLC0415 - with another stdout than others have

    assert main(("event", "tail", *PLACE), context) == 0
    assert len(stub_server.asked) == 1


PIECES = b"id: 1\r\ndata: a\r\ndata: b\n\n: life\n\nevent: x\ndata:c\nid: \x01\n\nid: 2\n\nevent: y\n\ndata: d\n\nda"


@given(st.lists(st.integers(0, len(PIECES)), max_size=8))
def test_messages_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    reader, places = EventStreamReader(), [0, *sorted(cuts), len(PIECES)]
    found = [one for start, end in itertools.pairwise(places) for one in reader.messages(PIECES[start:end])]
    assert found == [Message("message", b"a\nb"), Message("x", b"c"), Message("message", b"d")]
    assert reader.last_id == "2"
