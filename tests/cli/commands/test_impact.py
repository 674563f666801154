"""`mtribes env push --dry-run --impact` and `mtribes tribe push --dry-run`: what is asked, and how it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import StubServer, data

OF_DELIVERY = "/v2/spaces/vod/environments/staging/delivery/impact"
OF_TRIBES = "/v2/spaces/vod/tribes/impact"
DELIVERY = "space: vod\nenvironment: staging\nrevision: 7\npublished: [homepage]\nscenarios: {}\n"
PUSH = ("env", "push", "d.yaml", "--env", "staging")
NOBODY = {"people": 0, "percent": 0.0, "margin": 0.0}
HOSTILE = "=cmd()\x1b[31m\u202e"


def share(people: int, percent: float, margin: float = 0.0) -> dict[str, Any]:
    return {"people": people, "percent": percent, "margin": margin}


def impact(margin: float = 0.0, **more: Any) -> dict[str, Any]:
    gold = {
        "scenario": "Gold",
        "gains": share(12, 1.2, margin),
        "losses": NOBODY,
        "gain_examples": [{"kind": "user", "id": "ada"}, {"kind": "visitor", "id": HOSTILE}],
        "loss_examples": [],
    }
    nothing = {
        "scenario": None,
        "gains": NOBODY,
        "losses": share(12, 1.2, margin),
        "gain_examples": [],
        "loss_examples": [{"kind": "user", "id": "ada"}],
    }
    entity = {
        "entity": "homepage.header",
        "changed": share(12, 1.2, margin),
        "edited": NOBODY,
        "cannot_be_known": share(1, 0.1, margin),
        "scenarios": [gold, nothing],
    }
    sample = {"people": 1000, "margin": 3.1} if margin else None
    found = {
        "environment": "staging",
        "revision": 7,
        "at": "2027-01-01T00:00:00Z",
        "since": "2026-12-02T00:00:00Z",
        "people": 1000,
        "sample": sample,
        "entities": [entity],
    }
    return {**found, **more}


def test_a_dry_run_counts_people_and_pushes_nothing(user: CliRunner, stub_server: StubServer) -> None:
    user.write("d.yaml", DELIVERY)
    stub_server.on("POST", OF_DELIVERY, data(impact()))
    outcome = user(*PUSH, "--dry-run")
    assert outcome.exit_code == 0
    assert outcome.out.splitlines() == [
        "Nothing was pushed. The document is valid.",
        "",
        "staging of vod: evaluated 1,000 people seen in the last 30 days.",
        (
            "homepage.header: 12 (1.20%) would get another scenario; 1 (0.10%) unknown, as the scenario "
            "depends on fields that the app sends."
        ),
    ]
    assert [asked.method for asked in stub_server.asked] == ["POST"]
    assert json.loads(stub_server.asked[0].body) == {"document": DELIVERY}
    assert (user.home / "d.yaml").read_text() == DELIVERY


def test_the_impact_lists_scenarios_with_safe_examples(user: CliRunner, stub_server: StubServer) -> None:
    user.write("d.yaml", DELIVERY)
    stub_server.on("POST", OF_DELIVERY, data(impact()))
    lines = user(*PUSH, "--dry-run", "--impact").out.splitlines()
    assert lines[5:8] == [
        "ENTITY           SCENARIO     GAIN        LOSE",
        "homepage.header  Gold         12 (1.20%)  0 (0.00%)",
        "homepage.header  no scenario  0 (0.00%)   12 (1.20%)",
    ]
    assert lines[9] == "Examples:"
    assert lines[10].startswith("  homepage.header, Gold, gain: ada, visitor =cmd()")
    assert not {"\x1b", "\u202e"} & set("".join(lines))
    assert lines[11] == "  homepage.header, no scenario, lose: ada"
    assert lines[-1] == ("To see why, run `mtribes session explain --user ID --space vod --environment staging`.")


def test_a_sample_is_told_with_its_margins(user: CliRunner, stub_server: StubServer) -> None:
    user.write("d.yaml", DELIVERY)
    stub_server.on("POST", OF_DELIVERY, data(impact(0.7)))
    out = user(*PUSH, "--dry-run", "--impact").out
    assert "12 (1.20% ±0.70)" in out
    assert "random sample" in out
    assert "3.10" in out


def test_json_has_all_of_it(user: CliRunner, stub_server: StubServer) -> None:
    user.write("d.yaml", DELIVERY)
    stub_server.on("POST", OF_DELIVERY, data(impact()))
    envelope = user(*PUSH, "--dry-run", "--impact", "--json").envelope
    assert envelope["data"] == {"space": "vod", "dry_run": True, "environments": [impact()]}


def test_a_json_document_is_sent_in_its_own_bytes(user: CliRunner, stub_server: StubServer) -> None:
    user.write("d.json", '{"space": "vod", "published": [1.0], "published": []}')
    stub_server.on("POST", OF_DELIVERY, data(impact(entities=[])))
    outcome = user("env", "push", "d.json", "--env", "staging", "--dry-run")
    assert stub_server.asked[0].body == b'{"document": {"space": "vod", "published": [1.0], "published": []}}'
    assert outcome.out.endswith("Nobody would get another scenario or other content.\n")


def test_a_document_of_an_older_revision_is_told(user: CliRunner, stub_server: StubServer) -> None:
    user.write("d.yaml", DELIVERY)
    stub_server.on("POST", OF_DELIVERY, data(impact(revision=9)))
    assert "is based on revision 7, but the current one is 9" in user(*PUSH, "--dry-run").err


def test_the_impact_alone_is_refused_as_it_would_push(user: CliRunner, stub_server: StubServer) -> None:
    user.write("d.yaml", DELIVERY)
    outcome = user(*PUSH, "--impact")
    assert outcome.exit_code == 2
    assert "--dry-run" in outcome.err
    assert stub_server.asked == []


def test_the_impact_of_tribes_is_told_by_environment(user: CliRunner, stub_server: StubServer) -> None:
    user.write("t.yaml", "space: vod\ntribes: {}\n")
    stub_server.on("POST", OF_TRIBES, data(impact(), impact(environment="production", people=1, entities=[])))
    outcome = user("tribe", "push", "t.yaml", "--dry-run")
    assert outcome.exit_code == 0
    assert "homepage.header  Gold " in outcome.out
    assert "production of vod: evaluated 1 person seen in the last 30 days." in outcome.out
    assert [asked.method for asked in stub_server.asked] == ["POST"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("people", "many"), ("percent", "1.2"), ("percent", True), ("margin", 1e300), ("margin", None)],
)
def test_an_answer_of_another_shape_is_named(
    user: CliRunner, stub_server: StubServer, name: str, value: object
) -> None:
    user.write("d.yaml", DELIVERY)
    entity = impact()["entities"][0]
    entity["edited"] = {**NOBODY, name: value}
    stub_server.on("POST", OF_DELIVERY, data(impact(entities=[entity])))
    outcome = user(*PUSH, "--dry-run")
    assert outcome.exit_code == 1
    assert f"data[0].entities[0].edited.{name}" in outcome.err
