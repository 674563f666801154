"""`mtribes token`: what is sent and said; that nothing is ended without a yes, and no secret shown twice."""

from __future__ import annotations

import json

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import Reply, StubServer, data, refusal

TOKENS = "/v2/tokens"
SECRET = "mtp_" + "s" * 36
TOKEN = {
    "id": "tok_1",
    "name": "CI",
    "scopes": ["code:read"],
    "organizations": [],
    "spaces": ["vod"],
    "created": "2026-11-21T00:00:00Z",
    "expires": "2027-02-19T00:00:00Z",
    "last_used": None,
    "owner": "ada@example.com",
}
EVERY_SCOPE = [
    f"{noun}:{verb}"
    for noun, verbs in {
        "spaces": ["read", "write"],
        "code": ["read"],
        "users": ["read", "write"],
        "tribes": ["read", "write"],
        "events": ["read"],
    }.items()
    for verb in verbs
]


def test_the_secret_stands_alone_on_stdout(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", TOKENS, data(TOKEN | {"token": SECRET}, status=201))
    outcome = user("token", "create", "--name", "CI", "--scope", "code:read", "--space", "vod", "--expires-in", "30d")
    assert outcome.out == f"{SECRET}\n"
    assert SECRET not in outcome.err
    assert "code:read in vod" in outcome.err
    sent = {"name": "CI", "scopes": ["code:read"], "spaces": ["vod"], "expires_in_days": 30}
    assert json.loads(stub_server.asked[0].body) == sent
    assert user("token", "create", "--name", "CI", "--json").envelope["data"] == TOKEN | {"token": SECRET}
    assert json.loads(stub_server.asked[1].body) == {"name": "CI"}


def test_a_doubtful_creation_is_asked_again_under_one_key(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", TOKENS, Reply(503), data(TOKEN | {"token": SECRET}, status=201))
    assert user("token", "create", "--name", "CI").out == f"{SECRET}\n"
    keys = {asked.headers["idempotency-key"] for asked in stub_server.asked_for(TOKENS)}
    assert (len(stub_server.asked), len(keys)) == (2, 1)


@pytest.mark.parametrize("given", ["30", "d", "1w", "-1d", "1.5d", "1000d", "", "30d "])
def test_a_life_is_a_number_of_days(user: CliRunner, stub_server: StubServer, given: str) -> None:
    outcome = user("token", "create", "--name", "x", f"--expires-in={given}")
    assert outcome.exit_code == 2
    assert "30d" in outcome.err
    assert stub_server.asked == []


def test_an_unknown_scope_is_refused_here_with_those_that_there_are(user: CliRunner, stub_server: StubServer) -> None:
    outcome = user("token", "create", "--name", "x", "--scope", "spaces:raed")
    assert outcome.exit_code == 2
    assert "spaces:read" in outcome.err
    assert stub_server.asked == []


@pytest.mark.parametrize("argv", [(), ("--scope", "code:read")])
def test_a_token_must_have_a_name(user: CliRunner, argv: tuple[str, ...]) -> None:
    outcome = user("token", "create", *argv)
    assert outcome.exit_code == 2
    assert "--name" in outcome.err


def test_the_variable_in_the_way_is_named_where_a_sign_in_is_wanted(user: CliRunner, stub_server: StubServer) -> None:
    said = "A token never makes or widens a token."
    stub_server.on("POST", TOKENS, refusal(403, {"code": "FORBIDDEN", "message": said, "path": ""}))
    outcome = user("token", "create", "--name", "x")
    assert outcome.exit_code == 4
    assert said in outcome.err
    assert "mtribes login" in outcome.err
    assert "without MTRIBES_TOKEN" in outcome.err


def test_tokens_are_listed_with_what_they_may_and_when_they_were_used(user: CliRunner, stub_server: StubServer) -> None:
    wide = TOKEN | {"id": "tok_2", "scopes": EVERY_SCOPE, "spaces": [], "last_used": "2026-11-21T10:00:00Z"}
    stub_server.on("GET", TOKENS, data(TOKEN, wide))
    lines = user("token", "list").out.splitlines()
    assert lines[0].split() == ["ID", "NAME", "SCOPES", "REACHES", "EXPIRES", "LAST", "USED"]
    assert lines[1].split() == ["tok_1", "CI", "code:read", "vod", "2027-02-19T00:00:00Z", "never"]
    assert lines[2].split()[2:5] == ["all", "scopes", "everything"]
    assert lines[2].split()[-1] == "2026-11-21T10:00:00Z"
    assert user("token", "list", "--json").envelope["data"] == [TOKEN, wide]


def test_an_administrator_lists_those_of_an_organization_by_owner(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", TOKENS, data(TOKEN))
    lines = user("token", "list", "--org", "acme").out.splitlines()
    assert stub_server.asked[0].query == "organization=acme"
    assert lines[0].split()[2] == "OWNER"
    assert lines[1].split()[2] == "ada@example.com"


def test_no_token_is_no_failure(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", TOKENS, data())
    outcome = user("token", "list")
    assert (outcome.exit_code, outcome.out) == (0, "")
    assert "No tokens found." in outcome.err


# Ending


def test_nothing_is_ended_without_a_yes(user: CliRunner, stub_server: StubServer) -> None:
    outcome = user("token", "revoke", "tok_1")
    assert outcome.exit_code == 2
    assert "--yes" in outcome.err
    refused = user("token", "revoke", "tok_1", stdin="no\n", terminal=True)
    assert refused.exit_code == 130
    assert "Nothing was changed" in refused.err
    assert stub_server.asked == []


def test_a_yes_ends_it(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("DELETE", f"{TOKENS}/tok_1", Reply(204))
    assert user("token", "revoke", "tok_1", "--yes").out == "Revoked tok_1.\n"
    assert user("token", "revoke", "tok_1", stdin="yes\n", terminal=True).exit_code == 0
    assert user("token", "revoke", "tok_1", "--yes", "--json").envelope["data"] == {"id": "tok_1"}


def test_a_text_is_sent_alone_without_credentials(mtribes: CliRunner, stub_server: StubServer) -> None:
    mtribes.environment["MTRIBES_HOST"] = stub_server.url
    stub_server.on("POST", f"{TOKENS}/revoke", Reply(204))
    outcome = mtribes("token", "revoke", "--stdin", "--verbose", stdin=f"{SECRET}\n")
    assert outcome.exit_code == 0, outcome.err
    (asked,) = stub_server.asked
    assert json.loads(asked.body) == {"token": SECRET}
    assert "authorization" not in asked.headers
    assert SECRET not in outcome.out + outcome.err


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_that_windows_programs_wrote_is_sent(mtribes: CliRunner, stub_server: StubServer, encoding: str) -> None:
    mtribes.environment["MTRIBES_HOST"] = stub_server.url
    stub_server.on("POST", f"{TOKENS}/revoke", Reply(204))
    assert mtribes("token", "revoke", "--stdin", stdin=f"{SECRET}\r\n".encode(encoding)).exit_code == 0
    assert json.loads(stub_server.asked[0].body) == {"token": SECRET}


@pytest.mark.parametrize("text", ["", "two words", "mtp_\x00", "é", "\n\n"])
def test_what_cannot_be_a_token_is_not_sent(user: CliRunner, stub_server: StubServer, text: str) -> None:
    outcome = user("token", "revoke", "--stdin", stdin=text)
    assert outcome.exit_code == 2
    assert stub_server.asked == []


@pytest.mark.parametrize("argv", [(), ("tok_1", "--stdin")])
def test_which_token_is_meant_must_be_said_once(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]
) -> None:
    outcome = user("token", "revoke", *argv, "--yes")
    assert outcome.exit_code == 2
    assert "--stdin" in outcome.err
    assert stub_server.asked == []


@pytest.mark.parametrize("kind", ["mtp", "mto", "mtr", "mts"])
def test_a_secret_in_argv_is_neither_sent_nor_repeated(user: CliRunner, stub_server: StubServer, kind: str) -> None:
    secret = f"{kind}_{'s' * 36}"
    outcome = user("token", "revoke", secret, "--yes")
    assert outcome.exit_code == 2
    assert "--stdin" in outcome.err
    assert secret not in outcome.out + outcome.err
    assert stub_server.asked == []
