"""What a test says that is served, filled in from the fallbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .log import Log
from .reading import describe
from .values import as_list, as_object

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
        fallback = as_object(blueprint.fallbacks.get(entity, {}))
        complete[entity] = _complete_state(fallback, given)
    return complete


def _complete_state(fallback: Mapping[str, Any], given: Any) -> Mapping[str, Any]:
    known = as_object(given)
    state: dict[str, Any] = {**fallback, "enabled": True, **known}
    if "properties" in fallback:
        properties = as_object(known.get("properties") or {})
        state["properties"] = {**fallback["properties"], **properties}
    if "items" in known:
        items = enumerate(as_list(known["items"]))
        state["items"] = [_complete_item(at, item) for at, item in items]
    return state


def _complete_item(at: int, item: Any) -> Any:
    known = as_object(item)
    return {"id": str(at), "enabled": True, "properties": {}, **known}
