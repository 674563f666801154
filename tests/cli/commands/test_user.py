"""`mtribes user`: looked at, tagged, exported, removed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.cli_runner import CliRunner, without_colors
from tests.cli.stub_server import Reply, StubServer, data, refusal

USERS = "/v2/spaces/vod/environments/staging/users"
ADA_PATH = f"{USERS}/ada"
PLACE = ("--space", "vod", "--env", "staging")
ADA: dict[str, Any] = {
    "user_id": "ada",
    "email": "ada@example.com",
    "phone": None,
    "timezone": "Europe/Berlin",
    "locale": None,
    "joined": "2026-11-21",
    "tags": ["news", "sports/football"],
    "attributes": {"age": 36, "is_member": True, "name": "Ada"},
    "created": "2026-11-21T20:35:00Z",
    "updated": "2026-11-21T20:35:00Z",
    "first_seen": None,
    "last_seen": None,
}
EVERYTHING = {"user": ADA, "visitors": [], "devices": [], "sessions": [], "events": [{"id": "e", "data": {"ä": [1.0]}}]}
ERASURE = {"user_id": "ada", "removed": {"profile": 1, "visitors": 2, "devices": 0, "sessions": 1, "events": 12}}


def test_a_user_is_shown_with_what_is_known(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", ADA_PATH, data(ADA))
    outcome = user("user", "get", "ada", *PLACE)
    assert outcome.exit_code == 0
    assert dict(line.split(maxsplit=1) for line in outcome.out.splitlines()) == {
        "user_id": "ada",
        "email": "ada@example.com",
        "timezone": "Europe/Berlin",
        "joined": "2026-11-21",
        "tags": "news, sports/football",
        "attributes.age": "36",
        "attributes.is_member": "true",
        "attributes.name": "Ada",
        "created": "2026-11-21T20:35:00Z",
        "updated": "2026-11-21T20:35:00Z",
    }
    assert user("user", "get", "ada", *PLACE, "--json").envelope["data"] == ADA


@pytest.mark.parametrize(
    ("user_id", "sent"), [("a/b", "a%2Fb"), ("ä ?#", "%C3%A4%20%3F%23"), ("-", "-"), ("a%2Fb", "a%252Fb")]
)
def test_an_id_stays_one_part_of_the_path(user: CliRunner, stub_server: StubServer, user_id: str, sent: str) -> None:
    stub_server.on("GET", f"{USERS}/{sent}", data(ADA | {"user_id": user_id}))
    assert user("user", "get", *PLACE, "--", user_id).exit_code == 0


@pytest.mark.parametrize(
    "argv", [("get", "u"), ("export", "u"), ("delete", "u", "--yes"), ("tag", "u", "x"), ("untag", "u", "x")]
)
def test_which_environment_is_meant_must_be_said(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]
) -> None:
    outcome = user("user", *argv, "--space", "vod")
    assert outcome.exit_code == 2
    assert "--environment" in outcome.err
    assert stub_server.asked == []


def test_the_project_may_say_which_environment_is_meant(user: CliRunner, stub_server: StubServer) -> None:
    user.write(
        "mtribes.toml", f'host = "{stub_server.url}"\norganization = "acme"\nspace = "vod"\nenvironment = "staging"\n'
    )
    stub_server.on("GET", ADA_PATH, data(ADA))
    assert user("user", "get", "ada").exit_code == 0


def test_tags_are_given_and_taken_one_by_one(user: CliRunner, stub_server: StubServer) -> None:
    for tag in ("sports%2Ffootball", "%C3%A9t%C3%A9"):
        for method in ("PUT", "DELETE"):
            stub_server.on(method, f"{ADA_PATH}/tags/{tag}", Reply(204))
    outcome = user("user", "tag", "ada", "sports/football", "été", *PLACE)
    assert (outcome.exit_code, outcome.out) == (0, "ada has sports/football, été.\n")
    outcome = user("user", "untag", "ada", "sports/football", "été", *PLACE, "--json")
    assert outcome.envelope["data"] == {"user_id": "ada", "tags": ["sports/football", "été"]}
    assert [asked.method for asked in stub_server.asked] == ["PUT", "PUT", "DELETE", "DELETE"]


def test_a_tag_that_breaks_a_rule_is_told_in_the_servers_words(user: CliRunner, stub_server: StubServer) -> None:
    problem = {"code": "VALIDATION_ERROR", "message": "This must be in lower case.", "path": "tag"}
    stub_server.on("PUT", f"{ADA_PATH}/tags/Sports", refusal(422, problem))
    outcome = user("user", "tag", "ada", "Sports", *PLACE)
    assert outcome.exit_code == 2
    assert "tag: This must be in lower case." in outcome.err


def test_an_export_goes_to_stdout_or_to_a_file_as_it_is(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{ADA_PATH}/everything", data(EVERYTHING))
    assert json.loads(user("user", "export", "ada", *PLACE).out) == EVERYTHING
    assert user("user", "export", "ada", *PLACE, "--json").envelope["data"] == EVERYTHING
    outcome = user("user", "export", "ada", *PLACE, "--output", "ada.json")
    assert outcome.out == "Wrote ada.json.\n"
    text = (user.home / "ada.json").read_text("utf-8")
    assert json.loads(text) == EVERYTHING
    assert '"ä": [\n' in text


def test_an_export_that_fails_leaves_the_file_of_before(user: CliRunner, stub_server: StubServer) -> None:
    user.write("ada.json", "before")
    assert user("user", "export", "ada", *PLACE, "--output", "ada.json").exit_code == 1
    whole = json.dumps({"data": [EVERYTHING], "dataType": "everything", "errors": None}).encode()
    stub_server.on("GET", f"{ADA_PATH}/everything", Reply(200, whole[:-40]))
    assert user("user", "export", "ada", *PLACE, "--output", "ada.json").exit_code == 1
    assert (user.home / "ada.json").read_text() == "before"
    assert [file.name for file in user.home.iterdir() if "ada" in file.name] == ["ada.json"]


def test_a_removal_says_what_was_removed(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("DELETE", ADA_PATH, data(ERASURE))
    outcome = user("user", "delete", "ada", *PLACE, "--yes")
    assert outcome.exit_code == 0
    assert outcome.out == ("Deleted ada from staging of vod: 1 profile, 2 visitors, 0 devices, 1 session, 12 events.\n")
    assert user("user", "delete", "ada", *PLACE, "--yes", "--json").envelope["data"] == ERASURE


def test_without_a_terminal_a_removal_needs_yes(user: CliRunner, stub_server: StubServer) -> None:
    outcome = user("user", "delete", "ada", *PLACE, stdin="yes\n")
    assert outcome.exit_code == 2
    assert "--yes" in outcome.err
    assert stub_server.asked == []


@pytest.mark.parametrize("answer", ["no\n", "\n", ""])
def test_at_a_terminal_nothing_is_removed_without_a_yes(user: CliRunner, stub_server: StubServer, answer: str) -> None:
    outcome = user("user", "delete", "ada", *PLACE, stdin=answer, terminal=True)
    assert outcome.exit_code == 130
    assert "from staging of vod?" in outcome.err
    assert stub_server.asked == []


def test_at_a_terminal_a_yes_removes(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("DELETE", ADA_PATH, data(ERASURE))
    assert user("user", "delete", "ada", *PLACE, stdin="yes\n", terminal=True).exit_code == 0
    assert [asked.method for asked in stub_server.asked] == ["DELETE"]


def test_a_removal_that_may_have_happened_is_not_sent_again(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("DELETE", ADA_PATH, Reply(503, b""), data(ERASURE))
    assert user("user", "delete", "ada", *PLACE, "--yes").exit_code == 75
    assert len(stub_server.asked) == 1


def test_who_is_not_there_is_told(user: CliRunner, stub_server: StubServer) -> None:
    nothing = refusal(404, {"code": "NOT_FOUND", "message": "Not found, or you don't have access.", "path": ""})
    stub_server.on("GET", ADA_PATH, nothing)
    stub_server.on("GET", "/v2/spaces/vod/environments/staging", data({}))
    outcome = user("user", "get", "ada", *PLACE)
    assert outcome.exit_code == 1
    assert "No user 'ada' in staging of vod." in outcome.err


def test_what_is_known_of_a_user_is_shown_and_not_obeyed(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on(
        "GET", ADA_PATH, data(ADA | {"attributes": {"\x1b[31mx": "\x1b]0;title\x07\n[b]y[/b]"}, "tags": ["a\u202eb"]})
    )
    outcome = user("user", "get", "ada", *PLACE, terminal=True)
    assert outcome.exit_code == 0
    assert not set("\x1b\x07\u202e") & set(without_colors(outcome.out))
    assert "[b]y[/b]" in outcome.out


@pytest.mark.parametrize("change", [{"tags": "x"}, {"attributes": []}, {"user_id": None}, {"email": 5}])
def test_an_answer_that_was_not_agreed_is_told(
    user: CliRunner, stub_server: StubServer, change: dict[str, Any]
) -> None:
    stub_server.on("GET", ADA_PATH, data(ADA | change))
    outcome = user("user", "get", "ada", *PLACE)
    assert outcome.exit_code == 1
    assert "Invalid response from the server" in outcome.err
