"""`space history`, `tribe history`, `env history`, `env diff`, `env restore`, and notes: what is asked and shown."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from mtribes_cli.terminal.sanitize import display_width, wrap
from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import Reply, StubServer, data

SPACE = "/v2/spaces/vod"
STAGING = f"{SPACE}/environments/staging"
PLACE = ("--space", "vod", "--env", "staging")
WIDTH = 80
HISTORIES = [
    (("space", "history", "vod"), f"{SPACE}/model/revisions"),
    (("tribe", "history", "--space", "vod"), f"{SPACE}/tribes/revisions"),
    (("env", "history", *PLACE), f"{STAGING}/delivery/revisions"),
]


def revision(number: int, note: str | None = None, **author: Any) -> dict[str, Any]:
    by = {"kind": "person", "id": "acc_1", "name": "ada@example.com"} | author
    return {"revision": number, "at": "2026-11-21T20:35:04.123Z", "author": by, "note": note}


def query_of(stub_server: StubServer, index: int = -1) -> dict[str, list[str]]:
    return parse_qs(stub_server.asked[index].query)


@pytest.mark.parametrize(("argv", "path"), HISTORIES)
def test_a_history_is_listed_with_author_time_and_note(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...], path: str
) -> None:
    found = [revision(12, "Spring campaign"), revision(11, kind="service", id="svc_1", name=None)]
    stub_server.on("GET", path, data(*found))
    lines = user(*argv).out.splitlines()
    assert lines == [
        "REVISION  WHEN (UTC)        WHO              NOTE",
        "12        2026-11-21 20:35  ada@example.com  Spring campaign",
        "11        2026-11-21 20:35  svc_1",
    ]
    assert user(*argv, "--json").envelope["data"] == found


@pytest.mark.parametrize(("argv", "path"), HISTORIES)
def test_an_empty_history_says_so_on_stderr(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...], path: str
) -> None:
    stub_server.on("GET", path, data())
    outcome = user(*argv)
    assert (outcome.exit_code, outcome.out) == (0, "")
    assert "yet" in outcome.err


@pytest.mark.parametrize(("argv", "path"), HISTORIES)
def test_only_as_many_revisions_are_listed_as_asked_for(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...], path: str
) -> None:
    stub_server.on("GET", path, data(*(revision(number) for number in (3, 2, 1))))
    outcome = user(*argv, "--limit", "2")
    assert [line.split()[0] for line in outcome.out.splitlines()] == ["REVISION", "3", "2"]
    assert "Only the newest 2 revisions are listed" in outcome.err
    assert query_of(stub_server) == {"limit": ["3"]}


def test_histories_keep_to_80_columns_whatever_is_in_them(user: CliRunner, stub_server: StubServer) -> None:
    notes = [
        "word " * 40,
        "w" * 200,
        "日本" * 100,
        "\N{RIGHT-TO-LEFT OVERRIDE}" * 200,
        "e\N{COMBINING ACUTE ACCENT}" * 100,
    ]
    found = [revision(99_999_990 + number, note, name="long" * 60) for number, note in enumerate(notes)]
    found.append({**revision(1), "at": "x" * 200})
    stub_server.on("GET", f"{SPACE}/model/revisions", data(*found))
    lines = user("space", "history", "vod").out.splitlines()
    assert max(display_width(line) for line in lines) <= WIDTH
    told = "".join(line[54:] for line in lines if not line.startswith("REVISION"))
    assert told.count("word") == 40
    assert told.replace(" ", "").count("日本") == 100
    assert told.replace("\\u202e", "").count("\N{RIGHT-TO-LEFT OVERRIDE}") == 0


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one", ["one"]),
        ("one two three", ["one two", "three"]),
        ("one  two three", ["one  two", "three"]),
        ("one two  three", ["one two", "three"]),
        ("onetwothreefour", ["onetwoth", "reefour"]),
        ("日本日本日", ["日本日本", "日"]),
        ("a\nb", ["a\\nb"]),
    ],
)
def test_text_is_wrapped_between_words_by_columns(text: str, lines: list[str]) -> None:
    assert wrap(text, 8) == lines


# Notes


@pytest.mark.parametrize(
    ("argv", "method", "path", "answer"),
    [
        (("space", "push", "d.yaml"), "PUT", f"{SPACE}/model", {"revision": 8, "code_hash": "x", "changed": True}),
        (("tribe", "push", "d.yaml"), "PUT", f"{SPACE}/tribes", {"revision": 8, "changed": True}),
        (("tribe", "delete", "gold", "--space", "vod"), "DELETE", f"{SPACE}/tribes/gold", None),
        (("env", "push", "d.yaml", *PLACE), "PUT", f"{STAGING}/delivery", {"revision": 8, "changed": True}),
        (("env", "publish", "home", *PLACE), "POST", f"{STAGING}/publish", {"revision": 8, "published": []}),
        (("env", "unpublish", "home", *PLACE), "POST", f"{STAGING}/unpublish", {"revision": 8, "published": []}),
        (("env", "restore", "3", *PLACE), "POST", f"{STAGING}/delivery/restore", {"revision": 8, "changed": True}),
    ],
)
def test_a_note_goes_with_every_change(  # noqa: PLR0913, PLR0917 - a row of the table
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...], method: str, path: str, answer: Any
) -> None:
    user.write("d.yaml", "space: vod\nrevision: 7\n")
    stub_server.on("GET", STAGING, data({"name": "staging", "revision": 7, "published": [], "keys": 0}))
    stub_server.on(method, path, Reply(204) if answer is None else data(answer))
    assert user(*argv).exit_code == 0
    assert query_of(stub_server) == {}
    assert user(*argv, "--note", "Spring & sommer 日本 #1").exit_code == 0
    assert query_of(stub_server) == {"note": ["Spring & sommer 日本 #1"]}


# Older documents


@pytest.mark.parametrize(
    ("argv", "path"),
    [
        (("space", "pull", "vod"), f"{SPACE}/model"),
        (("tribe", "pull", "--space", "vod"), f"{SPACE}/tribes"),
        (("env", "pull", *PLACE), f"{STAGING}/delivery"),
    ],
)
def test_an_older_revision_is_pulled_as_yaml_and_json(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...], path: str
) -> None:
    stub_server.on("GET", path, Reply(200, b"space: vod\n", {"Content-Type": "application/yaml"}))
    assert user(*argv, "--revision", "3").out == "space: vod\n"
    assert query_of(stub_server) == {"revision": ["3"]}
    stub_server.on("GET", path, data({"space": "vod"}))
    assert user(*argv, "--revision", "0", "--json").envelope["data"] == {"space": "vod"}
    assert query_of(stub_server) == {"revision": ["0"]}
    assert user(*argv, "--revision", "-1").exit_code == 2


# Differences


def diff(*changes: dict[str, Any], environment: str = "staging") -> dict[str, Any]:
    start, end = {"environment": environment, "revision": 2}, {"environment": "staging", "revision": 3}
    return {"from": start, "to": end, "changes": [CHANGE | change for change in changes]}


CHANGE: dict[str, Any] = {"kind": "changed", "collection": None, "entity": None, "scenario": None, "values": []}
DIFF = f"{STAGING}/delivery/diff"


def test_differences_are_shown_by_entity_with_values(user: CliRunner, stub_server: StubServer) -> None:
    values = [
        {"path": "properties.title", "before": "Hi", "after": "日本"},
        {"path": "ends", "before": "2027-04-30T22:00:00Z", "after": None},
    ]
    changes: list[dict[str, Any]] = [
        {"kind": "published", "collection": "help"},
        {"entity": "home.top", "scenario": "default", "values": values},
        {"kind": "moved", "entity": "home.top", "scenario": "Gold", "values": [
            {"path": "position", "before": 2, "after": 1}]},
        {"kind": "added", "entity": "home.tip"},
    ]  # fmt: skip
    stub_server.on("GET", DIFF, data(diff(*changes)))
    outcome = user("env", "diff", *PLACE)
    assert outcome.exit_code == 0
    assert outcome.out.splitlines() == [
        "staging of vod, from revision 2 to revision 3: 4 changes.",
        "published    help",
        'changed      home.top  "default"',
        '  properties.title: "Hi" -> "日本"',
        '  ends: "2027-04-30T22:00:00Z" -> nothing',
        'moved        home.top  "Gold"',
        "  position: 2 -> 1",
        "added        home.tip",
    ]
    told = user("env", "diff", *PLACE, "--json").envelope
    assert (told["status"], told["data"]) == ("success", {"space": "vod", **diff(*changes)})


def test_where_nothing_differs_that_is_said_and_the_exit_code_is_0(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", DIFF, data(diff(environment="production")))
    outcome = user("env", "diff", *PLACE, "--from", "production")
    assert outcome.exit_code == 0
    assert outcome.out == "From production (revision 2) to staging (revision 3) of vod: no differences.\n"
    assert query_of(stub_server) == {"from": ["production"]}
    assert user("env", "diff", *PLACE, "--from", "1", "--to", "2").exit_code == 0
    assert query_of(stub_server) == {"from": ["1"], "to": ["2"]}


def test_differences_keep_to_80_columns_and_obey_nothing(user: CliRunner, stub_server: StubServer) -> None:
    values: list[Any] = [
        {"path": "properties.title", "before": "日本" * 50, "after": ["a\nb\x1b[31m"] * 20},
        {"path": "p" * 300, "before": True, "after": 1e21},
    ]
    scenario = "\x1b]0;\N{RIGHT-TO-LEFT OVERRIDE}" * 30
    stub_server.on("GET", DIFF, data(diff({"entity": "home.top", "scenario": scenario, "values": values})))
    out = user("env", "diff", *PLACE).out
    assert max(display_width(line) for line in out.splitlines()) <= WIDTH
    assert not {"\x1b", "\N{RIGHT-TO-LEFT OVERRIDE}"} & set(out)
    assert out.count("\n") == 8


# Restoring

RESTORE = f"{STAGING}/delivery/restore"


@pytest.fixture
def at_revision_7(stub_server: StubServer) -> None:
    stub_server.on("GET", STAGING, data({"name": "staging", "revision": 7, "published": [], "keys": 0}))


@pytest.mark.usefixtures("at_revision_7")
def test_a_revision_is_restored_over_the_one_that_is_there(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", RESTORE, data({"revision": 8, "changed": True}))
    assert user("env", "restore", "3", *PLACE).out == "staging of vod is at revision 8: restored revision 3.\n"
    sent = stub_server.asked[-1]
    assert json.loads(sent.body) == {"revision": 3}
    assert sent.headers["if-match"] == '"7"'
    assert "idempotency-key" in sent.headers
    answer = user("env", "restore", "3", *PLACE, "--json").envelope["data"]
    assert answer == {"space": "vod", "environment": "staging", "restored": 3, "revision": 8, "changed": True}


@pytest.mark.usefixtures("at_revision_7")
def test_what_is_there_already_is_not_restored_again(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", RESTORE, data({"revision": 7, "changed": False}))
    assert user("env", "restore", "7", *PLACE).out == "staging of vod is at revision 7. No changes.\n"


def refusal(status: int, *errors: tuple[str, str]) -> Reply:
    told = [{"code": "VALIDATION_ERROR", "path": path, "message": message} for path, message in errors]
    return Reply(status, json.dumps({"data": [], "dataType": None, "errors": told}).encode(), JSON)


JSON = {"Content-Type": "application/json"}


@pytest.mark.usefixtures("at_revision_7")
def test_what_is_gone_is_listed_with_what_to_do(user: CliRunner, stub_server: StubServer) -> None:
    gone = ("scenarios.home.top.targeted[0].tribes[0]", "gold is not a tribe of this Space")
    stub_server.on("POST", RESTORE, refusal(422, gone, ("published[0]", "help is not a collection of this Space")))
    outcome = user("env", "restore", "3", *PLACE)
    assert (outcome.exit_code, outcome.out) == (2, "")
    lines = outcome.err.splitlines()
    assert lines[0] == "error: Revision 3 of staging requires parts that vod no longer has. Nothing was restored."
    assert lines[1:3] == [f"  {gone[0]}: {gone[1]}", "  published[0]: help is not a collection of this Space"]
    assert "mtribes env pull --environment staging --revision 3 --output FILE" in lines[3]


@pytest.mark.usefixtures("at_revision_7")
def test_a_revision_that_never_was_is_told_in_the_servers_words(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", RESTORE, refusal(422, ("revision", "staging has no revision 9; the latest is 7")))
    outcome = user("env", "restore", "9", *PLACE)
    assert outcome.exit_code == 2
    assert "  revision: staging has no revision 9; the latest is 7\n" in outcome.err


@pytest.mark.usefixtures("at_revision_7")
def test_somebody_who_was_faster_is_not_restored_over(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", RESTORE, refusal(412, ("", "The present revision is 8, this was made from 7")))
    outcome = user("env", "restore", "3", *PLACE)
    assert outcome.exit_code == 1
    assert "staging of vod was changed in the meantime. Nothing was restored." in outcome.err
    assert "mtribes env history --environment staging" in outcome.err


@pytest.mark.parametrize("argv", [("history",), ("diff",), ("restore", "3")])
def test_which_environment_is_meant_must_be_said(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]
) -> None:
    outcome = user("env", *argv, "--space", "vod")
    assert outcome.exit_code == 2
    assert "--environment" in outcome.err
    assert stub_server.asked == []


@pytest.mark.parametrize("typed", ["-1", "x", ""])
def test_a_revision_is_a_number(user: CliRunner, stub_server: StubServer, typed: str) -> None:
    assert user("env", "restore", typed, *PLACE).exit_code == 2
    assert stub_server.asked == []
