"""`mtribes session explain`: whom it asks for, and how it tells what it hears."""

from __future__ import annotations

import json

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import StubServer, data, refusal

PATH = "/v2/spaces/vod/environments/production/session-explanation"
PLACE = ("--space", "vod", "--env", "production")
TRIBE = {
    "tribe": "gold",
    "name": "Gold members",
    "person": "ada",
    "kind": "user",
    "outcome": "matched",
    "in_audience": True,
    "audience": "users",
    "match": "all",
    "why": "all of its filters must match; 1 of 1 does",
    "filters": [
        {"filter": {"tag": "gold"}, "outcome": "matched", "asked": "a", "found": ["gold"], "why": "found gold"}
    ],
}
SCENARIO = {
    "name": "Gold",
    "outcome": "matched",
    "chosen": True,
    "in_time": True,
    "starts": None,
    "ends": "2027-01-01T00:00:00Z",
    "why": "ada is in gold",
    "tribes": [TRIBE],
}
ENTITY = {
    "entity": "home.top",
    "published": True,
    "known": True,
    "scenario": "Gold",
    "enabled": True,
    "why": "the first that matches",
    "scenarios": [SCENARIO],
}
EXPLANATION = {
    "person": "ada",
    "kind": "user",
    "merged_visitor": None,
    "at": "2026-11-21T00:00:00Z",
    "revision": "1.2.3",
    "entities": [ENTITY],
}
UNKNOWN = {**ENTITY, "known": False, "scenario": None, "enabled": None, "scenarios": []}
UNKNOWN_TEXT = "Pass the fields that the app sends: --field NAME=VALUE, or NAME=null for a field without a value."


def test_each_entity_is_told_with_its_scenarios_their_tribes_and_filters(
    user: CliRunner, stub_server: StubServer
) -> None:
    stub_server.on("POST", PATH, data(EXPLANATION))
    assert user("session", "explain", "--user", "ada", *PLACE).out.splitlines() == [
        "ada, a user, would see this in production of vod if a session started now:",
        "",
        "home.top: Gold",
        "    the first that matches",
        "    * Gold: ada is in gold",
        "        gold (Gold members): all of its filters must match; 1 of 1 does",
        "            yes found gold",
    ]
    assert user("session", "explain", "--user", "ada", *PLACE, "--json").envelope["data"] == EXPLANATION


def test_a_session_at_another_time_is_asked_for_and_told(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", PATH, data(EXPLANATION))
    told = user("session", "explain", "--user", "ada", "--at", "2026-11-21T00:00:00Z", *PLACE)
    assert told.out.splitlines()[0].endswith("if a session started at 2026-11-21T00:00:00Z:")
    assert json.loads(stub_server.asked[-1].body) == {"user_id": "ada", "at": "2026-11-21T00:00:00Z"}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"enabled": False}, "home.top: Gold (disabled)"),
        ({"scenario": None}, "home.top: no scenario"),
        (UNKNOWN, "home.top: unknown without more fields"),
        (UNKNOWN, UNKNOWN_TEXT),
    ],
)
def test_what_is_disabled_has_no_scenario_or_is_not_known_is_told(
    user: CliRunner, stub_server: StubServer, changes: dict[str, object], line: str
) -> None:
    stub_server.on("POST", PATH, data({**EXPLANATION, "entities": [{**ENTITY, **changes}]}))
    lines = user("session", "explain", "--user", "ada", *PLACE).out.splitlines()
    assert line in lines
    assert (UNKNOWN_TEXT in lines) is (changes is UNKNOWN)


def test_a_visitor_who_was_merged_is_told_as_the_user(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", PATH, data({**EXPLANATION, "merged_visitor": "v-1", "entities": []}))
    assert user("session", "explain", "--visitor", "v-1", *PLACE).out.splitlines() == [
        "v-1, now the user ada, would see this in production of vod if a session started now:",
        "Nothing. The Space has no entities.",
    ]


def test_what_an_app_would_say_goes_in_the_body_and_never_in_the_url(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", PATH, data(EXPLANATION))
    fields = ("--field", "campaign=spring", "--field", "age=18", "--field", "none=null")
    assert user("session", "explain", "--anonymous-id", "v 1/ä", *fields, *PLACE).exit_code == 0
    (asked,) = stub_server.asked
    assert asked.query == ""
    sent = {"anonymous_id": "v 1/ä", "fields": {"campaign": "spring", "age": 18, "none": None}}
    assert json.loads(asked.body) == sent


@pytest.mark.parametrize("argv", [(), ("--user", "a", "--visitor", "b"), ("--user", "a", "--field", "x")])
def test_it_needs_one_person_and_good_fields(user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]) -> None:
    assert user("session", "explain", *argv, *PLACE).exit_code == 2
    assert stub_server.asked == []


def test_it_needs_an_environment_and_somebody_who_is_there(user: CliRunner, stub_server: StubServer) -> None:
    assert "--environment" in user("session", "explain", "--user", "a", "--space", "vod").err
    stub_server.on(
        "POST",
        PATH,
        refusal(404, {"code": "NOT_FOUND", "message": "No user or visitor with that ID in this environment."}),
    )
    outcome = user("session", "explain", "--user", "a", *PLACE)
    assert outcome.exit_code == 1
    assert "No user 'a' in production of vod." in outcome.err
