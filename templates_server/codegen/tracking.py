"""Which events an app may track, by the option `events` of a target: those of the model alone, or any."""

from __future__ import annotations

import re
from collections.abc import Mapping

MODELLED = "modelled"
"""The value of the option with which nothing but the model's events compiles."""

_ANY_EVENT = re.compile(r"^ *// begin: any event\n(.*?)^ *// end: any event\n", re.MULTILINE | re.DOTALL)


def is_modelled_only(options: Mapping[str, str]) -> bool:
    """Whether the model's events alone may be tracked."""
    return options.get("events") == MODELLED


def runtime_text(source: str, *, modelled_only: bool) -> str:
    """A source of a runtime with the calls that take an event of any name, which it marks, or without them."""
    return _ANY_EVENT.sub("" if modelled_only else r"\1", source)
