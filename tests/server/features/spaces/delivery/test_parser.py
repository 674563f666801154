"""Delivery documents: every rule, every problem by its path, and what becomes of them when the model changes."""

from __future__ import annotations

from typing import Any

import pytest

from templates_server.errors import ValidationFailed
from templates_server.features.spaces.delivery.parser import ParseContext, parse_delivery, read_delivery, to_document
from templates_server.features.spaces.delivery.scenario_selection import default_states
from templates_server.features.spaces.delivery.state import DeliveryState, Scenario, ScenarioItem, TargetedScenario
from templates_server.features.spaces.model import Color, SpaceModel
from templates_server.features.spaces.parser import read_model

SPACE: dict[str, Any] = {
    "experiences": {
        "hero": {"properties": {"title": {"type": "text"}, "columns": {"type": "number"}, "tint": {"type": "color"}}},
        "banner": {"properties": {"label": {"type": "text"}}},
    },
    "sections": {"body": {"supports": ["hero"]}},
    "collections": {
        "home": {"children": {"top": {"experience": "hero"}, "list": {"section": "body"}}},
        "help": {"children": {"tip": {"experience": "banner"}}},
    },
}
TRIBES = frozenset({"gold", "silver"})


def model(document: Any = SPACE) -> SpaceModel:
    return read_model(document, space="vod", name="VOD")


def read(document: Any, of: SpaceModel | None = None) -> DeliveryState:
    return read_delivery(document, ParseContext(of or model(), "production", TRIBES))


def problems(document: Any, of: SpaceModel | None = None) -> dict[str, str]:
    _, found = parse_delivery(document, ParseContext(of or model(), "production", TRIBES))
    told = {problem.path: problem.message for problem in found}
    assert all(" " in message for message in told.values())
    return told


def entity(**scenarios: Any) -> Any:
    return {"scenarios": {"home.top": scenarios}}


def targeted(**changes: Any) -> Any:
    return entity(targeted=[{"name": "Gold", "tribes": ["gold"], **changes}])


WHOLE = {
    "space": "vod",
    "environment": "production",
    "revision": 4,
    "published": ["home"],
    "scenarios": {
        "home.top": {
            "default": {"properties": {"title": "Hi", "tint": {"value": "#ABCDEF"}}},
            "targeted": [
                {
                    "name": "Gold",
                    "tribes": ["silver", "gold"],
                    "starts": "2026-12-01T00:00:00+01:00",
                    "ends": "2026-12-24T00:00:00Z",
                    "enabled": False,
                }
            ],
        },
        "home.list": {"default": {"items": [{"id": "a.1", "experience": "hero", "properties": {"columns": 3.0}}]}},
    },
}


def test_a_document_is_read_whole() -> None:
    delivery = read(WHOLE)
    assert delivery.published == {"home"}
    top = delivery.scenarios["home.top"]
    assert top.default == Scenario(properties={"title": "Hi", "tint": Color("#abcdef")})
    times = (1796079600000, 1798070400000)
    assert top.targeted == (TargetedScenario("Gold", ("gold", "silver"), Scenario(enabled=False), *times),)
    listed = delivery.scenarios["home.list"].default
    assert listed == Scenario(items=(ScenarioItem("a.1", "hero", properties={"columns": 3}),))


def test_the_canonical_form_is_read_back_equal_and_stays() -> None:
    canonical = to_document(read(WHOLE), space="vod", environment="production")
    assert read(canonical) == read(WHOLE)
    assert to_document(read(canonical), space="vod", environment="production") == canonical
    gold = canonical["scenarios"]["home.top"]["targeted"][0]
    assert (gold["starts"], gold["ends"], gold["tribes"]) == (
        "2026-11-30T23:00:00Z", "2026-12-24T00:00:00Z", ["gold", "silver"],
    )  # fmt: skip


