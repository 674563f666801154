"""What an app says, checked: who a session is for, fields, and events."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .limits import (
    LONGEST_FIELD_VALUE,
    LONGEST_KEY,
    LONGEST_METADATA_VALUE,
    LONGEST_NAME,
    MOST_FIELDS,
    MOST_PAIRS,
)
from .log import Log
from .tracking import Event, Pair
from .values import as_number, as_object, as_string, ensure, storable

_EVENT_NAME = re.compile(
    r"(?!(?:mtribes|___UI|sdk)/)[^/\x00-\x1f\x7f-\x9f]+/[^/\x00-\x1f\x7f-\x9f]+"
)
_RESERVED_ID = re.compile(r"\.\.?|[a-z]{3}_[0-9A-Za-z]{22}")
_DIGITS_OF_A_WHOLE_NUMBER = 21
_DIGITS_BEHIND_A_POINT = -6


AnyFields: TypeAlias = Mapping[str, "str | float | bool | None"]
"""What is sent along with the start of a session: used for that session alone."""


@dataclass(frozen=True)
class Person:
    """Who a session is for, and what an app says of them. No id: a visitor."""

    external_id: str | None
    user_signature: str | None
    fields: Mapping[str, object] | None


def ensure_length(text: str, most: int) -> str:
    """The text, if it is not longer than that."""
    ensure(len(text) <= most, f"longer than {most} characters")
    return text


def describe(value: object) -> str:
    """How a value is called in a message."""
    if type(value) is str:
        return json.dumps(value[:LONGEST_KEY], ensure_ascii=False)
    return type(value).__name__


def scalar_text(value: object) -> str:
    """The text of a scalar, the same in every language."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, int):
        return str(int(value))
    return storable(as_string(value))


def number_text(value: float) -> str:
    """A finite number as ECMAScript writes it."""
    number = as_number(value)
    if number == 0:
        return "0"
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0").rstrip("0")
    leading = len(whole) if whole != "0" else len(fraction.lstrip("0")) - len(fraction)
    point = leading + int(exponent or 0)
    return ("-" if math.copysign(1, number) < 0 else "") + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    if len(digits) <= point <= _DIGITS_OF_A_WHOLE_NUMBER:
        return digits.ljust(point, "0")
    if 0 < point <= _DIGITS_OF_A_WHOLE_NUMBER:
        return f"{digits[:point]}.{digits[point:]}"
    if _DIGITS_BEHIND_A_POINT < point <= 0:
        return "0." + "0" * -point + digits
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{mantissa}e{point - 1:+d}"


def read_person(
    user_id: object, user_signature: object, fields: object, log: Log
) -> Person:
    """Who a session is for; Nonsense for what is no user id."""
    external_id = None if user_id is None or user_id == "" else _as_user_id(user_id)
    given = "" if user_signature is None else user_signature
    signature = storable(as_string(given)) if external_id else ""
    return Person(external_id, signature or None, _read_fields(fields, log))


def _as_user_id(value: object) -> str:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    text = str(value) if is_whole else as_string(value)
    kinds = [unicodedata.category(each) for each in text]
    ensure(
        text
        and len(text) <= LONGEST_NAME
        and not _RESERVED_ID.fullmatch(text)
        and not {"Cc", "Cs"}.intersection(kinds)
        and not any(_is_blank(kind) for kind in (kinds[0], kinds[-1])),
        "not a user_id",
    )
    return text


def _is_blank(category: str) -> bool:
    return category.startswith("Z") or category == "Cf"


def _read_fields(fields: object, log: Log) -> Mapping[str, object] | None:
    """The fields that can be sent, if any; of the others a log line tells."""
    read: dict[str, object] = {}

    def read_one(name: object, value: object) -> None:
        if value is None:
            return
        text = storable(ensure_length(as_string(name), LONGEST_KEY))
        ensure(text and len(read) < MOST_FIELDS, "no name, or too many")
        read[text] = _read_field(value)

    def read_all() -> None:
        for name, value in as_object({} if fields is None else fields).items():
            what = f"the field {describe(name)} is left out"
            log.attempt(what, lambda name=name, value=value: read_one(name, value))  # type: ignore[misc]

    log.attempt("all fields are left out", read_all)
    return read or None


def _read_field(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return as_number(value)
    return ensure_length(storable(as_string(value)), LONGEST_FIELD_VALUE)


def name_of(event: object) -> object:
    """The name of an event of the model; else what was given, whatever it is."""
    if Event in type(event).__mro__ and isinstance(event, Event):
        return event.name
    return event


def read_event_name(name: object) -> str:
    """Category and action; the prefixes are reserved."""
    text = ensure_length(as_string(name), LONGEST_NAME)
    ensure(_EVENT_NAME.fullmatch(text), "not category/action, or reserved")
    return storable(text)


def read_metadata(event: object, pairs: tuple[object, ...]) -> list[dict[str, str]]:
    """What has a value: of an event in order of key, else the pairs as they come."""
    read: list[dict[str, str]] = []
    typed = sorted(event.metadata) if isinstance(event, Event) else []
    for key, value in [*typed, *map(_read_pair, pairs)]:
        if value is None:
            continue
        text = ensure_length(scalar_text(key), LONGEST_KEY)
        is_new = all(each["key"] != text for each in read)
        ensure(
            text and len(read) < MOST_PAIRS and is_new,
            f"an empty or repeated key, or more than {MOST_PAIRS}",
        )
        long = ensure_length(scalar_text(value), LONGEST_METADATA_VALUE)
        read.append({"key": text, "value": long})
    return read


def _read_pair(pair: object) -> tuple[Any, Any]:
    if pair is None:
        return "", None
    if isinstance(pair, Pair):
        return pair.key, pair.value
    given = as_object(pair)
    return given.get("key"), given.get("value")
