"""`--field NAME=VALUE`: the fields that an app would send when a session starts."""

from __future__ import annotations

import json
from collections.abc import Sequence

from mtribes_cli.errors import UsageError

Value = str | int | float | bool | None


def read_fields(given: Sequence[str] | None) -> dict[str, Value] | None:
    """Return the values by name, the last of each; None if none was given. Raises UsageError unless NAME=VALUE.

    A number, true, false or null in JSON is taken as such, and text in double quotes as text; all else is text.
    """
    if not given:
        return None
    found: dict[str, Value] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"{text!r} is not NAME=VALUE.", "Use the form --field campaign=spring.")
        found[name] = _value(value)
    return found


def _value(text: str) -> Value:
    try:
        value = json.loads(text, parse_constant=lambda _: text)
    except (ValueError, RecursionError):
        return text
    return value if value is None or isinstance(value, (str, int, float, bool)) else text
