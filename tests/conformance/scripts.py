"""What cases script the relay to answer: from the words of an `answer` step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any

from tests.conformance.relay import Plan
from tests.conformance.value_paths import ABSENT, put

Change = Callable[[Any], Any]


def plans_of(script: Any, *, now: float) -> list[Plan]:
    """What becomes of the next requests: `pass on`, or an object as the manual describes it."""
    if script == "pass on":
        return [Plan()]
    words = dict(script)
    times = words.pop("times", 1)
    changes = {**words.pop("change", {}), **dict.fromkeys(words.pop("remove", ()), ABSENT)}
    if changes:
        words["change"] = _change(changes)
    if "items" in words:
        words["change"] = _with_items(words.pop("items"), words.pop("with", {}))
    if "deep" in words:
        words["raw"] = "[" * words.pop("deep")
    if words.get("delay") == "never":
        words["delay"] = math.inf
    headers = {name: _header(value, now) for name, value in words.pop("headers", {}).items()}
    return [Plan(headers=headers, **words)] * times


def _header(value: Any, now: float) -> str:
    """A header; `{in: 3}` is the date in so many seconds."""
    return formatdate(now / 1000 + value["in"], usegmt=True) if isinstance(value, dict) else str(value)


def _change(values: Mapping[str, Any]) -> Change:
    """Alters a session's answer: by `homepage.header.enabled`, or `revision`."""

    def change(answer: Any) -> Any:
        for place, value in values.items():
            collection, _, rest = place.partition(".")
            child, _, inner = rest.partition(".")
            if not rest:
                put(answer, place, value)
            elif not inner:
                _put_state(answer["states"], f"{collection}.{child}", value)
            else:
                put(answer["states"][f"{collection}.{child}"], inner, value)
        return answer

    return change


def _with_items(count: int, properties: Mapping[str, Any]) -> Change:
    """Alters a session's answer: so many items in place of the first, with these properties."""

    def change(answer: Any) -> Any:
        body = answer["states"]["homepage.body"]
        first = body["items"][0]
        items = [
            {**first, "id": f"item-{number}", "properties": {**first["properties"], **properties}}
            for number in range(count)
        ]
        body["items"] = items
        return answer

    return change


def _put_state(states: dict[str, Any], entity: str, value: Any) -> None:
    if value is ABSENT:
        states.pop(entity, None)
    else:
        states[entity] = value
