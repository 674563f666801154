"""Parts on their way to servers that are busy, slow, gone, or say what was not agreed."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from mtribes_cli.ingest import batch, uploader
from tests.cli.cli_runner import CliRunner, Outcome
from tests.cli.stub_server import ReceivedRequest, Reply, StubServer, data, refusal

ROWS = 20
Handling = Callable[[ReceivedRequest, int], Reply | None]


class ImportStub:
    """Takes parts in order and counts their rows; `handle` may answer before it does."""

    def __init__(self, stub_server: StubServer) -> None:
        self.stub_server = stub_server
        self.bodies: list[bytes] = []
        self.handle: Handling = lambda _asked, _number: None
        self.asked: list[ReceivedRequest] = []
        stub_server.answer = self.answer  # type: ignore[method-assign] # paths hold ids that nobody knows before

    def answer(self, asked: ReceivedRequest) -> Reply:
        """What the server answers."""
        self.asked.append(asked)
        return self.handle(asked, len(self.asked)) or self.usual(asked)

    def usual(self, asked: ReceivedRequest) -> Reply:
        """What it would answer if nothing were in the way."""
        if asked.method == "PUT":
            self.bodies.append(asked.body)
            return data(part_answer(asked.body))
        rows = sum(body.count(b"\n") for body in self.bodies)
        return data(
            {"import": "x", "state": "complete", "parts": len(self.bodies), "next_part": None, "totals": told(rows)}
        )


def told(rows: int) -> dict[str, int]:
    return {"read": rows, "created": rows, "updated": 0, "unchanged": 0, "rejected": 0}


def part_answer(body: bytes) -> dict[str, object]:
    return {"part": 1, "digest": hashlib.sha256(body).hexdigest(), "errors": []} | told(body.count(b"\n"))


@pytest.fixture
def server(stub_server: StubServer) -> ImportStub:
    """One that takes parts."""
    return ImportStub(stub_server)


def test_a_failed_import_reads_no_further(user: CliRunner, server: ImportStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MAX_PART_ROWS", 5)
    server.handle = lambda _asked, _number: refusal(403, {"code": "FORBIDDEN", "message": "No.", "path": None})
    user.write("users.csv", "user_id\n" + "".join(f"u{number}\n" for number in range(10_000)))
    outcome = user("user", "ingest", "users.csv", "--space", "vod", "--environment", "production")
    assert outcome.exit_code == 4
    assert [thread.name for thread in threading.enumerate() if thread.name == "read-ahead"] == []


@pytest.fixture
def bring(user: CliRunner, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """`mtribes user ingest` of twenty rows in parts of five."""
    monkeypatch.setattr(batch, "MAX_PART_ROWS", 5)
    user.write("users.csv", "user_id\n" + "".join(f"u{number}\n" for number in range(ROWS)))
    place = ("--space", "vod", "--environment", "production", "--json")
    return lambda *more: user("user", "ingest", "users.csv", *place, *more)


def test_a_part_says_what_it_is_and_by_which_digest_it_is_known(
    server: ImportStub, bring: Callable[[], Outcome]
) -> None:
    assert bring().exit_code == 0
    first = server.asked[0]
    assert first.headers["content-type"] == "application/x-ndjson"
    assert first.headers["content-digest"] == f"sha-256=:{b64encode(hashlib.sha256(first.body).digest()).decode()}:"
    assert first.headers["authorization"] == "Bearer mtp_of_a_test"
    assert first.headers["user-agent"].startswith("mtribes/")
    assert sorted(asked.path.rpartition("/")[2] for asked in server.asked) == ["1", "2", "3", "4", "complete"]
    assert json.loads(server.asked[-1].body) == {"parts": 4}


def number_of(asked: ReceivedRequest) -> str:
    return asked.path.rpartition("/")[2]


def until_nothing_is_on_its_way() -> None:
    """A command that gave up left parts to threads, which would have ended with its process."""
    for thread in threading.enumerate():
        if thread.name == "import-part":
            thread.join(20)


def test_the_next_part_is_on_its_way_while_the_server_stores_this_one(
    server: ImportStub, bring: Callable[[], Outcome]
) -> None:
    third_is_here = threading.Event()

    def handle(asked: ReceivedRequest, _number: int) -> Reply | None:
        if number_of(asked) == "3":
            third_is_here.set()
        return None if number_of(asked) != "2" or third_is_here.wait(20) else refusal(400)

    server.handle = handle
    assert bring().exit_code == 0
    waits = {number_of(asked): asked.headers.get("prefer") for asked in server.asked}
    assert (waits["1"], waits["2"], waits["3"]) == (None, None, "wait=60")


def test_a_part_that_the_server_does_not_let_wait_is_sent_again_in_its_turn(
    server: ImportStub, bring: Callable[[], Outcome]
) -> None:
    refused, second_goes_on = [], threading.Event()

    def handle(asked: ReceivedRequest, _number: int) -> Reply | None:
        if number_of(asked) == "2":
            second_goes_on.wait(20)
        if number_of(asked) == "3" and "prefer" in asked.headers:
            refused.append(asked)
            second_goes_on.set()
            return refusal(409)
        return None

    server.handle = handle
    outcome = bring()
    assert outcome.exit_code == 0
    assert outcome.envelope["data"]["created"] == ROWS
    assert len(refused) == 1


def test_where_bad_rows_are_limited_no_part_is_sent_before_the_last_one_is_answered(
    server: ImportStub, bring: Callable[..., Outcome]
) -> None:
    assert bring("--max-errors", "3").exit_code == 0
    assert [asked.headers.get("prefer") for asked in server.asked] == [None] * 5


def test_it_waits_as_long_as_the_server_asks_and_goes_on(
    server: ImportStub, user: CliRunner, bring: Callable[[], Outcome]
) -> None:
    server.handle = lambda _asked, number: refusal(429, Retry_After="45") if number in (1, 4, 5) else None
    assert bring().exit_code == 0
    assert user.clock.pauses == [45, 45, 45]


def test_a_server_that_is_down_from_the_start_is_not_waited_for(
    server: ImportStub, bring: Callable[[], Outcome]
) -> None:
    server.handle = lambda _asked, _number: refusal(503)
    outcome = bring()
    assert outcome.exit_code == 75
    assert len(server.asked) == 4
    assert "to resume" in outcome.envelope["errors"][0]["hint"]


@pytest.mark.slow
def test_a_server_that_goes_down_is_waited_for_a_while_and_found_again_by_the_next_command(
    server: ImportStub, user: CliRunner, bring: Callable[[], Outcome]
) -> None:
    server.handle = lambda asked, _number: refusal(503) if number_of(asked) in {"3", "4"} else None
    assert bring().exit_code == 75
    assert uploader.PATIENCE_SECONDS * 0.8 < sum(user.clock.pauses) < uploader.PATIENCE_SECONDS * 1.2
    until_nothing_is_on_its_way()
    sent = len(server.asked)
    known = {"import": "x", "state": "open", "parts": 2, "next_part": 3, "totals": told(10)}
    server.handle = lambda asked, _number: data(known) if asked.method == "GET" else None
    assert bring().exit_code == 0
    assert [asked.path.rpartition("/")[2] for asked in server.asked[sent + 1 :]] == ["3", "4", "complete"]


def test_what_may_not_be_done_ends_it_at_once(server: ImportStub, bring: Callable[[], Outcome]) -> None:
    server.handle = lambda _asked, _number: refusal(403, {"code": "FORBIDDEN", "message": "users:write is missing."})
    outcome = bring()
    assert (outcome.exit_code, "users:write" in outcome.out) == (4, True)


@pytest.mark.parametrize(
    "answer",
    [{"part": 1}, part_answer(b"") | {"read": "5"}, part_answer(b"") | {"errors": [{"line": "1"}]}, "x"],
)
def test_an_answer_that_was_not_agreed_is_told(
    server: ImportStub, bring: Callable[[], Outcome], answer: object
) -> None:
    server.handle = lambda _asked, _number: data(answer)
    assert bring().envelope["errors"][0]["code"] == "UNREADABLE_ANSWER"


def test_parts_are_packed_on_their_way_to_another_machine(
    server: ImportStub, bring: Callable[[], Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploader, "is_loopback", lambda _name: False)
    server.handle = lambda asked, _number: (
        data(part_answer(gzip.decompress(asked.body))) if asked.method == "PUT" else None
    )
    assert bring().exit_code == 0
    assert server.asked[0].headers["content-encoding"] == "gzip"
    plain = gzip.decompress(server.asked[0].body)
    assert (
        server.asked[0].headers["content-digest"] == f"sha-256=:{b64encode(hashlib.sha256(plain).digest()).decode()}:"
    )


def test_a_redirect_is_told_and_no_part_follows_it(server: ImportStub, bring: Callable[[], Outcome]) -> None:
    server.handle = lambda _asked, _number: Reply(308, headers={"Location": "http://127.0.0.1:9/"})
    outcome = bring()
    assert (outcome.exit_code, len(server.asked)) == (1, 1)
    assert "http://127.0.0.1:9/" in outcome.out


def test_a_journal_that_cannot_be_written_ends_it_before_anything_is_sent(
    server: ImportStub, user: CliRunner, bring: Callable[[], Outcome]
) -> None:
    user.folders.state.mkdir()
    Path(user.folders.state / "imports").write_text("in the way")
    outcome = bring()
    assert (outcome.exit_code, server.asked) == (1, [])
