"""Values of typed properties as the fields of a form, and back, with a control for each type. Pure.

A value that is unchanged in the form stays exactly the same, whatever its control can display.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from templates_server.features.spaces.model import Property, PropertyType
from templates_server.features.spaces.property_values import read_value
from templates_server.primitives.timestamps import parse_rfc3339, to_rfc3339
from templates_server.primitives.validation import Reader

Fields = Mapping[str, str]
"""The texts in the fields of a control, by the suffix of its name: `""`, `.set`, `.opacity`, `.zone`."""
YES = "yes"
UTC_ZONE = "UTC"
BLACK = "#000000"
OPTION = "="
"""The prefix of an option of a select, so that an empty option differs from unset."""
WITH_A_BOX = frozenset({PropertyType.TEXT, PropertyType.LIST, PropertyType.COLOR})
"""Types whose control cannot represent a missing value: a checkbox states whether the value is set."""
WHOLE = re.compile(r"-?[0-9]{1,16}")
NUMBER = re.compile(r"-?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")
LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?")

NUMBER_RULE = "Enter a number, such as 5 or 0.5."
TIME_RULE = "Enter a date and time, such as 2027-04-30T22:00."


class InvalidControlValue(ValueError):
    """The error for a control without a valid value of its type; the text describes the format."""


@functools.cache
def zone_names() -> frozenset[str]:
    """Return the names of all time zones, such as `Europe/Oslo`."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def fields_of(definition: Property, value: Any) -> Fields:
    """Return the fields of a control for a document's value; None, like a value of another type, is unset."""
    value = usable_value(definition, value)
    fields = {"": _format_value(definition.type, value)}
    if definition.type in WITH_A_BOX:
        box = "" if value is None else YES
        fields |= {".set": box, ".was": box}
    if definition.type is PropertyType.COLOR:
        fields |= _color_fields(definition, value)
    if definition.type is PropertyType.DATE:
        fields[".zone"] = UTC_ZONE
    return fields


def value_of(definition: Property, fields: Fields, before: Any = None) -> Any:
    """Return the document's value of the fields; `before` if they are unchanged; None if unset.

    Raise InvalidControlValue if they are invalid.
    """
    before = usable_value(definition, before)
    sent = {name: _plain(fields.get(name, "")) for name in fields_of(definition, None)}
    if _without_state(sent) == _without_state(fields_of(definition, before)) and _is_set(definition, sent) == (
        before is not None
    ):
        return before
    return _read(definition, sent) if _is_set(definition, sent) else None


def usable_value(definition: Property, value: Any) -> Any:
    """Return the value; None if it is not valid for the property's current type, so that nobody is shown it."""
    reader = Reader()
    read_value(reader, value, definition.key, kind=definition.type, options=definition.options)
    return None if reader.problems else value


def _without_state(fields: Fields) -> Fields:
    return {name: _plain(text) for name, text in fields.items() if name not in {".set", ".was"}}


def _plain(text: str) -> str:
    """Normalize the line ends of a text: browsers send two characters for each."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_set(definition: Property, sent: Fields) -> bool:
    """Return whether a value is set: its box is checked, or text was entered beside a box that had been empty."""
    if definition.type not in WITH_A_BOX:
        return bool(sent[""].strip())
    is_typed = not sent[".was"] and _without_state(sent) != _without_state(fields_of(definition, None))
    return bool(sent[".set"]) or is_typed


def _format_value(kind: PropertyType, value: Any) -> str:
    if value is None:
        return ""
    match kind:
        case PropertyType.NUMBER:
            return json.dumps(value)
        case PropertyType.TOGGLE:
            return "on" if value else "off"
        case PropertyType.SELECT:
            return OPTION + str(value)
        case PropertyType.LIST:
            return "\n".join(value)
        case PropertyType.DATE:
            return format_time(value)
        case _:
            return str(value)


def _color_fields(definition: Property, value: Any) -> Fields:
    default = definition.default
    color: dict[str, Any] = {"value": getattr(default, "value", None), "opacity": getattr(default, "opacity", 1)}
    color |= value or {}
    return {"": color["value"] or BLACK, ".opacity": json.dumps(color["opacity"])}


def _read(definition: Property, sent: Fields) -> Any:
    match definition.type:
        case PropertyType.NUMBER:
            return read_number(sent[""])
        case PropertyType.TOGGLE:
            return sent[""] == "on"
        case PropertyType.SELECT:
            return sent[""].removeprefix(OPTION)
        case PropertyType.LIST:
            return [line for line in sent[""].split("\n") if line.strip()]
        case PropertyType.DATE:
            return read_time(sent[""], sent[".zone"])
        case PropertyType.COLOR:
            return {"value": sent[""], "opacity": read_number(sent[".opacity"] or "1")}
        case PropertyType.IMAGE:
            return sent[""].strip()
        case _:
            return sent[""]


def read_number(text: str) -> int | float:
    """Return the number entered; raise InvalidControlValue if it is none."""
    text = text.strip()
    if not NUMBER.fullmatch(text):
        raise InvalidControlValue(NUMBER_RULE)
    number = int(text) if WHOLE.fullmatch(text) else float(text)
    if not math.isfinite(number):
        raise InvalidControlValue(NUMBER_RULE)
    return number


def format_time(text: str) -> str:
    """Format a document's time in UTC for a control: `2027-04-30T22:00:00`; an invalid one stays as it is."""
    try:
        return to_rfc3339(parse_rfc3339(text)).removesuffix("Z")
    except ValueError:
        return text


def read_time(text: str, zone: str) -> str:
    """Return a zone's local time in UTC in RFC 3339 format; raise InvalidControlValue if it does not exist there."""
    text, zone = text.strip(), zone.strip() or UTC_ZONE
    if zone not in zone_names():
        raise InvalidControlValue(f"Unknown time zone “{zone[:64]}”. Use one such as Europe/Oslo, or UTC.")
    if not LOCAL_TIME.fullmatch(text):
        raise InvalidControlValue(TIME_RULE)
    try:
        local = datetime.fromisoformat(_pad_milliseconds(text)).replace(tzinfo=ZoneInfo(zone))
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidControlValue(TIME_RULE) from None
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise InvalidControlValue(f"This time does not exist in {zone} on that day because of daylight saving time.")
    return to_rfc3339(parse_rfc3339(moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"))


def _pad_milliseconds(text: str) -> str:
    """Pad the time to three digits of milliseconds: not every version of Python reads fewer."""
    head, dot, fraction = text.partition(".")
    return f"{head}.{fraction.ljust(3, '0')}" if dot else head
