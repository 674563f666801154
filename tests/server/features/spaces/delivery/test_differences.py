"""What changes from one delivery to another: nothing where they are equal, and all that it takes to make the second."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.features.spaces.delivery.differences import compare_deliveries
from templates_server.features.spaces.delivery.schemas import DeliveryChange, ValueChange

Document = dict[str, Any]

KEYS = st.sampled_from(["title", "color", "n-1"])
VALUES = st.one_of(
    st.sampled_from(["", "a", 0, 1, True, False, 1.5]),
    st.sampled_from([{"value": None, "opacity": 1}, {"value": "#000000", "opacity": 0.5}]),
    st.lists(st.sampled_from(["a", "b"]), max_size=2),
)
PROPERTIES = st.dictionaries(KEYS, VALUES, min_size=1, max_size=3)
ITEM_IDS = ["a", "b", "a.position", "b.properties.title", "position", "1"]
TIMES = ["2027-01-01T00:00:00Z", "2027-06-01T00:00:00Z"]


@st.composite
def items(draw: st.DrawFn) -> list[Document]:
    """The list of a section, as it is in canonical form."""
    found = []
    for identifier in draw(st.lists(st.sampled_from(ITEM_IDS), unique=True, min_size=1)):
        item = {"id": identifier, "experience": draw(st.sampled_from(["hero", "tip"])), "enabled": draw(st.booleans())}
        properties = draw(st.none() | PROPERTIES)
        found.append(item if properties is None else {**item, "properties": properties})
    return found


@st.composite
def states(draw: st.DrawFn) -> Document:
    """A scenario without its name."""
    state = {"enabled": draw(st.booleans())}
    content = draw(st.sampled_from(["nothing", "properties", "items"]))
    if content == "nothing":
        return state
    return {**state, content: draw(PROPERTIES if content == "properties" else items())}


@st.composite
def entities(draw: st.DrawFn) -> Document:
    """The scenarios of an entity, perhaps none."""
    entity: Document = {}
    if draw(st.booleans()):
        entity["default"] = draw(states())
    targeted = []
    for name in draw(st.lists(st.sampled_from(["Gold", "Silver", "<b>", "position", "New"]), unique=True)):
        times = draw(st.fixed_dictionaries({}, optional={key: st.sampled_from(TIMES) for key in ("starts", "ends")}))
        tribes = draw(st.lists(st.sampled_from(["gold", "silver"]), unique=True, min_size=1).map(sorted))
        targeted.append({"name": name, "tribes": tribes, **times, **draw(states())})
    return {**entity, "targeted": targeted} if targeted else entity


DOCUMENTS = st.fixed_dictionaries(
    {
        "space": st.just("vod"),
        "environment": st.sampled_from(["staging", "production"]),
        "published": st.lists(st.sampled_from(["home", "help", "x"]), unique=True).map(sorted),
        "scenarios": st.dictionaries(st.sampled_from(["home.top", "home.body", "help.tip"]), entities()),
    }
)
"""Deliveries in canonical form."""


def content_of(document: Document) -> str:
    """What is delivered, as text that differs where 1 was and true is."""
    return json.dumps([document["published"], document["scenarios"]], sort_keys=True)


# An independent way from the changes to the second document


def steps_of(path: str) -> list[str]:
    """The steps that a path was joined from."""
    return [json.loads(step) if step.startswith('"') else step for step in re.findall(r'"(?:[^"\\]|\\.)*"|[^.]+', path)]


def applied(document: Document, changes: Sequence[DeliveryChange]) -> Document:
    """The document after these changes; entities without scenarios are left out."""
    after = deepcopy(document)
    published = set(after["published"])
    for change in changes:
        if change.collection is not None:
            published ^= {change.collection}
            assert (change.kind == "published") == (change.collection in published)
    scenarios = {
        entity: _entity_after(after["scenarios"].get(entity, {}), [each for each in changes if each.entity == entity])
        for entity in {*after["scenarios"], *(change.entity for change in changes if change.entity)}
    }
    return {**after, "published": sorted(published), "scenarios": {key: one for key, one in scenarios.items() if one}}


def _entity_after(entity: Document, changes: Sequence[DeliveryChange]) -> Document:
    states = {"default": entity["default"]} if "default" in entity else {}
    targeted = {each["name"]: each for each in entity.get("targeted", ())}
    moves: dict[str, int | None] = {}
    for change in changes:
        if change.scenario is None:
            continue
        among = states if change.scenario == "default" else targeted
        assert (change.kind == "added") == (change.scenario not in among)
        if change.kind == "removed":
            del among[change.scenario]
            continue
        at_first = {} if change.scenario == "default" else {"name": change.scenario}
        among[change.scenario] = _state_after(among.get(change.scenario, at_first), change.values)
        for value in change.values:
            if value.path == "position":
                moves[change.scenario] = value.after
    order = _order_after(list(targeted), moves)
    return {**states, **({"targeted": [targeted[name] for name in order]} if order else {})}


def _state_after(state: Document, values: Sequence[ValueChange]) -> Document:
    flat = dict(state)
    found = {each["id"]: each for each in deepcopy(flat.pop("items", []))}
    moves = {}
    for value in values:
        match steps_of(value.path):
            case ["position"]:
                continue
            case ["items", identifier, "position"]:
                moves[identifier] = value.after
            case ["items", identifier, *rest]:
                _put(found.setdefault(identifier, {"id": identifier}), rest, value)
            case steps:
                _put(flat, steps, value)
    order = _order_after([key for key in found if moves.get(key, 0) is not None], moves)
    return {**flat, **({"items": [found[key] for key in order]} if order else {})}


def _put(into: Document, steps: Sequence[str], value: ValueChange) -> None:
    if len(steps) == 2:
        inner = dict(into.get(steps[0], {}))
        _put(inner, steps[1:], value)
        into[steps[0]] = inner
        if not inner:
            del into[steps[0]]
        return
    assert into.get(steps[0]) == value.before
    if value.after is None:
        del into[steps[0]]
    else:
        into[steps[0]] = value.after


def _order_after(names: Sequence[str], moves: Mapping[str, int | None]) -> list[str]:
    """Those that stay in their order, and the others each at its place."""
    order = [name for name in names if name not in moves]
    for name, place in sorted(moves.items(), key=lambda move: move[1] or 0):
        if place is not None:
            order.insert(place - 1, name)
    return order


def without_empty(document: Document) -> Document:
    return {**document, "scenarios": {key: one for key, one in document["scenarios"].items() if one}}


@pytest.mark.slow
@given(DOCUMENTS, DOCUMENTS)
def test_there_is_no_change_exactly_where_the_deliveries_are_equal(before: Document, after: Document) -> None:
    assert (compare_deliveries(before, after) == ()) == (content_of(before) == content_of(after))
    assert compare_deliveries(before, deepcopy(before)) == ()


@pytest.mark.slow
@given(DOCUMENTS, DOCUMENTS)
def test_the_changes_make_the_second_of_the_first(before: Document, after: Document) -> None:
    made = applied(before, compare_deliveries(before, after))
    assert content_of(made) == content_of(without_empty(after))


@given(DOCUMENTS, DOCUMENTS)
def test_the_way_back_has_the_same_changes_the_other_way_round(before: Document, after: Document) -> None:
    reverse = {"added": "removed", "removed": "added", "published": "unpublished", "unpublished": "published"}

    def told(changes: Sequence[DeliveryChange], *, backwards: bool) -> set[Any]:
        return {
            (reverse.get(each.kind, each.kind) if backwards else each.kind, each.collection, each.entity, each.scenario)
            for each in changes
            if each.kind != "moved"
        }

    there, back = compare_deliveries(before, after), compare_deliveries(after, before)
    unmoved = [[each for each in changes if not _moves_alone(each)] for changes in (there, back)]
    assert told(unmoved[0], backwards=True) == told(unmoved[1], backwards=False)


def _moves_alone(change: DeliveryChange) -> bool:
    """Whether items changed their places and nothing else: which of them moved may be told in several ways."""
    return change.kind == "changed" and all(each.path.endswith(".position") for each in change.values)


# Examples


def delivery(published: Sequence[str] = (), **scenarios: Any) -> Document:
    return {"published": list(published), "scenarios": {key.replace("_", "."): one for key, one in scenarios.items()}}


def targeted(name: str, **more: Any) -> Document:
    return {"name": name, "tribes": ["gold"], "enabled": True, **more}


def told(before: Document, after: Document) -> list[Any]:
    return [
        {key: value for key, value in change.items() if value not in (None, [])}
        for change in json.loads(msgspec.json.encode(compare_deliveries(before, after)))
    ]


def test_collections_are_published_or_not() -> None:
    assert told(delivery(["a", "b"]), delivery(["b", "c"])) == [
        {"kind": "unpublished", "collection": "a"},
        {"kind": "published", "collection": "c"},
    ]


def test_a_property_is_told_before_and_after_by_its_path() -> None:
    before = delivery(home_top={"default": {"enabled": True, "properties": {"title": "Hi", "color": {"opacity": 1}}}})
    after = delivery(home_top={"default": {"enabled": False, "properties": {"title": "Hello", "size": 1}}})
    values = [
        {"path": "enabled", "before": True, "after": False},
        {"path": "properties.title", "before": "Hi", "after": "Hello"},
        {"path": "properties.color", "before": {"opacity": 1}, "after": None},
        {"path": "properties.size", "before": None, "after": 1},
    ]
    expected = {"kind": "changed", "entity": "home.top", "scenario": "default", "values": values}
    assert told(before, after) == [expected]


def test_a_number_that_becomes_true_is_a_change() -> None:
    before, after = (delivery(a_b={"default": {"properties": {"p": value}}}) for value in (1, True))
    assert told(before, after)[0]["values"] == [{"path": "properties.p", "before": 1, "after": True}]


def test_the_one_scenario_that_was_moved_is_told_and_no_other() -> None:
    names = ["A", "B", "C", "D", "E"]
    before = delivery(a_b={"targeted": [targeted(name) for name in names]})
    after = delivery(a_b={"targeted": [targeted(name) for name in ("E", "A", "B", "C", "D")]})
    moved = {"kind": "moved", "entity": "a.b", "scenario": "E"}
    assert told(before, after) == [{**moved, "values": [{"path": "position", "before": 5, "after": 1}]}]


def test_a_scenario_that_moved_and_changed_is_told_twice() -> None:
    before = delivery(a_b={"targeted": [targeted("A"), targeted("B"), targeted("C")]})
    after = delivery(a_b={"targeted": [targeted("C", starts=TIMES[0]), targeted("A"), targeted("B")]})
    assert [(change["kind"], change["scenario"], change["values"]) for change in told(before, after)] == [
        ("moved", "C", [{"path": "position", "before": 3, "after": 1}]),
        ("changed", "C", [{"path": "starts", "before": None, "after": TIMES[0]}]),
    ]


def test_a_scenario_that_came_or_went_is_told_with_all_its_values() -> None:
    before = delivery(a_b={"targeted": [targeted("Old", properties={"p": "x"})]})
    after = delivery(a_b={"targeted": [targeted("New")]})
    added, removed = told(before, after)
    assert (added["kind"], added["scenario"]) == ("added", "New")
    assert added["values"] == [
        {"path": "position", "before": None, "after": 1},
        {"path": "tribes", "before": None, "after": ["gold"]},
        {"path": "enabled", "before": None, "after": True},
    ]
    assert (removed["kind"], removed["scenario"]) == ("removed", "Old")
    assert {"path": "properties.p", "before": "x", "after": None} in removed["values"]


def test_items_are_told_by_their_ids() -> None:
    def section(*items: Document) -> Document:
        return delivery(a_b={"default": {"enabled": True, "items": list(items)}})

    one, two = ({"id": name, "experience": "hero", "enabled": True} for name in ("one", "t.w.o"))
    (change,) = told(section(one, two), section({**two, "properties": {"title": "2"}}, one))
    assert change["values"] == [
        {"path": 'items."t.w.o".properties.title', "before": None, "after": "2"},
        {"path": 'items."t.w.o".position', "before": 2, "after": 1},
    ]


def test_an_entity_without_scenarios_is_told_where_it_came_or_went() -> None:
    assert told(delivery(), delivery(a_b={})) == [{"kind": "added", "entity": "a.b"}]
    assert told(delivery(a_b={}), delivery()) == [{"kind": "removed", "entity": "a.b"}]
