"""`mtribes tribe`: the document of tribes, one of them, its people, and why somebody is among them."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest

from mtribes_cli.errors import UsageError
from mtribes_cli.parameters.field_option import read_fields
from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import Reply, StubServer, data, refusal

SPACE = "/v2/spaces/vod"
HERE = f"{SPACE}/environments/production"
PLACE = ("--space", "vod", "--env", "production")
GOLD = {
    "name": "Gold members",
    "category": "Subscription",
    "audience": "users",
    "match": "all",
    "filters": [{"attribute": "attributes.plan", "operator": "equals", "value": "gold"}],
}
SPRING = {"name": "Spring", "audience": "all", "match": "any", "filters": [{"tag": "a"}, {"tag": "b"}]}
TRIBES = {"space": "vod", "revision": 3, "tribes": {"gold": GOLD, "spring": SPRING}}
YAML = "space: vod\nrevision: 3\ntribes: {}\n"
EXPLANATION = {
    "tribe": "gold",
    "name": "Gold members",
    "person": "ada",
    "kind": "user",
    "outcome": "not_matched",
    "in_audience": True,
    "audience": "users",
    "match": "all",
    "why": "all of its filters must match; 0 of 1 do",
    "filters": [
        {
            "filter": GOLD["filters"][0],
            "outcome": "not_matched",
            "asked": 'attributes.plan equals "gold"',
            "found": "silver",
            "why": 'attributes.plan equals "gold": it is "silver"; does not match',
        }
    ],
}


def yaml(text: str) -> Reply:
    return Reply(200, text.encode(), {"Content-Type": "application/yaml"})


def test_tribes_are_listed_with_whom_they_are_of(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{SPACE}/tribes", data(TRIBES))
    lines = user("tribe", "list", "--space", "vod").out.splitlines()
    assert lines[0].split() == ["KEY", "NAME", "CATEGORY", "AUDIENCE", "FILTERS"]
    assert lines[1] == "gold    Gold members  Subscription  users     all of 1"
    assert lines[2] == "spring  Spring        -             all       any of 2"
    listed = user("tribe", "list", "--space", "vod", "--json").envelope["data"]
    assert listed[0] == {"key": "gold", **GOLD}


def test_one_tribe_is_shown_as_its_document(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{SPACE}/tribes/gold", yaml("key: gold\n"))
    assert user("tribe", "show", "gold", "--space", "vod").out == "key: gold\n"
    stub_server.on("GET", f"{SPACE}/tribes/gold", data({"key": "gold", **GOLD}))
    assert user("tribe", "show", "gold", "--space", "vod", "--json").envelope["data"] == {"key": "gold", **GOLD}


def test_tribes_are_pulled_and_pushed_and_the_file_stays_fit_for_the_next_push(
    user: CliRunner, stub_server: StubServer
) -> None:
    stub_server.on("GET", f"{SPACE}/tribes", yaml(YAML))
    stub_server.on("PUT", f"{SPACE}/tribes", data({"revision": 4, "changed": True}))
    assert user("tribe", "pull", "--space", "vod", "--output", "t.yaml").exit_code == 0
    outcome = user("tribe", "push", "t.yaml")
    assert outcome.out == "The tribes of vod are at revision 4.\n"
    assert (user.home / "t.yaml").read_text() == YAML.replace("revision: 3", "revision: 4")
    assert "if-match" not in stub_server.asked[-1].headers
    assert user("tribe", "push", "t.yaml", "--force").exit_code == 0
    assert stub_server.asked[-1].headers["if-match"] == "*"


def test_a_tribe_in_use_stays_and_the_scenario_is_named(user: CliRunner, stub_server: StubServer) -> None:
    message = 'Tribes that scenarios are for cannot go: gold by "Gold" of home.top in staging.'
    stub_server.on("DELETE", f"{SPACE}/tribes/gold", refusal(409, {"code": "CONFLICT", "message": message}))
    outcome = user("tribe", "delete", "gold", "--space", "vod")
    assert outcome.exit_code == 1
    assert message in outcome.err
    stub_server.on("DELETE", f"{SPACE}/tribes/gold", Reply(204))
    assert user("tribe", "delete", "gold", "--space", "vod").out == "Deleted gold.\n"


def test_a_count_stands_alone_on_stdout(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{HERE}/tribes/gold/count", data({"tribe": "gold", "count": 12345}))
    assert user("tribe", "count", "gold", *PLACE).out == "12345\n"


@pytest.mark.parametrize("argv", [("count", "gold"), ("explain", "gold", "--user", "ada")])
def test_which_environment_is_meant_must_be_said(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]
) -> None:
    outcome = user("tribe", *argv, "--space", "vod")
    assert outcome.exit_code == 2
    assert "--environment" in outcome.err
    assert stub_server.asked == []


def test_an_explanation_names_every_filter_and_what_was_found(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{HERE}/tribes/gold/explanation", data(EXPLANATION))
    lines = user("tribe", "explain", "gold", "--user", "ada", *PLACE).out.splitlines()
    assert lines == [
        "ada is not in gold (Gold members): all of its filters must match; 0 of 1 do.",
        'no  attributes.plan equals "gold": it is "silver"; does not match',
    ]
    assert user("tribe", "explain", "gold", "--user", "ada", *PLACE, "--json").envelope["data"] == EXPLANATION


def test_what_an_app_would_say_is_sent_with_its_types(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{HERE}/tribes/gold/explanation", data(EXPLANATION))
    fields = ("--field", "campaign=spring", "--field", "age=18", "--field", 'zip="01234"', "--field", "a=b=c")
    assert user("tribe", "explain", "gold", "--visitor", "v 1/ä", *fields, *PLACE).exit_code == 0
    query = parse_qs(stub_server.asked[0].query)
    assert query["anonymous_id"] == ["v 1/ä"]
    assert json.loads(query["fields"][0]) == {"campaign": "spring", "age": 18, "zip": "01234", "a": "b=c"}


@pytest.mark.parametrize("argv", [(), ("--user", "a", "--visitor", "b"), ("--user", "a", "--field", "x")])
def test_an_explanation_needs_one_person_and_good_fields(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]
) -> None:
    assert user("tribe", "explain", "gold", *argv, *PLACE).exit_code == 2
    assert stub_server.asked == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=", ""), ("x=1", 1), ("x=1.5", 1.5), ("x=true", True), ("x=null", None), ("x=01", "01"), ("x=NaN", "NaN"),
        ('x="1"', "1"), ("x=[1]", "[1]"), ("x={}", "{}"), ("x=a b", "a b"), ("x=" + "[" * 9999, "[" * 9999),
    ],
)  # fmt: skip
def test_a_field_is_what_json_says_it_is_and_text_otherwise(text: str, value: object) -> None:
    assert read_fields([text]) == {"x": value}


@pytest.mark.parametrize("text", ["x", "=1", ""])
def test_a_field_without_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_fields([text])
