"""What a test says that is served, filled in from the fallbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .log import Log
from .reading import describe
from .values import as_object

if TYPE_CHECKING:
    from .space import Blueprint


def complete_states(
    blueprint: Blueprint[Any], states: Mapping[str, Any], log: Log
) -> Mapping[str, Any]:
    """The states of the entities that are named, whole."""
    complete: dict[str, Any] = {}
    for entity, given in as_object(states).items():
        if entity not in blueprint.entities:
            log(f"no entity {describe(entity)}")
        complete[entity] = _complete_state(blueprint.fallbacks.get(entity, {}), given)
    return complete


def _complete_state(fallback: Mapping[str, Any], given: Any) -> Mapping[str, Any]:
    given = given if isinstance(given, Mapping) else {}
    state: dict[str, Any] = {**fallback, "enabled": True, **given}
    if "properties" in fallback:
        properties = given.get("properties") or {}
        state["properties"] = {**fallback["properties"], **properties}
    if isinstance(given.get("items"), (list, tuple)):
        state["items"] = [
            _complete_item(at, item) for at, item in enumerate(given["items"])
        ]
    return state


def _complete_item(at: int, item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    return {"id": str(at), "enabled": True, "properties": {}, **item}
