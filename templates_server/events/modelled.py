"""Whether an event is as the model says. Pure.

Nothing is refused for it: it is counted. Metadata arrives as text, numbers as ECMAScript writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from templates_server.codegen.model import Event, Metadata, PropertyType

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,20})(?:\.[0-9]{1,30})?(?:e[+-][0-9]{1,3})?")
TOGGLES = frozenset({"true", "false"})
MOST_WHOLE_DIGITS = 21  # of a number that is written without an exponent (ECMA-262, Number::toString)
MOST_LEADING_ZEROS = 6
MOST_SHAPES = 1000

Reads = Callable[[str], bool]
"""Whether a text is a value of a key of metadata."""
Sent = Mapping[str, str]
"""The metadata of an event."""


def differs(event_name: str, metadata: Sent, model_events: Mapping[str, Event]) -> bool:
    """Whether an event is modelled, and not as it arrives: by a key, by a value, or by one that is missing."""
    event = model_events.get(event_name)
    return event is not None and _rules_of(event).refuse(metadata)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the metadata of an event must be: each of these keys at most, those that are required, by their values."""

    allowed: frozenset[str]
    required: frozenset[str]
    readers: Mapping[str, Reads]  # of the keys that take not any text

    def refuse(self, metadata: Sent) -> bool:
        """Whether metadata is not so."""
        return not self.allow_keys(metadata.keys()) or any(
            not reads(metadata[key]) for key, reads in self.readers.items() if key in metadata
        )

    def allow_keys(self, keys: Iterable[str]) -> bool:
        """Whether metadata may have these keys, and no more."""
        given = frozenset(keys)
        return self.required <= given <= self.allowed


class ModelledEvents:
    """The events of a model, to be asked about many that arrive: what their keys say is found once."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._rules = {event.key: _rules_of(event) for event in events}
        self._found: dict[tuple[str, ...], _Rules | bool] = {}

    def __contains__(self, name: object) -> bool:
        """Whether the model has an event of that name."""
        return name in self._rules

    def count_differing(self, shape: tuple[str, ...], sent: Callable[[], Iterable[Sent]], *, events: int) -> int:
        """How many events differ that have a shape: their name, then the keys of their metadata.

        `events` is how many there are; their metadata is read only where the values decide.
        """
        found = self._found.get(shape)
        if found is None:
            found = self._find(shape)
        if isinstance(found, bool):
            return events if found else 0
        return sum(map(found.refuse, sent()))

    def _find(self, shape: tuple[str, ...]) -> _Rules | bool:
        """Whether events of a shape differ; the rules, where their values decide."""
        name, *keys = shape
        rules = self._rules.get(name)
        if rules is None:
            return False
        found: _Rules | bool = not rules.allow_keys(keys)
        if not found and not rules.readers.keys().isdisjoint(keys):
            found = rules
        if len(self._found) < MOST_SHAPES:
            self._found[shape] = found
        return found


NOTHING_MODELLED = ModelledEvents()


def _rules_of(event: Event) -> _Rules:
    return _Rules(
        frozenset(one.key for one in event.metadata),
        frozenset(one.key for one in event.metadata if one.is_required),
        {one.key: reads for one in event.metadata if (reads := _reader_of(one)) is not None},
    )


def _reader_of(metadata: Metadata) -> Reads | None:
    """How values are recognised; None: any text will do."""
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
    """Whether a text is a finite number as ECMAScript writes it: `0.1`, `1e+21`, and neither `1.0` nor `-0`."""
    return NUMBER.fullmatch(text) is not None and as_ecmascript(float(text)) == text


def as_ecmascript(number: float) -> str:
    """A number as ECMAScript writes it (ECMA-262, Number::toString)."""
    if number == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    if not isinstance(exponent, int):
        return {"F": "-Infinity" if sign else "Infinity"}.get(exponent, "NaN")
    return ("-" if sign else "") + _as_written("".join(map(str, digits)), len(digits) + exponent)


def _as_written(digits: str, point: int) -> str:
    """Digits with a point after so many of them, before them where it is negative."""
    if len(digits) <= point <= MOST_WHOLE_DIGITS:
        return digits.ljust(point, "0")
    if 0 < point <= MOST_WHOLE_DIGITS:
        return f"{digits[:point]}.{digits[point:]}"
    if -MOST_LEADING_ZEROS < point <= 0:
        return f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{point - 1:+d}"


def by_name(events: Sequence[Event]) -> Mapping[str, Event]:
    """The events of a model by their name."""
    return {event.key: event for event in events}