@pytest.mark.parametrize("document", [None, {}, {"published": None, "scenarios": None}, entity(default=None)])
def test_what_is_not_given_is_nothing(document: Any) -> None:
    assert read(document).published == frozenset()


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ({"space": "other"}, {"space"}),
        ({"environment": "staging"}, {"environment"}),
        ({"revision": "4"}, {"revision"}),
        ({"publish": []}, {"publish"}),
        ({"published": ["home", "homee", "home", None, 5]},
         {"published[1]", "published[2]", "published[3]", "published[4]"}),
        ({"published": "home"}, {"published"}),
        ({"scenarios": {"home.tip": {}}}, {"scenarios.home.tip"}),
        ({"scenarios": {"home": {}}}, {"scenarios.home"}),
        ({"scenarios": []}, {"scenarios"}),
        (entity(defaults={}), {"scenarios.home.top.defaults"}),
        (entity(default=[{}]), {"scenarios.home.top.default"}),
        (entity(default={"enabled": "on"}), {"scenarios.home.top.default.enabled"}),
        (entity(default={"items": []}), {"scenarios.home.top.default.items"}),
        (entity(default={"properties": {"titel": "x"}}), {"scenarios.home.top.default.properties.titel"}),
        (entity(default={"properties": {"title": 5, "columns": "5", "tint": "#aabbcc"}}),
         {f"scenarios.home.top.default.properties.{key}" for key in ("title", "columns", "tint")}),
        ({"scenarios": {"home.list": {"default": {"properties": {}}}}}, {"scenarios.home.list.default.properties"}),
        (entity(targeted={}), {"scenarios.home.top.targeted"}),
        (entity(targeted=[{}]), {"scenarios.home.top.targeted[0].name", "scenarios.home.top.targeted[0].tribes"}),
        (targeted(name=""), {"scenarios.home.top.targeted[0].name"}),
        (targeted(name="default"), {"scenarios.home.top.targeted[0].name"}),
        (targeted(tribes=[]), {"scenarios.home.top.targeted[0].tribes"}),
        (targeted(tribes="gold"), {"scenarios.home.top.targeted[0].tribes"}),
        (targeted(tribes=["gold", "golden", "gold", None]),
         {f"scenarios.home.top.targeted[0].tribes[{number}]" for number in (1, 2, 3)}),
        (targeted(starts="tomorrow"), {"scenarios.home.top.targeted[0].starts"}),
        (targeted(starts="2026-12-01T00:00:00Z", ends="2026-12-01T00:00:00Z"), {"scenarios.home.top.targeted[0].ends"}),
        (targeted(starts="2026-12-01T00:00:00Z", ends="2026-12-01T01:00:00+02:00"),
         {"scenarios.home.top.targeted[0].ends"}),
        (targeted(until="x"), {"scenarios.home.top.targeted[0].until"}),
        (entity(targeted=[{"name": "A", "tribes": ["gold"]}] * 2), {"scenarios.home.top.targeted[1].name"}),
    ],
)  # fmt: skip
def test_a_broken_rule_is_a_problem_at_its_path(document: Any, paths: set[str]) -> None:
    assert set(problems(document)) == paths
    with pytest.raises(ValidationFailed):
        read(document)


@pytest.mark.parametrize(
    ("items", "paths"),
    [
        ([{}], {"[0].id", "[0].experience"}),
        ([5], {"[0]", "[0].id", "[0].experience"}),
        ([{"id": "a", "experience": "banner"}], {"[0].experience"}),
        ([{"id": "a", "experience": "heroo"}], {"[0].experience"}),
        ([{"id": "a", "experience": "hero"}, {"id": "a", "experience": "hero"}], {"[1].id"}),
        ([{"id": 5, "experience": "hero"}], {"[0].id"}),
        ([{"id": "a b", "experience": "hero"}], {"[0].id"}),
        ([{"id": "x" * 65, "experience": "hero"}], {"[0].id"}),
        ([{"id": "a", "experience": "hero", "properties": {"label": "x", "columns": True}}],
         {"[0].properties.label", "[0].properties.columns"}),
        ([{"id": "a", "experience": "hero", "enabled": 1, "x": 1}], {"[0].enabled", "[0].x"}),
    ],
)  # fmt: skip
def test_an_item_must_be_of_an_experience_that_the_section_supports(items: Any, paths: set[str]) -> None:
    found = problems({"scenarios": {"home.list": {"default": {"items": items}}}})
    assert set(found) == {f"scenarios.home.list.default.items{path}" for path in paths}


def test_names_nearby_are_suggested() -> None:
    found = problems({"published": ["hme"], "scenarios": {"home.tops": {}}})
    assert 'did you mean "home"?' in found["published[0]"]
    assert 'did you mean "home.top"?' in found["scenarios.home.tops"]


def smaller_model() -> SpaceModel:
    """Without the collection `help`, the property `columns`; `title` is a number; the section takes banners only."""
    document = {
        "experiences": {
            "hero": {"properties": {"title": {"type": "number"}, "tint": {"type": "color"}}},
            "banner": SPACE["experiences"]["banner"],
        },
        "sections": {"body": {"supports": ["banner"]}},
        "collections": {"home": SPACE["collections"]["home"]},
    }
    return model(document)


def test_what_the_model_no_longer_has_is_passed_over_and_a_problem_of_the_next_push() -> None:
    document = {
        "published": ["help", "home"],
        "scenarios": {
            "help.tip": {"default": {"enabled": False}},
            "home.top": {"default": {"properties": {"title": "Hi", "columns": 3, "tint": {"value": "#aabbcc"}}}},
            "home.list": {
                "default": {"items": [{"id": "a", "experience": "hero"}, {"id": "b", "experience": "banner"}]}
            },
        },
    }
    small = smaller_model()
    delivery, found = parse_delivery(document, ParseContext(small, "production"))
    states = default_states(small, delivery)
    assert set(states) == {"home.top", "home.list"}
    assert states["home.top"].enabled is True
    assert states["home.top"].properties == {"title": None, "tint": Color("#aabbcc")}
    assert [item.id for item in states["home.list"].items or ()] == ["b"]
    assert {problem.path for problem in found} == {
        "published[0]", "scenarios.help.tip", "scenarios.home.top.default.properties.title",
        "scenarios.home.top.default.properties.columns", "scenarios.home.list.default.items[0].experience",
    }  # fmt: skip
