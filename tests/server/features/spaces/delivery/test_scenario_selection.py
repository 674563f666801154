"""How the state of an entity is chosen, rule by rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.features import demo
from templates_server.features.spaces.delivery.parser import ParseContext, read_delivery
from templates_server.features.spaces.delivery.scenario_selection import choose_states, default_states, is_in_time
from templates_server.features.spaces.delivery.state import NOTHING, DeliveryState, Scenario, TargetedScenario
from templates_server.features.spaces.model import Color, Item, ModelEntityState, SpaceModel
from templates_server.features.spaces.parser import read_model
from templates_server.primitives.yaml_json import read_yaml

FOLDER = Path(demo.__file__).parent
MODEL = read_model(
    {
        "experiences": {
            "hero": {
                "properties": {
                    "title": {"type": "text", "default": "Own"},
                    "link": {"type": "text"},
                    "tags": {"type": "list"},
                    "mode": {"type": "select", "options": ["a"]},
                    "tint": {"type": "color"},
                    "flag": {"type": "toggle", "default": True},
                }
            }
        },
        "sections": {"body": {"supports": ["hero"]}},
        "collections": {"home": {"children": {"top": {"experience": "hero"}, "list": {"section": "body"}}}},
    },
    space="vod",
    name="VOD",
)
UNSET = {"title": "Own", "link": None, "tags": (), "mode": "", "tint": Color(), "flag": True}


def delivery(scenarios: Any, *, published: bool = True) -> DeliveryState:
    document = {"published": ["home"] if published else [], "scenarios": scenarios}
    return read_delivery(document, ParseContext(MODEL, "production"))


def states(scenarios: Any, *, published: bool = True) -> dict[str, ModelEntityState]:
    return default_states(MODEL, delivery(scenarios, published=published))


def chosen(scenarios: Any, entity: str, *matching: str) -> tuple[str | None, ModelEntityState]:
    choice = choose_states(MODEL, delivery(scenarios), lambda targeted: targeted.name in matching)[entity]
    return choice.scenario, choice.state


def test_without_scenarios_an_entity_is_enabled_with_its_own_defaults_and_no_items() -> None:
    assert states({}) == {
        "home.list": ModelEntityState(enabled=True, items=()),
        "home.top": ModelEntityState(enabled=True, properties=UNSET),
    }


def test_what_is_not_published_is_disabled_whatever_its_scenarios_say() -> None:
    scenarios = {"home.top": {"default": {"enabled": True, "properties": {"title": "Hi"}}}}
    assert [state.enabled for state in states(scenarios, published=False).values()] == [False, False]
    assert [state.enabled for state in default_states(MODEL, NOTHING).values()] == [False, False]


def test_the_default_scenario_gives_values_over_the_models_defaults() -> None:
    given = {"title": "Hi", "flag": False, "tags": ["x"], "tint": {"value": "#112233"}}
    state = states({"home.top": {"default": {"properties": given}}})["home.top"]
    expected = {**UNSET, "title": "Hi", "flag": False, "tags": ("x",), "tint": Color("#112233")}
    assert state == ModelEntityState(enabled=True, properties=expected)


def test_a_default_scenario_may_disable() -> None:
    assert states({"home.top": {"default": {"enabled": False}}})["home.top"].enabled is False


TARGETED = {
    "home.top": {
        "default": {"enabled": False, "properties": {"title": "Default", "link": "/default"}},
        "targeted": [
            {"name": "first", "tribes": ["a"], "properties": {"title": "First", "link": None}},
            {"name": "second", "tribes": ["b"], "enabled": False, "properties": {"title": "Second"}},
        ],
    },
    "home.list": {
        "default": {"items": [{"id": "d", "experience": "hero", "properties": {"title": "D"}}]},
        "targeted": [
            {"name": "few", "tribes": ["a"], "items": [{"id": "f", "experience": "hero", "enabled": False}]},
            {"name": "none", "tribes": ["b"]},
        ],
    },
}


@pytest.mark.parametrize(
    ("matching", "expected"),
    [
        ((), ("default", False, "Default")),
        (("first",), ("first", True, "First")),
        (("second",), ("second", False, "Second")),
        (("second", "first"), ("first", True, "First")),
    ],
)
def test_the_first_targeted_scenario_that_matches_is_chosen(
    matching: tuple[str, ...], expected: tuple[str, bool, str]
) -> None:
    scenario, state = chosen(TARGETED, "home.top", *matching)
    assert state.properties is not None
    assert (scenario, state.enabled, state.properties["title"]) == expected


def test_a_property_that_the_chosen_scenario_does_not_give_is_the_default_scenarios() -> None:
    _, state = chosen(TARGETED, "home.top", "first")
    assert state.properties is not None
    assert state.properties["link"] == "/default"  # null means not given


def test_items_are_taken_whole_and_never_merged() -> None:
    of_hero = dict(UNSET)
    assert chosen(TARGETED, "home.list")[1].items == (
        Item("d", "hero", enabled=True, properties={**of_hero, "title": "D"}),
    )
    assert chosen(TARGETED, "home.list", "few")[1].items == (Item("f", "hero", enabled=False, properties=of_hero),)
    assert chosen(TARGETED, "home.list", "none") == ("none", ModelEntityState(enabled=True, items=()))


def test_without_any_scenario_there_is_no_name() -> None:
    assert chosen({}, "home.top")[0] is None


@pytest.mark.parametrize(("starts", "ends"), [(None, None), (5, None), (None, 6), (5, 6), (1, 9)])
def test_a_start_is_inclusive(starts: int | None, ends: int | None) -> None:
    assert is_in_time(TargetedScenario("x", ("a",), Scenario(), starts, ends), 5)


@pytest.mark.parametrize(("starts", "ends"), [(6, None), (None, 5), (1, 5), (6, 9)])
def test_an_end_is_exclusive(starts: int | None, ends: int | None) -> None:
    assert not is_in_time(TargetedScenario("x", ("a",), Scenario(), starts, ends), 5)


def test_the_reference_spaces_fallbacks_are_what_its_documents_say() -> None:
    model = read_model(_document("vod-space"), space="vod", name="VOD")
    found = default_states(model, read_delivery(_document("vod-production"), ParseContext(model, "production")))
    assert list(found) == ["homepage.body", "homepage.header", "onboarding.welcome"]
    assert found["homepage.header"] == ModelEntityState(
        enabled=True,
        properties={"background": Color("#6f58c4"), "gradient": Color("#2363ae"), "sticky": True},
    )
    assert found["onboarding.welcome"].properties == {"label": "Welcome", "ends-at": None, "discount-percent": None}
    items = found["homepage.body"].items
    assert items is not None
    assert [(item.id, item.experience) for item in items] == [
        ("tonight", "hero"), ("new-this-week", "carousel"), ("join", "banner"),
    ]  # fmt: skip
    assert items[1].properties == {
        "autoplay": False, "columns": 5, "heading": "New this week", "title-ids": ("t-101", "t-102", "t-103"),
    }  # fmt: skip


def _document(name: str) -> Any:
    return read_yaml((FOLDER / f"{name}.yaml").read_bytes(), max_depth=32)


def naive(model: SpaceModel, scenarios: Any, matching: set[str]) -> dict[str, Any]:
    """The rules for `home.top`, said again in the plainest way, over the document itself."""
    entity = scenarios.get("home.top", {})
    default = entity.get("default") or {}
    scenario = next((item for item in entity.get("targeted", []) if item["name"] in matching), default)
    own = {item.key: item.initial for item in model.experience_by_key["hero"].properties}
    result: dict[str, Any] = {}
    for key, initial in own.items():
        options = [scenario.get("properties", {}).get(key), default.get("properties", {}).get(key), initial]
        result[key] = next((value for value in options if value is not None), None)
    return {"enabled": scenario.get("enabled", True), "properties": result}


VALUES = st.fixed_dictionaries(
    {}, optional={"title": st.none() | st.text(max_size=3), "link": st.none() | st.just("/"), "flag": st.booleans()}
)
STATES = st.fixed_dictionaries({}, optional={"enabled": st.booleans(), "properties": VALUES})
ENTITIES = st.fixed_dictionaries(
    {},
    optional={
        "default": STATES,
        "targeted": st.lists(STATES, max_size=3).map(
            lambda found: [{**state, "name": f"t{n}", "tribes": ["a"]} for n, state in enumerate(found)]
        ),
    },
)


@given(ENTITIES, st.sets(st.sampled_from(["t0", "t1", "t2"])))
def test_what_is_chosen_is_what_the_rules_say(entity: Any, matching: set[str]) -> None:
    scenarios = {"home.top": entity}
    _, state = chosen(scenarios, "home.top", *matching)
    assert {"enabled": state.enabled, "properties": state.properties} == naive(MODEL, scenarios, matching)
