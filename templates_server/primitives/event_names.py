"""The names of events: one rule for every place that takes one. Pure."""

from __future__ import annotations

import re

MAX_NAME_LENGTH = 256
RESERVED_PREFIXES = ("mtribes/", "___UI/", "sdk/")
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def find_event_name_problem(name: str) -> str | None:
    """Return what is wrong with the name of an event, as words that follow its subject; None if nothing is.

    Generated code names events `category/action`; everybody else may use any text.
    """
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        return f"must have 1 to {MAX_NAME_LENGTH} characters, not {len(name):,}"
    if CONTROL_CHARACTER.search(name):
        return "must not contain control characters"
    if LONE_SURROGATE.search(name):
        return "must not contain half a surrogate pair"
    if name.startswith(RESERVED_PREFIXES):
        return f"starts with a reserved prefix: {', '.join(RESERVED_PREFIXES)}"
    return None
