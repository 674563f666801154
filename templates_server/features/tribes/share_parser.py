"""Shares in documents: parsed, with the path of every problem. Pure. Written by `serializer`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from templates_server.features.people.identity import find_edge_problem
from templates_server.features.people.profile_parser import find_attribute_name_problem
from templates_server.features.tribes.event_parser import read_given
from templates_server.features.tribes.model import Match, ShareFilter
from templates_server.features.tribes.percentages import MOST, to_hundredths
from templates_server.primitives.validation import Reader, join, kind_of

SHARE_KEYS = ("salt", "from", "to")
MAX_SALT_CHARACTERS = 64
EXAMPLE = "{salt: spring, from: 0, to: 10}"


def read_share(reader: Reader, value: Any, path: str) -> ShareFilter | None:
    """Return the share of a filter; None when it is invalid."""
    place = join(path, "share")
    sent = read_given(reader, value, path, ("share",)).get("share")
    if sent is not None and not isinstance(sent, dict):
        reader.refuse(place, f"must be a mapping such as {EXAMPLE}, not {kind_of(sent)}")
    if not isinstance(sent, dict):
        return None
    given = reader.mapping(sent, place, SHARE_KEYS)
    salt = _salt(reader, given.get("salt"), join(place, "salt"))
    starts, ends = (_percent(reader, given.get(key), join(place, key)) for key in ("from", "to"))
    if starts is not None and ends is not None and starts >= ends:
        reader.refuse(join(place, "to"), "must be greater than `from`: otherwise the share is empty")
    return None if salt is None or starts is None or ends is None else ShareFilter(salt, starts, ends)


def _salt(reader: Reader, value: Any, path: str) -> str | None:
    if value is None:
        reader.refuse(path, "is required: any name for the share, such as spring")
    text = reader.text(value, path, at_most=MAX_SALT_CHARACTERS)
    problem = None if text is None else find_salt_problem(text)
    if problem is not None:
        reader.refuse(path, problem)
    return text


def find_salt_problem(text: str) -> str | None:
    """Return the problem with a salt: invisible characters in it would draw other people."""
    return find_attribute_name_problem(text) or find_edge_problem(text)


def _percent(reader: Reader, value: Any, path: str) -> int | None:
    """Return the hundredths of a percentage."""
    if value is None:
        reader.refuse(path, f"is required: a percentage from 0 to {MOST}")
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        reader.refuse(path, f"must be a number, not {kind_of(value)}")
        return None
    hundredths = to_hundredths(value)
    if hundredths is None:
        reader.refuse(path, f"must be 0 to {MOST}, with at most two decimal places")
    return hundredths


def check_shares(reader: Reader, filters: Sequence[Any], path: str, *, match: Match) -> None:
    """Reject a second share among the filters of a tribe, and any share if one filter suffices."""
    places = [f"{join(path, 'filters')}[{number}]" for number, item in enumerate(filters) if _is_share(item)]
    for place in places[1:]:
        reader.refuse(join(place, "share"), f"must be the only share of the tribe: {places[0]} has one")
    if places and match is Match.ANY:
        message = "must be all if the tribe has a share filter, because a share narrows the other filters"
        reader.refuse(join(path, "match"), message)


def _is_share(item: Any) -> bool:
    return isinstance(item, dict) and "share" in item
