"""Reading the events that an app sends: every broken rule is found, by the index of its event."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from templates_server.bodies import decode_json, problems_by_field
from templates_server.errors import Problem, ValidationFailed
from templates_server.identifiers import new_id
from templates_server.persons.names import PersonName, person_of, problem_of_anonymous_id, problem_of_user_id
from templates_server.times import parse_rfc3339

MOST_EVENTS = 1000
MOST_PAIRS = 3
MAX_NAME_LENGTH = 128
MAX_ID_LENGTH = 128
MAX_ENTITY_LENGTH = 256
MAX_PAIR_KEY_LENGTH = 64
MAX_PAIR_VALUE_LENGTH = 1024
MAX_DATA_BYTES = 16 * 1024
OLDEST = parse_rfc3339("2000-01-01T00:00:00Z")
NAME = re.compile(r"[^/\x00-\x1f\x7f-\x9f]+/[^/\x00-\x1f\x7f-\x9f]+")
RESERVED_PREFIXES = ("mtribes/", "___UI/", "sdk/")
CACHED_CHECKS = 4096


class Pair(msgspec.Struct, frozen=True, gc=False):
    """A piece of metadata."""

    key: str
    value: str


class SentEvent(msgspec.Struct, frozen=True):
    """An event on the wire: null is as good as absent, unknown keys are ignored."""

    name: str | None = None
    anonymous_id: str | None = None
    external_id: str | None = None
    data: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None  # another name of `data`
    metadata: list[Pair] | None = None
    id: str | None = None
    timestamp: str | None = None
    session: str | None = None
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it is stored. Times in milliseconds; `data` and `metadata` are JSON objects, or None."""

    person: PersonName
    event_id: str
    name: str
    session_id: str | None
    entity: str | None
    data: str | None
    metadata: str | None
    happened: int


def read_events(body: bytes, now: int, *, max_depth: int) -> Sequence[Event]:
    """The events of a JSON body; ValidationFailed, with every problem, unless all of them are good."""
    problems: list[Problem] = []
    events = [_event(sent, f"[{index}]", now, problems) for index, sent in enumerate(_sent(body, max_depth))]
    if problems:
        raise ValidationFailed(problems)
    return [event for event in events if event is not None]


def _sent(body: bytes, max_depth: int) -> Sequence[SentEvent]:
    try:
        sent = decode_json(body, list[SentEvent], max_depth=max_depth)
    except ValidationFailed as error:
        raise ValidationFailed(_problems_of_types(msgspec.json.decode(body)) or error.problems) from None
    if not 0 < len(sent) <= MOST_EVENTS:
        raise ValidationFailed([Problem("", f"Send 1 to {MOST_EVENTS:,} events, not {len(sent):,}.")])
    return sent


def _problems_of_types(values: Any) -> Sequence[Problem]:
    """What is wrong with every event by its type: the decoder stops at the first."""
    if not isinstance(values, list):
        return [Problem("", "Send a list of events.")]
    return [
        problem for index, value in enumerate(values) for problem in problems_by_field(value, SentEvent, f"[{index}]")
    ]


def _event(sent: SentEvent, path: str, now: int, problems: list[Problem]) -> Event | None:
    """The event; None when a rule is broken, which `problems` then says."""
    before = len(problems)
    person = person_of(sent.anonymous_id, sent.external_id)
    if person is None:
        problems.append(Problem(path, "Give anonymous_id or external_id."))
    for name, value, check in (
        ("name", sent.name, problem_of_name),
        ("anonymous_id", sent.anonymous_id, _problem_of_anonymous_id),
        ("external_id", sent.external_id, _problem_of_user_id),
        ("id", sent.id, _problem_of_id),
        ("session", sent.session, _problem_of_id),
        ("entity", sent.entity, _problem_of_entity),
    ):
        if value is not None and (problem := check(value)) is not None:
            problems.append(Problem(f"{path}.{name}", f"This {problem}."))
    data = _data(sent, path, problems)
    metadata = _metadata(sent.metadata, f"{path}.metadata", problems) if sent.metadata else None
    happened = now if sent.timestamp is None else _happened(sent.timestamp, now, path, problems)
    if len(problems) > before or person is None:
        return None
    event_id = new_id("evt") if sent.id is None else sent.id
    return Event(person, event_id, sent.name or "", sent.session, sent.entity, data, metadata, happened)


@functools.lru_cache(CACHED_CHECKS)
def problem_of_name(name: str) -> str | None:
    """What is wrong with the name of an event."""
    if name.startswith(RESERVED_PREFIXES):
        return f"begins with a reserved prefix: {', '.join(RESERVED_PREFIXES)} are ours"
    if len(name) > MAX_NAME_LENGTH or not NAME.fullmatch(name):
        return f"is not a name such as video/completed: category, slash, action, at most {MAX_NAME_LENGTH} characters"
    return None


def _text_check(max_length: int) -> Callable[[str], str | None]:
    def check(text: str) -> str | None:
        return None if 0 < len(text) <= max_length else f"must have 1 to {max_length} characters"

    return check


_problem_of_id = _text_check(MAX_ID_LENGTH)
_problem_of_entity = _text_check(MAX_ENTITY_LENGTH)
_problem_of_anonymous_id = functools.lru_cache(CACHED_CHECKS)(problem_of_anonymous_id)
_problem_of_user_id = functools.lru_cache(CACHED_CHECKS)(problem_of_user_id)


def _data(sent: SentEvent, path: str, problems: list[Problem]) -> str | None:
    name, data = ("data", sent.data) if sent.data is not None else ("properties", sent.properties)
    if data is None:
        return None
    content = msgspec.json.encode(data)
    if len(content) > MAX_DATA_BYTES:
        problems.append(Problem(f"{path}.{name}", f"This may have {MAX_DATA_BYTES:,} bytes."))
    return content.decode()


def _metadata(pairs: Sequence[Pair], path: str, problems: list[Problem]) -> str:
    if len(pairs) > MOST_PAIRS:
        problems.append(Problem(path, f"At most {MOST_PAIRS} pairs are possible, not {len(pairs)}."))
    named: dict[str, str] = {}
    for index, pair in enumerate(pairs):
        if not 0 < len(pair.key) <= MAX_PAIR_KEY_LENGTH:
            problems.append(Problem(f"{path}[{index}].key", f"This must have 1 to {MAX_PAIR_KEY_LENGTH} characters."))
        if len(pair.value) > MAX_PAIR_VALUE_LENGTH:
            problems.append(Problem(f"{path}[{index}].value", f"This may have {MAX_PAIR_VALUE_LENGTH:,} characters."))
        if pair.key in named:
            problems.append(Problem(f"{path}[{index}].key", "This key is given twice."))
        named[pair.key] = pair.value
    return msgspec.json.encode(named, order="deterministic").decode()


def _happened(timestamp: str, now: int, path: str, problems: list[Problem]) -> int:
    """When it happened. A device's clock that is fast must not put events into the future: those happened now."""
    try:
        happened = parse_rfc3339(timestamp)
    except ValueError:
        problems.append(Problem(f"{path}.timestamp", "This is not a time such as 2026-11-21T20:35:00Z (RFC 3339)."))
        return now
    if happened < OLDEST:
        problems.append(Problem(f"{path}.timestamp", "This is before the year 2000."))
    return min(happened, now)
