"""Parsing of the events that an app sends. Reports every violation, with the index of its event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from templates_server.errors import ErrorDetail, Problems, ValidationFailed
from templates_server.features.event_names.shapes import EventShape, bare_shape_of, shape_of
from templates_server.features.people.identity import (
    ClaimedIdentity,
    claim_identity,
    find_anonymous_id_problem,
    find_user_id_problem,
)
from templates_server.http.request_body import decode_json, group_problems_by_field
from templates_server.primitives.event_names import MAX_NAME_LENGTH, find_event_name_problem
from templates_server.primitives.ids import new_id
from templates_server.primitives.text_cache import memoize
from templates_server.primitives.timestamps import parse_rfc3339
from templates_server.security.user_signatures import ANYBODY, IdCheck

MOST_EVENTS = 1000
MOST_PAIRS = 3
MAX_DATA_BYTES = 16 * 1024
ENCODER = msgspec.json.Encoder(order="deterministic")
OLDEST = parse_rfc3339("2000-01-01T00:00:00Z")

Name = Annotated[
    str,
    Meta(
        description="Any text without control characters. Generated code sends `category/action`.",
        examples=["Product Purchased"],
        extra_json_schema={"minLength": 1, "maxLength": MAX_NAME_LENGTH},
    ),
]
Id = Annotated[str, Meta(min_length=1, max_length=128)]
EntityName = Annotated[str, Meta(min_length=1, max_length=256)]
PairKey = Annotated[str, Meta(min_length=1, max_length=64)]
PairValue = Annotated[str, Meta(max_length=1024)]


class Pair(msgspec.Struct, frozen=True, gc=False):
    """A metadata entry."""

    key: PairKey
    value: PairValue


class SentEvent(msgspec.Struct, frozen=True, gc=False):
    """An event on the wire: null is equivalent to absent, unknown keys are ignored.

    `timestamp` is RFC 3339. A time later than the time of receipt, as from a clock that runs fast or is years ahead,
    is set to the time of receipt; this is also the default.
    """

    name: Name | None = None
    anonymous_id: str | None = None
    external_id: str | None = None
    user_signature: str | None = None
    data: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None  # another name of `data`
    metadata: Annotated[list[Pair], Meta(max_length=MOST_PAIRS)] | None = None
    id: Id | None = None
    timestamp: str | None = None
    session: Id | None = None
    entity: EntityName | None = None


Pairs = Mapping[str, str]
"""The metadata of an event, by key."""
NO_PAIRS: Pairs = {}


class ParsedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event as it is stored. Times in milliseconds; `data` and `metadata` are JSON objects, or None.

    `pairs` holds the metadata again, for checks; `shape` is used for counting.
    """

    stated: ClaimedIdentity  # one of the two: the user where there is one
    event_id: str
    name: str
    session_id: str | None
    entity: str | None
    data: str | None
    metadata: str | None
    happened: int
    shape: EventShape
    pairs: Pairs = NO_PAIRS


def read_events(body: bytes, now: int, *, max_depth: int, check: IdCheck = ANYBODY) -> Sequence[ParsedEvent]:
    """Return the events in a JSON body. Raise ValidationFailed, with every problem, unless all are valid."""
    try:
        sent = decode_json(body, list[SentEvent], max_depth=max_depth)
    except ValidationFailed as error:
        values = msgspec.json.decode(body)
        _check_number(values)
        raise ValidationFailed(Problems(_all_problems(values, check)) or error.problems) from None
    _check_number(sent)
    metadata = [{pair.key: pair.value for pair in event.metadata} if event.metadata else NO_PAIRS for event in sent]
    problems = [
        problem for index, event in enumerate(sent) for problem in _broken_rules(event, index, check, metadata[index])
    ]
    if problems:
        raise ValidationFailed(problems)
    own_id = new_id("evt")
    return [_event(event, now, f"{own_id}-{index}", metadata[index]) for index, event in enumerate(sent)]


def _check_number(sent: Any) -> None:
    """Raise ValidationFailed unless that number of events is allowed; checked before any other problem is reported."""
    if isinstance(sent, list) and not 0 < len(sent) <= MOST_EVENTS:
        raise ValidationFailed([ErrorDetail("", f"Send 1 to {MOST_EVENTS:,} events, not {len(sent):,}.")])


