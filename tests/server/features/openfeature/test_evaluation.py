"""Flags over OFREP: their values, reasons and variants, whose they are, and that nothing is stored for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from templates_server.storage import tables
from tests.environments import decide
from tests.server.features.openfeature.ofrep_app import GIVEN, App, make_app
from tests.servers import RunningServer

TRIES = 5
FOOTBALL = {"name": "video/completed", "metadata": [{"key": "genre", "value": "Football"}]}


def everything_stored(server: RunningServer) -> dict[str, list[str]]:
    """Every row of every table."""
    return server.database.read_sync(
        lambda connection: {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in tables.metadata.sorted_tables
        }
    )


def test_every_entity_is_a_flag_with_the_state_that_a_session_shows(server: RunningServer) -> None:
    with make_app(server) as app:
        flags = app.flags("ada")
        states = app.client.post("/api/client/sessions", json={"external_id": "ada"}).json()["states"]
    assert {key: flags[key]["value"] for key in states} == states
    assert list(flags) == [
        "hidden.top", "hidden.top.enabled", *(f"hidden.top.{key}" for key in sorted((*GIVEN, "label"))),
        "home.row", "home.row.enabled",
        "home.side", "home.side.enabled", *(f"home.side.{key}" for key in sorted((*GIVEN, "label"))),
        "home.top", "home.top.enabled", *(f"home.top.{key}" for key in sorted((*GIVEN, "label"))),
    ]  # fmt: skip


def test_a_property_is_a_flag_of_its_type_and_a_list_has_values(server: RunningServer) -> None:
    with make_app(server) as app:
        flags = app.flags("ada")
    wanted = {**GIVEN, "list": {"values": GIVEN["list"]}, "label": "Hello"}
    assert {key: flags[f"home.top.{key}"]["value"] for key in wanted} == wanted


def test_of_what_is_unset_the_value_is_left_out_and_all_else_is_as_ever(server: RunningServer) -> None:
    with make_app(server) as app:
        flags = app.flags("ada")
    for key in GIVEN:
        unset = {"key": f"home.side.{key}", "reason": "STATIC", "variant": "none"}
        assert flags[f"home.side.{key}"] == unset
    assert flags["home.side.label"]["value"] == "Hello"


def test_values_that_look_like_nothing_are_values(server: RunningServer) -> None:
    given = {"text": "", "number": 0, "toggle": False, "color": {"value": "#000000", "opacity": 0}}
    with make_app(
        server, {"published": ["home"], "scenarios": {"home.top": {"default": {"properties": given}}}}
    ) as app:
        flags = app.flags("ada")
    assert {key: flags[f"home.top.{key}"]["value"] for key in given} == given


def test_the_reason_says_whether_a_scenario_was_meant_for_the_person_and_the_variant_which(
    server: RunningServer,
) -> None:
    with make_app(server) as app:
        app.has("ada", plan="gold")
        app.tell("events", [{**FOOTBALL, "external_id": "fan"}])
        told = {
            user: [(flag["reason"], flag["variant"]) for flag in (flags["home.top"], flags["home.top.label"])]
            for user, flags in ((user, app.flags(user)) for user in ("ada", "fan", "nobody"))
        }
        flags = app.flags("nobody")
    assert told == {
        "ada": [("TARGETING_MATCH", "For gold")] * 2,
        "fan": [("DISABLED", "For fans")] * 2,
        "nobody": [("STATIC", "default")] * 2,
    }
    assert [(flags[key]["reason"], flags[key]["variant"]) for key in ("home.side", "hidden.top")] == [
        ("STATIC", "none"),
        ("DISABLED", "none"),
    ]
    assert [flags[f"{key}.enabled"]["value"] for key in ("home.top", "home.side", "hidden.top")] == [True, True, False]


def test_one_flag_is_answered_as_among_all(server: RunningServer) -> None:
    with make_app(server) as app:
        app.has("ada", plan="gold")
        for user in ("ada", "nobody"):
            for key, flag in app.flags(user).items():
                answer = app.ask({"targetingKey": user}, key)
                assert (answer.status_code, answer.json()) == (200, flag)


def test_a_property_that_is_called_enabled_leaves_the_flag_to_the_state(server: RunningServer) -> None:
    hero = {"properties": {"enabled": {"type": "text"}, "label": {"type": "text"}}}
    model = {"experiences": {"hero": hero}, "collections": {"home": {"children": {"top": {"experience": "hero"}}}}}
    given = {"default": {"properties": {"enabled": "text", "label": "Label"}}}
    with make_app(server, {"published": ["home"], "scenarios": {"home.top": given}}, model=model) as app:
        flags = app.flags("ada")
        one = app.ask({"targetingKey": "ada"}, "home.top.label").json()
    assert list(flags) == ["home.top", "home.top.enabled", "home.top.label"]
    assert flags["home.top.enabled"]["value"] is True
    assert flags["home.top"]["value"]["properties"]["enabled"] == "text"
    assert one["value"] == "Label"


def test_scalars_of_the_context_are_fields_and_others_are_ignored(server: RunningServer) -> None:
    with make_app(server) as app:
        ignored = {"list": ["spring"], "object": {"campaign": "spring"}, "null": None}
        assert app.flags("ada", campaign="spring", **ignored)["home.top"]["variant"] == "By campaign"
        assert app.flags("ada", campaign=["spring"])["home.top"]["variant"] == "default"
        assert app.flags("ada", campaign={"value": "spring"})["home.top"]["variant"] == "default"
        assert app.flags("ada", campaign=True)["home.top"]["variant"] == "default"
        assert (
            app.flags("ada", plan="gold")["home.top"]["variant"] == "default"
        )  # what is stored decides, not what is said
        one = app.ask({"targetingKey": "ada", "campaign": "spring"}, "home.top.label").json()
    assert one["value"] == "Spring"


@pytest.mark.parametrize("name", ["targetingKey", "user_signature"])
def test_what_says_who_it_is_is_no_field(server: RunningServer, name: str) -> None:
    of_a_name = {"contextual": f"fields.{name}", "operator": "exists"}
    delivery = {
        "published": ["home"],
        "scenarios": {"home.top": {"targeted": [{"name": "Said", "tribes": ["said"]}]}},
    }
    with make_app(server, delivery) as app:
        tribes: dict[str, Any] = {"said": {"audience": "all", "match": "all", "filters": [of_a_name]}}
        decide(server.database, app.environment, tribes, revision=2)
        flags = app.flags("ada", user_signature="abc")
        assert flags["home.top"]["variant"] == "none"


def test_events_are_counted_by_their_data(server: RunningServer) -> None:
    delivery = {
        "published": ["home"],
        "scenarios": {"home.top": {"targeted": [{"name": "Bought", "tribes": ["buyers"]}]}},
    }
    condition = {"path": ["price", "amount"], "operator": "between", "value": [10, 20]}
    with make_app(server, delivery) as app:
        filters = [{"event": "shop/bought", "data": [condition]}]
        buyers: dict[str, Any] = {"buyers": {"audience": "all", "match": "all", "filters": filters}}
        decide(server.database, app.environment, buyers, revision=2)
        for who, amount in (("ada", 20), ("bob", 20.01)):
            app.tell("events", [{"name": "shop/bought", "external_id": who, "data": {"price": {"amount": amount}}}])
        assert [app.flags(who)["home.top"]["variant"] for who in ("ada", "bob")] == ["Bought", "none"]


def test_evaluating_stores_nothing(server: RunningServer) -> None:
    with make_app(server) as app:
        app.has("ada", plan="gold")
        app.tell("sessions", {"external_id": "ada"})
        # The server counts names of events, and notes uses of tokens, of the tests before this one.
        assert any(stores_nothing(server, lambda: evaluate(app)) for _ in range(TRIES))
        assert not stores_nothing(server, lambda: app.tell("sessions", {"external_id": "never seen"}))


def stores_nothing(server: RunningServer, deed: Callable[[], object]) -> bool:
    before = everything_stored(server)
    deed()
    return everything_stored(server) == before


def evaluate(app: App) -> None:
    """All kinds of evaluation, for somebody who is known and somebody who is not."""
    for user in ("ada", "never seen"):
        app.flags(user, campaign="spring")
        app.ask({"targetingKey": user}, "home.top")
        app.client.get(f"{app.stream_url(user)}&wait=0")
    app.ask({}, "home.top")


def test_flags_are_those_of_a_session_that_starts_now_for_each_kind_of_person(server: RunningServer) -> None:
    with make_app(server) as app:
        app.has("gold", plan="gold")
        app.tell("events", [{**FOOTBALL, "external_id": "fan"}])
        app.tell("alias", {"anonymous_id": "phone", "external_id": "merged"})
        for user in ("gold", "fan", "merged", "new"):
            for fields in ({}, {"campaign": "spring"}):
                flags = app.flags(user, **fields)
                started = app.client.post("/api/client/sessions", json={"external_id": user, "fields": fields}).json()
                assert {key: flags[key]["value"] for key in started["states"]} == started["states"]
