"""`mtribes event names`: what arrives, beside the model."""

from __future__ import annotations

from typing import Any

from mtribes_cli.terminal.sanitize import display_width
from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import StubServer, data

NAMES = "/v2/spaces/vod/environments/staging/event-names"
PLACE = ("--space", "vod", "--env", "staging")


def name(text: str, **given: Any) -> dict[str, Any]:
    told = {"events": 1, "modelled": False, "differing": 0, "metadata_keys": []}
    return {"name": text, **told, "first": "2026-11-01T08:00:00.5Z", "last": "2026-11-21T20:35:00Z", **given}


COMPLETED = name("video/completed", events=1234567, modelled=True, differing=12345, metadata_keys=["genre", "title"])
STARTED = name("video/started", modelled=True)
PURCHASED = name("Product Purchased", metadata_keys=["price"])


def test_names_are_listed_beside_the_model(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", NAMES, data(PURCHASED, COMPLETED, STARTED))
    assert user("event", "names", *PLACE).out.splitlines() == [
        "NAME               EVENTS     MODEL              LAST        METADATA",
        "Product Purchased  1          not in the model   2026-11-21  price",
        "video/completed    1,234,567  12,345 differ      2026-11-21  genre, title",
        "video/started      1          matches the model  2026-11-21",
    ]
    assert user("event", "names", *PLACE, "--json").envelope["data"] == [PURCHASED, COMPLETED, STARTED]


def test_every_page_of_names_is_asked_for_and_a_search_goes_along(user: CliRunner, stub_server: StubServer) -> None:
    link = f'<{stub_server.url}{NAMES}?search=a+b&limit=100&cursor=bmV3cw>; rel="next"'
    stub_server.on("GET", NAMES, data(PURCHASED, Link=link), data(STARTED))
    assert user("event", "names", "--search", "a b", *PLACE, "--json").envelope["data"] == [PURCHASED, STARTED]
    assert [asked.query for asked in stub_server.asked] == ["search=a+b", "search=a+b&limit=100&cursor=bmV3cw"]


def test_hostile_names_and_keys_are_data_within_80_columns(user: CliRunner, stub_server: StubServer) -> None:
    hostile = "\u202e\u2066[31m" + "界" * 200
    told = name(hostile, events=9_999_999, metadata_keys=["\u202ekey" * 20], modelled=True, differing=9_999_999)
    stub_server.on("GET", NAMES, data(told, name("a" * 256)))
    outcome = user("event", "names", *PLACE)
    assert outcome.exit_code == 0
    assert len(outcome.out.splitlines()) == 3
    assert all(display_width(line) <= 80 for line in outcome.out.splitlines())
    assert "\u202e" not in outcome.out
    assert f"{'a' * 21}..." in outcome.out
    assert user("event", "names", *PLACE, "--json").envelope["data"][0] == told


def test_where_no_event_arrived_that_is_said_on_stderr(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", NAMES, data())
    outcome = user("event", "names", *PLACE)
    assert (outcome.out, outcome.err) == ("", "No event in staging of vod yet.\n")
    searched = user("event", "names", "--search", "x", *PLACE)
    assert searched.err == "No event with a matching name in staging of vod yet.\n"


def test_an_answer_that_is_no_list_of_names_is_reported(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", NAMES, data({**STARTED, "events": "many"}))
    outcome = user("event", "names", *PLACE)
    assert outcome.exit_code != 0
    assert "events" in outcome.err