def _all_problems(values: Any, check: IdCheck) -> Iterator[ErrorDetail]:
    """Return all problems after the decoder stopped at the first: wrong types, and violations in well-typed values."""
    if not isinstance(values, list):
        yield ErrorDetail("", "Send a list of events.")
        return
    for index, value in enumerate(values):
        wrong = group_problems_by_field(value, SentEvent, f"[{index}]")
        yield from wrong
        if isinstance(value, dict):
            bad = {problem.path.removeprefix(f"[{index}].").partition("[")[0] for problem in wrong}
            right = {key: item for key, item in value.items() if key not in bad}
            placeholder = {"anonymous_id": "-"} if bad & {"anonymous_id", "external_id"} else {}
            event = msgspec.convert({**right, **placeholder}, SentEvent)
            yield from _broken_rules(event, index, check, {pair.key: pair.value for pair in event.metadata or ()})


def _broken_rules(sent: SentEvent, index: int, check: IdCheck, pairs: Pairs) -> Sequence[ErrorDetail]:
    """Return the problems of an event beyond types and lengths; `pairs` is its metadata."""
    unsigned = check.find_problem(sent.external_id, sent.user_signature)
    broken = [
        ("", "Specify anonymous_id or external_id.")
        if sent.anonymous_id is None and sent.external_id is None
        else None,
        None if sent.name is None else find_name_problem(sent.name),
        None if sent.anonymous_id is None else _problem_of_anonymous_id(sent.anonymous_id),
        None if sent.external_id is None else _problem_of_external_id(sent.external_id),
        None if unsigned is None else (".user_signature", f"This {unsigned}."),
        None if sent.timestamp is None else _problem_of_timestamp(sent.timestamp),
        KEY_TWICE if sent.metadata and len(pairs) < len(sent.metadata) else None,
        _problem_of_data(sent),
    ]
    if not any(broken):
        return ()
    return [ErrorDetail(f"[{index}]{problem[0]}", problem[1]) for problem in broken if problem]


Found = tuple[str, str] | None
"""The place of a problem in an event and its description; None if there is none."""
KEY_TWICE: Found = (".metadata", "A key appears twice.")


@memoize
def find_name_problem(name: str) -> Found:
    """Return the problem with an event name."""
    problem = find_event_name_problem(name)
    return None if problem is None else (".name", f"This {problem}.")


@memoize
def _problem_of_anonymous_id(text: str) -> Found:
    problem = find_anonymous_id_problem(text)
    return None if problem is None else (".anonymous_id", f"This {problem}.")


@memoize
def _problem_of_external_id(text: str) -> Found:
    problem = find_user_id_problem(text)
    return None if problem is None else (".external_id", f"This {problem}.")


def _problem_of_timestamp(timestamp: str) -> Found:
    moment = _parse_time(timestamp)
    if moment is None:
        return ".timestamp", "This is not a time such as 2026-11-21T20:35:00Z (RFC 3339)."
    return (".timestamp", "This is before the year 2000.") if moment < OLDEST else None


def _problem_of_data(sent: SentEvent) -> Found:
    name, data = ("data", sent.data) if sent.data is not None else ("properties", sent.properties)
    if data is None or len(msgspec.json.encode(data)) <= MAX_DATA_BYTES:
        return None
    return f".{name}", f"This can have at most {MAX_DATA_BYTES:,} bytes."


@memoize
def _parse_time(timestamp: str) -> int | None:
    try:
        return parse_rfc3339(timestamp)
    except ValueError:
        return None


def _event(sent: SentEvent, now: int, own_id: str, pairs: Pairs) -> ParsedEvent:
    """Return the stored form of a valid event; `pairs` is its metadata.

    Events dated in the future by a fast device clock are set to the current time.
    """
    who = claim_identity(sent.anonymous_id if sent.external_id is None else None, sent.external_id)
    moment = None if sent.timestamp is None else _parse_time(sent.timestamp)
    if who is None:
        raise ValueError("an event without a person")
    name = sent.name or ""
    return ParsedEvent(
        who,
        sent.id or own_id,
        name,
        sent.session,
        sent.entity,
        _as_json(sent.properties if sent.data is None else sent.data),
        _as_json(pairs) if pairs else None,
        now if moment is None else min(moment, now),
        shape_of((name, *pairs)) if pairs else bare_shape_of(name),
        pairs,
    )


def _as_json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else ENCODER.encode(value).decode()
