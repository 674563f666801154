"""Which events an app may track, by the option `events` of a target: those of the model alone, or any."""

from __future__ import annotations

from collections.abc import Mapping

MODELLED = "modelled"
"""The value of the option with which nothing but the model's events compiles."""

BEGIN, END = "// begin: any event", "// end: any event"


def is_modelled_only(options: Mapping[str, str]) -> bool:
    """Whether the model's events alone may be tracked."""
    return options.get("events") == MODELLED


def runtime_text(source: str, *, modelled_only: bool) -> str:
    """A source of a runtime with the calls that take an event of any name, which it marks, or without them."""
    kept, is_marked = [], False
    for line in source.splitlines(keepends=True):
        if line.strip() in {BEGIN, END}:
            is_marked = line.strip() == BEGIN
        elif not (is_marked and modelled_only):
            kept.append(line)
    return "".join(kept)
