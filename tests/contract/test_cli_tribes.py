"""Tribes with the real command line at the real server."""

from __future__ import annotations

import httpx
import pytest

from tests.contract.people import Signed
from tests.people import unique
from tests.servers import RunningServer

TRIBES = """\
# Who gets what.
space: {space}
tribes:
  gold:
    name: Gold members
    category: Subscription
    audience: users
    match: all
    filters:
      - {{attribute: attributes.plan, operator: equals, value: gold}}
      - {{attribute: joined, operator: after, value: 2020-01-01}}
  spring:
    filters:
      - {{contextual: fields.campaign, operator: in, value: [spring, 春]}}
"""


@pytest.fixture
def space(ada: Signed, server: RunningServer) -> str:
    """The key of a new Space with these tribes, and two users in production."""
    key = unique("store")
    assert ada.mtribes("space", "create", key, "--org", ada.organization).exit_code == 0
    ada.mtribes.write("tribes.yaml", TRIBES.format(space=key))
    pushed = ada.mtribes("tribe", "push", "tribes.yaml", "--json")
    assert pushed.exit_code == 0, pushed.out
    assert pushed.envelope["data"] == {"space": key, "revision": 1, "changed": True}
    people = [{"user_id": "bea", "attributes": {"plan": "gold"}, "joined": "2026-11-01"}, {"user_id": "cid"}]
    headers = {"Authorization": f"Bearer {ada.mtribes.environment['MTRIBES_TOKEN']}"}
    url = f"{server.url}/v2/spaces/{key}/environments/production/users"
    assert httpx.post(url, json=people, headers=headers, trust_env=False).status_code == 201
    return key


def test_tribes_are_listed_shown_and_pulled_as_they_were_pushed(ada: Signed, space: str) -> None:
    assert [one["key"] for one in ada.mtribes("tribe", "list", "--space", space, "--json").envelope["data"]] == [
        "gold",
        "spring",
    ]
    assert "value: gold" in ada.mtribes("tribe", "show", "gold", "--space", space).out
    assert ada.mtribes("tribe", "pull", "--space", space, "--output", "again.yaml").exit_code == 0
    again = ada.mtribes("tribe", "push", "again.yaml", "--json")
    assert again.envelope["data"] == {"space": space, "revision": 1, "changed": False}


def test_every_problem_of_a_document_is_told_by_its_path(ada: Signed, space: str) -> None:
    text = TRIBES.format(space=space).replace("equals", "equls").replace("fields.campaign", "campaign")
    ada.mtribes.write("bad.yaml", text)
    outcome = ada.mtribes("tribe", "push", "bad.yaml", "--json")
    assert outcome.exit_code == 2
    assert {error["path"] for error in outcome.envelope["errors"]} == {
        "tribes.gold.filters[0].operator",
        "tribes.spring.filters[0].contextual",
    }


def test_people_are_counted_and_explained(ada: Signed, space: str) -> None:
    place = ("--space", space, "--env", "production")
    assert ada.mtribes("tribe", "count", "gold", *place).out == "1\n"
    lines = ada.mtribes("tribe", "explain", "gold", "--user", "bea", *place).out.splitlines()
    assert lines == [
        "bea is in gold (Gold members): all of its filters must match; 2 of 2 do.",
        'yes  attributes.plan equals "gold": it is "gold"; matches',
        "yes  joined is after 2020-01-01: it is 2026-11-01; matches",
    ]
    outcome = ada.mtribes("tribe", "explain", "gold", "--user", "cid", *place)
    assert "no  joined is after 2020-01-01: it does not exist; does not match" in outcome.out.splitlines()


def test_a_contextual_tribe_cannot_be_counted_but_explained_with_what_an_app_would_say(ada: Signed, space: str) -> None:
    place = ("--space", space, "--env", "production")
    count = ada.mtribes("tribe", "count", "spring", *place)
    assert count.exit_code == 2
    assert "cannot be listed or counted" in count.err
    unknown = ada.mtribes("tribe", "explain", "spring", "--user", "cid", *place)
    assert unknown.out.startswith("Whether cid is in spring is unknown without more fields: ")
    known = ada.mtribes("tribe", "explain", "spring", "--user", "cid", "--field", "campaign=春", *place)
    assert known.out.startswith("cid is in spring: ")


def test_a_tribe_is_removed(ada: Signed, space: str) -> None:
    assert ada.mtribes("tribe", "delete", "spring", "--space", space).out == "Deleted spring.\n"
    assert ada.mtribes("tribe", "show", "spring", "--space", space).exit_code == 1


def test_conditions_on_the_data_of_events_are_pushed_shown_and_explained(ada: Signed, space: str) -> None:
    place = ("--space", space, "--env", "production")
    lines = [
        f"space: {space}",
        "revision: 1",
        "tribes:",
        "  buyers:",
        "    filters:",
        "      - event: Product Purchased",
        "        data:",
        "          - {path: [price, amount], operator: greater_than, value: 10}",
        '          - {path: ["a.b", 日本], operator: not_exists}',
    ]
    ada.mtribes.write("data.yaml", "\n".join(lines))
    assert ada.mtribes("tribe", "push", "data.yaml").exit_code == 0
    shown = ada.mtribes("tribe", "show", "buyers", "--space", space).out
    assert "path: [price, amount]" in shown
    assert "path: [a.b, 日本]" in shown
    assert ada.mtribes("tribe", "pull", "--space", space, "--output", "data.yaml").exit_code == 0
    assert ada.mtribes("tribe", "push", "data.yaml", "--json").envelope["data"]["changed"] is False
    explained = ada.mtribes("tribe", "explain", "buyers", "--user", "bea", *place).out.splitlines()[1]
    assert explained == (
        'no  has done Product Purchased at least once, where data.price.amount is greater than 10 and data."a.b".日本 '
        "does not exist: never found; does not match"
    )
    ada.mtribes.write("data.yaml", "\n".join(lines).replace("revision: 1", "revision: 2").replace("exists", "exist"))
    outcome = ada.mtribes("tribe", "push", "data.yaml", "--json")
    assert [error["path"] for error in outcome.envelope["errors"]] == ["tribes.buyers.filters[0].data[1].operator"]
