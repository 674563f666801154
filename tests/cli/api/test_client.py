"""What the command line makes of servers and networks that misbehave: real sockets, and what the user is told."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import Reply, StubServer, data, refusal, serving_stub

SPACE = {"id": "spc_1", "key": "vod", "name": "VOD", "organization": "acme", "revision": 3}
SPACES = "/v2/spaces"


@dataclass(frozen=True)
class Told:
    """What the user is told about a status."""

    status: int
    exit_code: int
    code: str


TOLD = (
    Told(400, 1, "SERVER"),
    Told(401, 4, "NOT_SIGNED_IN"),
    Told(403, 4, "NOT_ALLOWED"),
    Told(404, 1, "NOT_FOUND"),
    Told(405, 1, "SERVER"),
    Told(408, 75, "UNAVAILABLE"),
    Told(409, 1, "CONFLICT"),
    Told(412, 1, "CONFLICT"),
    Told(413, 1, "SERVER"),
    Told(422, 2, "INVALID_DOCUMENT"),
    Told(426, 1, "CLIENT_TOO_OLD"),
    Told(429, 75, "UNAVAILABLE"),
    Told(500, 1, "SERVER"),
    Told(502, 75, "UNAVAILABLE"),
    Told(503, 75, "UNAVAILABLE"),
    Told(504, 75, "UNAVAILABLE"),
)


@pytest.mark.parametrize("told", TOLD, ids=lambda told: str(told.status))
def test_every_status_has_its_exit_code_and_the_servers_words(
    user: CliRunner, stub_server: StubServer, told: Told
) -> None:
    stub_server.on("GET", SPACES, refusal(told.status, {"code": "X", "message": "The server's own words."}))
    outcome = user("space", "list", "--json")
    error = outcome.envelope["errors"][0]
    assert (outcome.exit_code, error["message"]) == (told.exit_code, "The server's own words.")
    assert error["hint"]


@pytest.mark.parametrize("told", TOLD, ids=lambda told: str(told.status))
@pytest.mark.parametrize(("body", "kind"), [(b"<html>proxy</html>", "text/html"), (b"", "text/plain")])
def test_every_status_is_told_where_the_server_has_no_words(
    user: CliRunner, stub_server: StubServer, told: Told, body: bytes, kind: str
) -> None:
    stub_server.on("GET", SPACES, Reply(told.status, body, {"Content-Type": kind}))
    outcome = user("space", "list", "--json")
    error = outcome.envelope["errors"][0]
    expected = (1, "UNREADABLE_ANSWER") if told.status in {403, 404, 405} else (told.exit_code, told.code)
    assert (outcome.exit_code, error["code"]) == expected
    assert error["message"]


def test_a_scope_that_is_missing_is_named(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", SPACES, refusal(403, {"code": "FORBIDDEN", "message": "The scope spaces:read is missing."}))
    assert "spaces:read" in user("space", "list").err


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_reading_is_tried_again_with_growing_pauses(user: CliRunner, stub_server: StubServer, status: int) -> None:
    stub_server.on("GET", SPACES, refusal(status), refusal(status), data(SPACE))
    assert user("space", "list").exit_code == 0
    assert len(stub_server.asked) == 3
    assert 0 < user.clock.pauses[0] < 0.5
    assert user.clock.pauses[1] >= 0.25


def test_retry_after_is_told_when_it_is_long(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", SPACES, refusal(429, Retry_After="600"))
    outcome = user("space", "list")
    assert outcome.exit_code == 75
    assert "600 seconds" in outcome.err
    assert len(stub_server.asked) == 1


@pytest.mark.parametrize("status", [500, 503, 504])
def test_what_may_have_had_its_effect_is_not_sent_again(user: CliRunner, stub_server: StubServer, status: int) -> None:
    stub_server.on("PUT", "/v2/spaces/vod/model", refusal(status))
    user.write("vod.yaml", "space: vod\n")
    assert user("space", "push", "vod.yaml").exit_code in {1, 75}
    assert len(stub_server.asked_for("/v2/spaces/vod/model")) == 1


CREATED = "/v2/organizations/acme/spaces"
CREATE = ("space", "create", "vod", "--organization", "acme")


def test_what_has_its_effect_once_is_sent_again_under_the_same_key(user: CliRunner, stub_server: StubServer) -> None:
    still_running = refusal(409, {"code": "CONFLICT", "message": "Still running."}, **{"Retry-After": "1"})
    stub_server.on("POST", CREATED, refusal(504), still_running, data(SPACE, status=201))
    assert user(*CREATE).exit_code == 0
    keys = {asked.headers["idempotency-key"] for asked in stub_server.asked_for(CREATED)}
    assert (len(stub_server.asked_for(CREATED)), len(keys)) == (3, 1)
    assert user(*CREATE).exit_code == 0
    assert stub_server.asked_for(CREATED)[-1].headers["idempotency-key"] not in keys


def test_a_conflict_that_stays_is_told_at_once(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", CREATED, refusal(409, {"code": "CONFLICT", "message": "Taken."}))
    assert user(*CREATE).exit_code == 1
    assert len(stub_server.asked_for(CREATED)) == 1


def test_a_redirect_is_told_and_not_followed(user: CliRunner, stub_server: StubServer) -> None:
    with serving_stub() as other:
        stub_server.on("GET", SPACES, Reply(302, headers={"Location": f"{other.url}{SPACES}"}))
        other.on("GET", SPACES, data(SPACE))
        outcome = user("space", "list")
        assert outcome.exit_code == 1
        assert other.url in outcome.err
        assert other.asked == []


def test_pages_are_read_to_the_end_and_from_the_same_server_only(user: CliRunner, stub_server: StubServer) -> None:
    first = data(SPACE, Link='<http://127.0.0.1:9/v2/spaces?cursor=abc>; rel="next"')
    stub_server.on("GET", SPACES, first, data(SPACE | {"key": "sports"}))
    spaces = user("space", "list", "--json").envelope["data"]
    assert [space["key"] for space in spaces] == ["vod", "sports"]
    assert stub_server.asked[1].query == "cursor=abc"


def test_the_client_names_itself_and_its_version(user: CliRunner, stub_server: StubServer) -> None:
    user("space", "list")
    assert stub_server.asked[0].headers["user-agent"].startswith("mtribes/")
    assert stub_server.asked[0].headers["authorization"] == "Bearer mtp_of_a_test"


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}), "text/html"),
        (Reply(200), "without a body"),
        (Reply(200, b'{"data": ['), "invalid or truncated JSON"),
        (Reply(200, b'{"data": [' + b"[" * 100_000), "invalid or truncated JSON"),
        (Reply(200, {"spaces": []}), "`data`"),
        (Reply(200, [1]), "`data`"),
        (Reply(200, b"\xff\xfe"), "invalid or truncated JSON"),
        (data({"key": "vod"}), "data[0].id is not text"),
        (data(SPACE | {"revision": "3"}), "data[0].revision is not an integer"),
        (data(SPACE | {"revision": True}), "data[0].revision is not an integer"),
        (data("vod"), "data[0] is not an object"),
    ],
)
def test_an_answer_that_was_not_agreed_is_told_by_place(
    user: CliRunner, stub_server: StubServer, reply: Reply, told: str
) -> None:
    stub_server.on("GET", SPACES, reply)
    outcome = user("space", "list")
    assert outcome.exit_code == 1
    assert told in outcome.err
    assert outcome.err.count("\n") == 2


def test_unknown_fields_of_an_answer_are_ignored(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", SPACES, data(SPACE | {"colour": "red"}))
    assert "colour" not in user("space", "list", "--json").envelope["data"][0]


def test_verbose_says_what_is_asked_and_never_a_token(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", SPACES, data(SPACE))
    outcome = user("space", "list", "--verbose")
    assert f"GET {stub_server.url}{SPACES} 200 " in outcome.err
    assert "mtp_" not in outcome.err
