"""Event filters in documents, and the parts shared with other filters: parsed, with the path of every problem.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from templates_server.features.tribes.data_parser import ReadValue, read_data
from templates_server.features.tribes.model import (
    DateInterval,
    EventCondition,
    EventCountQuery,
    EventFilter,
    Frequency,
    FrequencyKind,
    Timeframe,
    TimeframeKind,
    read_moment,
)
from templates_server.primitives.event_names import MAX_NAME_LENGTH, find_event_name_problem
from templates_server.primitives.validation import Reader, join, kind_of
from templates_server.primitives.yaml_json import quote_text

MOST_PAIRS = 3  # of metadata
MAX_PAIR_KEY_CHARACTERS = 64
MAX_PAIR_VALUE_CHARACTERS = 1024
MAX_MOMENT_CHARACTERS = 64
MOST_DAYS = 36_500
MOST_TIMES = 1_000_000
EVENT_KEYS = ("event", "condition", "frequency", "timeframe", "metadata", "data")
DATE_RULE = "is not a date such as 2027-04-30 or 2027-04-30T22:00:00Z (RFC 3339, with an offset)"


def read_given(reader: Reader, value: Any, path: str, keys: Sequence[str]) -> Mapping[str, Any]:
    """Return the given keys of a filter. The first key is required."""
    given = reader.mapping(value, path, keys)
    if keys[0] not in given:
        reader.refuse(join(path, keys[0]), "must not be empty")
    return given


def read_date(reader: Reader, value: Any, path: str) -> DateInterval | None:
    """Return the day or time of a text; None when it is invalid."""
    text = reader.text(value, path, at_most=MAX_MOMENT_CHARACTERS)
    moment = None if text is None else read_moment(text)
    if text is not None and moment is None:
        reader.refuse(path, f"{quote_text(text)} {DATE_RULE}")
    return moment


def read_whole(reader: Reader, value: Any, path: str, *, at_most: int) -> int:
    """Return an integer of at least 0; 0 when it is invalid."""
    number = reader.count(value, path) or 0
    if number > at_most:
        reader.refuse(path, f"is {number}; the maximum is {at_most:,}")
    return number


def read_done(reader: Reader, value: Any, path: str, read_value: ReadValue) -> EventFilter:
    """Return a filter on past events; `read_value` parses the value that event data is compared with."""
    given = read_given(reader, value, path, EVENT_KEYS)
    name = reader.text(given.get("event"), join(path, "event"), at_most=MAX_NAME_LENGTH)
    problem = None if name is None else find_event_name_problem(name)
    if problem is not None:
        reader.refuse(join(path, "event"), problem)
    words = tuple(EventCondition)
    condition = reader.one_of(given.get("condition"), join(path, "condition"), words, "a condition")
    question = EventCountQuery(
        name or "",
        _timeframe(reader, given.get("timeframe"), join(path, "timeframe")),
        _metadata(reader, given.get("metadata"), join(path, "metadata")),
        read_data(reader, given.get("data"), join(path, "data"), read_value),
    )
    frequency = _frequency(reader, given.get("frequency"), join(path, "frequency"))
    return EventFilter(question, EventCondition(condition or EventCondition.HAVE_DONE), frequency)


def _frequency(reader: Reader, value: Any, path: str) -> Frequency:
    if value is None or value == FrequencyKind.ANY:
        return Frequency()
    entry = _entry(reader, value, path, tuple(kind for kind in FrequencyKind if kind is not FrequencyKind.ANY), "any")
    if entry is None:
        return Frequency()
    word, item, place = entry
    return Frequency(FrequencyKind(word), read_whole(reader, item, place, at_most=MOST_TIMES))


def _timeframe(reader: Reader, value: Any, path: str) -> Timeframe:
    if value is None or value == TimeframeKind.ANY_TIME:
        return Timeframe()
    kinds = tuple(kind for kind in TimeframeKind if kind is not TimeframeKind.ANY_TIME)
    entry = _entry(reader, value, path, kinds, TimeframeKind.ANY_TIME)
    if entry is None:
        return Timeframe()
    word, item, place = entry
    kind = TimeframeKind(word)
    if kind in {TimeframeKind.MORE_THAN, TimeframeKind.LESS_THAN, TimeframeKind.EXACTLY}:
        return Timeframe(kind, read_whole(reader, item, place, at_most=MOST_DAYS))
    return Timeframe(kind, moment=read_date(reader, item, place))


def _entry(
    reader: Reader, value: Any, path: str, words: tuple[str, ...], word_alone: str
) -> tuple[str, Any, str] | None:
    """Return the only key of a mapping, with its value and path; None when it is invalid."""
    if not isinstance(value, dict):
        found = quote_text(value) if isinstance(value, str) else kind_of(value)
        reader.refuse(path, f"must be {word_alone}, or a mapping such as {{{words[0]}: 2}}, not {found}")
        return None
    before = len(reader.problems)
    given = reader.mapping(value, path, words)
    if len(reader.problems) == before and len(given) != 1:
        reader.refuse(path, f"must have exactly one of {', '.join(words)}, not {len(given) or 'none'}")
    return next(((word, item, join(path, word)) for word, item in given.items()), None)


def _metadata(reader: Reader, value: Any, path: str) -> tuple[tuple[str, str], ...]:
    given = reader.mapping(value, path)
    if len(given) > MOST_PAIRS:
        reader.refuse(path, f"has {len(given)} pairs; the maximum is {MOST_PAIRS}")
    pairs = []
    for key, item in sorted(given.items()):
        place = join(path, key)
        if not 0 < len(key) <= MAX_PAIR_KEY_CHARACTERS:
            reader.refuse(place, f"has an invalid key: keys have 1 to {MAX_PAIR_KEY_CHARACTERS} characters")
        text = reader.text(item, place, at_most=MAX_PAIR_VALUE_CHARACTERS)
        if text is not None:
            pairs.append((key, text))
    return tuple(pairs)
