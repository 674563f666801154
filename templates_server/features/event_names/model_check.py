"""Checks whether an event matches the model. Pure.

A mismatch is counted, not rejected. Metadata arrives as text, with numbers in ECMAScript notation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from templates_server.features.spaces.model import EventDefinition, MetadataKey, PropertyType

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,20})(?:\.[0-9]{1,30})?(?:e[+-][0-9]{1,3})?")
TOGGLES = frozenset({"true", "false"})
MOST_WHOLE_DIGITS = 21  # of a number that is written without an exponent (ECMA-262, Number::toString)
MOST_LEADING_ZEROS = 6

Reads = Callable[[str], bool]
"""A check whether a text is a valid value of a metadata key."""
Readers = Sequence[tuple[str, Reads]]
"""Value checks, by key."""
Sent = Mapping[str, str]
"""The metadata of an event."""


def differs(event_name: str, metadata: Sent, model_events: Mapping[str, EventDefinition]) -> bool:
    """Return whether an event is modelled but does not match: by a key, a value or a missing value."""
    event = model_events.get(event_name)
    return event is not None and _rules_of(event).refuse(metadata)


@dataclass(frozen=True, slots=True)
class _Rules:
    """The metadata rules of an event: the allowed keys, the required keys and the checks of their values."""

    allowed: frozenset[str]
    required: frozenset[str]
    readers: Readers  # of the keys that take not any text

    def readers_of(self, keys: Collection[str]) -> Readers | None:
        """Return the checks for the values of these keys, or None if the keys do not match."""
        if not (self.allowed.issuperset(keys) and self.required.issubset(keys)):
            return None
        return [one for one in self.readers if one[0] in keys] if self.readers else ()

    def refuse(self, metadata: Sent) -> bool:
        """Return whether metadata violates the rules."""
        readers = self.readers_of(metadata.keys())
        return readers is None or not has_kinds(metadata, readers)


def has_kinds(metadata: Sent, readers: Readers) -> bool:
    """Return whether metadata has values of these kinds."""
    for key, reads in readers:  # noqa: SIM110 - runs for every event that is stored: a generator takes longer
        if not reads(metadata[key]):
            return False
    return True


class ModelledEvents:
    """The events of a model, prepared for checking many received events."""

    def __init__(self, events: Iterable[EventDefinition] = ()) -> None:
        self._rules = {event.key: _rules_of(event) for event in events}

    def __contains__(self, name: object) -> bool:
        """Return whether the model has an event with that name."""
        return name in self._rules

    def __bool__(self) -> bool:
        """Return whether the model has any event."""
        return bool(self._rules)

    def readers_of(self, name: str, keys: Collection[str]) -> Readers | None:
        """Return the checks for the values of an event with these metadata keys, where not every text is valid.

        Return None if the event does not match, whatever its values are.
        """
        rules = self._rules.get(name)
        return () if rules is None else rules.readers_of(keys)

    def differs(self, name: str, metadata: Sent) -> bool:
        """Return whether an event does not match the model, like the function `differs`."""
        rules = self._rules.get(name)
        return rules is not None and rules.refuse(metadata)


NOTHING_MODELLED = ModelledEvents()


def _rules_of(event: EventDefinition) -> _Rules:
    return _Rules(
        frozenset(one.key for one in event.metadata),
        frozenset(one.key for one in event.metadata if one.is_required),
        [(one.key, reads) for one in event.metadata if (reads := _reader_of(one)) is not None],
    )


def _reader_of(metadata: MetadataKey) -> Reads | None:
    """Return the check for a value, or None if any text is valid."""
    match metadata.type:
        case PropertyType.SELECT:
            return frozenset(metadata.options).__contains__
        case PropertyType.TOGGLE:
            return TOGGLES.__contains__
        case PropertyType.NUMBER:
            return is_number
        case _:
            return None


def is_number(text: str) -> bool:
    """Return whether a text is a finite number in ECMAScript notation: `0.1`, `1e+21`, but not `1.0` or `-0`."""
    return NUMBER.fullmatch(text) is not None and as_ecmascript(float(text)) == text


def as_ecmascript(number: float) -> str:
    """Format a number in ECMAScript notation (ECMA-262, Number::toString)."""
    if number == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    if not isinstance(exponent, int):
        return {"F": "-Infinity" if sign else "Infinity"}.get(exponent, "NaN")
    return ("-" if sign else "") + _as_written("".join(map(str, digits)), len(digits) + exponent)


def _as_written(digits: str, point: int) -> str:
    """Format digits with a decimal point after that many of them, or before them if the number is negative."""
    if len(digits) <= point <= MOST_WHOLE_DIGITS:
        return digits.ljust(point, "0")
    if 0 < point <= MOST_WHOLE_DIGITS:
        return f"{digits[:point]}.{digits[point:]}"
    if -MOST_LEADING_ZEROS < point <= 0:
        return f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{point - 1:+d}"
