"""Values by their place in a document: `homepage.body.items[1].properties.layout`."""

from __future__ import annotations

import re
from typing import Any

STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
ABSENT = object()
"""What stands where nothing is."""


def steps_of(place: str) -> list[str | int]:
    """The names and numbers of which a place consists."""
    return [name or int(number) for name, number in STEP.findall(place)]


def find(document: Any, place: str) -> Any:
    """What stands at the place, or `ABSENT`."""
    for step in steps_of(place):
        if isinstance(step, int):
            document = document[step] if isinstance(document, list) and step < len(document) else ABSENT
        else:
            document = document.get(step, ABSENT) if isinstance(document, dict) else ABSENT
    return document


def put(document: Any, place: str, value: Any) -> None:
    """Set what stands at the place, which ends in a name; `ABSENT` takes it away."""
    *before, last = steps_of(place)
    for step in before:
        document = document[step]
    if value is ABSENT:
        del document[last]
    else:
        document[last] = value
