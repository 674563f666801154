"""The changes from one delivery document to another, both in canonical form. Pure.

There is no change if and only if the documents are equal: the second document can be reconstructed from the changes and
the first one. Space, environment and revision are not part of a delivery.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from templates_server.features.spaces.delivery.scenario_selection import DEFAULT_NAME
from templates_server.features.spaces.delivery.schemas import ChangeKind, DeliveryChange, ValueChange

PLAIN_STEP = re.compile(r"[\w-]+")
POSITION = "position"
"""The last step of the path of an item's position, or the whole path of a scenario's: counted from 1."""

Values = dict[str, Any]
Positions = tuple[int | None, int | None]


def compare_deliveries(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[DeliveryChange, ...]:
    """Return every change: collections by key, then entities by key, with scenarios in their current order."""
    return (
        *_collections(set(before["published"]), set(after["published"])),
        *_entities(before["scenarios"], after["scenarios"]),
    )


def _collections(before: set[str], after: set[str]) -> Iterator[DeliveryChange]:
    for collection in sorted(before ^ after):
        kind = ChangeKind.PUBLISHED if collection in after else ChangeKind.UNPUBLISHED
        yield DeliveryChange(kind, collection=collection)


def _entities(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[DeliveryChange]:
    for entity in sorted(before.keys() | after.keys()):
        was, will_be = before.get(entity), after.get(entity)
        if _is_same(was, will_be):
            continue
        if not was and not will_be:  # it is named in one of them, without a scenario
            yield DeliveryChange(_kind(was, will_be), entity=entity)
        else:
            yield from _entity(entity, was or {}, will_be or {})


def _entity(entity: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[DeliveryChange]:
    was, will_be = before.get("default"), after.get("default")
    values = _changed_values(was or {}, will_be or {})
    if values:
        yield DeliveryChange(_kind(was, will_be), entity=entity, scenario=DEFAULT_NAME, values=values)
    old = {scenario["name"]: scenario for scenario in before.get("targeted", ())}
    new = {scenario["name"]: scenario for scenario in after.get("targeted", ())}
    positions = _changed_positions(list(old), list(new))
    for name in [*new, *(name for name in old if name not in new)]:
        yield from _targeted(entity, name, (old.get(name), new.get(name)), positions.get(name))


def _targeted(
    entity: str,
    name: str,
    scenarios: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None],
    place: Positions | None,
) -> Iterator[DeliveryChange]:
    was, will_be = scenarios
    moved = () if place is None else (ValueChange(POSITION, *place),)
    values = _changed_values(was or {}, will_be or {})
    if was is None or will_be is None:
        yield DeliveryChange(_kind(was, will_be), entity=entity, scenario=name, values=(*moved, *values))
        return
    if moved:
        yield DeliveryChange(ChangeKind.MOVED, entity=entity, scenario=name, values=moved)
    if values:
        yield DeliveryChange(ChangeKind.CHANGED, entity=entity, scenario=name, values=values)


def _kind(before: Any, after: Any) -> ChangeKind:
    if before is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if after is None else ChangeKind.CHANGED


def _changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[ValueChange, ...]:
    """Return the values of a scenario that differ; null stands for an absent one."""
    old, new = _values(before), _values(after)
    changed = [
        ValueChange(path, old.get(path), new.get(path))
        for path in {**old, **new}
        if not _is_same(old.get(path), new.get(path))
    ]
    places = _changed_positions(_ids(before), _ids(after))
    moved = [ValueChange(_path("items", identifier, POSITION), *place) for identifier, place in places.items()]
    return (*changed, *moved)


def _values(scenario: Mapping[str, Any]) -> Values:
    """Return every value of a scenario by path; a colour or a list is one value."""
    values: Values = {}
    for key, value in scenario.items():
        if key == "properties":
            values |= _properties(value, key)
        elif key == "items":
            for item in value:
                values |= _item(item)
        elif key != "name":
            values[key] = value
    return values


def _item(item: Mapping[str, Any]) -> Values:
    steps = ("items", item["id"])
    values = {_path(*steps, key): value for key, value in item.items() if key not in {"id", "properties"}}
    return values | _properties(item.get("properties", {}), *steps, "properties")


def _properties(properties: Mapping[str, Any], *steps: str) -> Values:
    return {_path(*steps, key): value for key, value in properties.items()}


def _path(*steps: str) -> str:
    """Join steps by dots; a step that contains a dot, such as an item id, is quoted."""
    return ".".join(step if PLAIN_STEP.fullmatch(step) else json.dumps(step, ensure_ascii=False) for step in steps)


def _ids(scenario: Mapping[str, Any]) -> Sequence[str]:
    return [item["id"] for item in scenario.get("items", ())]


def _changed_positions(before: Sequence[str], after: Sequence[str]) -> dict[str, Positions]:
    """Return the fewest old and new positions, from 1, of items added, removed or moved among the others."""
    old = {name: number for number, name in enumerate(before, start=1)}
    new = {name: number for number, name in enumerate(after, start=1)}
    both = [name for name in after if name in old]
    stay = {both[number] for number in _longest_ascent([old[name] for name in both])}
    return {name: (old.get(name), new.get(name)) for name in (*after, *before) if name not in stay}


def _longest_ascent(numbers: Sequence[int]) -> Sequence[int]:
    """Return the indexes of a longest increasing subsequence of distinct numbers."""
    ends: list[int] = []  # of the best selection of each length: its last number ...
    at: list[int] = []  # ... and the index of that
    previous: list[int] = []
    for index, number in enumerate(numbers):
        length = bisect_left(ends, number)
        previous.append(at[length - 1] if length else -1)
        ends[length : length + 1] = [number]
        at[length : length + 1] = [index]
    index, found = at[-1] if at else -1, []
    while index >= 0:
        found.append(index)
        index = previous[index]
    return found[::-1]


def _is_same(one: Any, other: Any) -> bool:
    """Return whether two values have the same representation: 1 is not true."""
    return one == other and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
