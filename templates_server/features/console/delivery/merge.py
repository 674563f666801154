"""The merge of two changes of the same scenario: the changes of both in one scenario. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Values = Mapping[str, Any]
NOTHING: Values = {}


def merge_scenarios(base: Values, mine: Values, theirs: Values) -> dict[str, Any]:
    """Return `theirs` with all changes of `mine` since `base`; an omitted value is absent."""
    merged = {key: _merge_values(key, base, mine, theirs) for key in {**theirs, **mine}}
    return {key: value for key, value in merged.items() if value is not None}


def _merge_values(key: str, base: Values, mine: Values, theirs: Values) -> Any:
    before, own, other = base.get(key), mine.get(key), theirs.get(key)
    if own == before:
        return other
    if key == "properties":
        return merge_scenarios(before or NOTHING, own or NOTHING, other or NOTHING) or None
    if key == "items":
        return _merge_items(before or (), own or (), other or ()) or None
    return own


def _merge_items(base: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]) -> list[Any]:
    """Return my items in my order, each with the changes of others, then their new items.

    An item that they removed is removed, unless I changed it.
    """
    before, others = ({item["id"]: item for item in items} for items in (base, theirs))
    own = {item["id"] for item in mine}
    kept = [
        merge_scenarios(before[item["id"]], item, others[item["id"]])
        if item["id"] in before and item["id"] in others
        else item
        for item in mine
        if item["id"] in others or before.get(item["id"]) != item
    ]
    return [*kept, *(item for item in theirs if item["id"] not in own and item["id"] not in before)]
