"""The option `events` of a target: an app may track the model's events only, or any."""

from __future__ import annotations

from collections.abc import Mapping

MODELLED = "modelled"
"""The option value that allows only the model's events to compile."""

BEGIN, END = "// begin: any event", "// end: any event"


def is_modelled_only(options: Mapping[str, str]) -> bool:
    """Return whether only the model's events may be tracked."""
    return options.get("events") == MODELLED


def runtime_text(source: str, *, modelled_only: bool) -> str:
    """Return a runtime source with or without its marked calls, which accept an event of any name."""
    kept, is_marked = [], False
    for line in source.splitlines(keepends=True):
        if line.strip() in {BEGIN, END}:
            is_marked = line.strip() == BEGIN
        elif not (is_marked and modelled_only):
            kept.append(line)
    return "".join(kept)
