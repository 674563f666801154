"""`GET /v2/.../environments/:environment/events/stream`: server-sent events (WHATWG HTML, 9.2) of new arrivals."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Iterator, Mapping
from typing import Protocol

from starlette.responses import Response

from templates_server.errors import ErrorDetail, Forbidden, ValidationFailed
from templates_server.features.events.stream.feed import EventFeed, Listener, Permitted
from templates_server.features.events.stream.filters import StreamFilter
from templates_server.features.people.identity import (
    PersonKind,
    PersonRef,
    find_anonymous_id_problem,
    find_queried_user_id_problem,
    make_person_ref,
)
from templates_server.http.context import Call
from templates_server.http.server_sent_events import EventStream
from templates_server.primitives.event_names import find_event_name_problem
from templates_server.primitives.integers import whole_number
from templates_server.security import authorization
from templates_server.security.authorization import Role, Scope

MAX_WAIT_SECONDS = 3600
ONE_PERSON = "Specify a user or a visitor, not both."


class EventStreamServices(Protocol):
    """The services that the handlers here need."""

    @property
    def event_feed(self) -> EventFeed:
        """Delivers events and sessions as they arrive."""


async def stream_events(call: Call[EventStreamServices]) -> Response:
    """Stream the events and sessions of an environment that match the filters, as they arrive."""
    wanted, seconds = read_filter(call.query), wait_seconds(call)
    return await open_stream(call, wanted, functools.partial(is_permitted, call), seconds)


async def open_stream(
    call: Call[EventStreamServices],
    wanted: StreamFilter,
    permitted: Permitted,
    seconds: int | None = None,
    *,
    after: str = "",
) -> Response:
    """Open a stream of arrivals, for that many seconds and while permitted; `after` is the initial position."""
    feed = call.features.event_feed
    with contextlib.ExitStack() as held:
        held.enter_context(call.services.stream_limiter.acquire(call.caller))
        last_event_id = call.request.headers.get("last-event-id", after)
        listener = await feed.open(call.environment_id, wanted, last_event_id)
        held.enter_context(feed.listening(listener))
        if seconds is not None:
            held.enter_context(_ending_in(seconds, listener))
        return EventStream(listener, functools.partial(listener.next_messages, permitted), held.pop_all())


async def is_permitted(call: Call) -> bool:
    """Return whether the stream's token would still open it now."""
    bearer = call.request.headers.get("authorization", "").partition(" ")[2].strip()
    principal = await call.services.authenticate(bearer)
    place = await call.services.locate({name: call.parameters[name] for name in ("space", "environment")})
    if principal is None or place is None or not authorization.may_see(principal, place):
        return False
    try:
        authorization.check_scope(principal, Scope.EVENTS_READ, place)
        authorization.check_role(principal, Role.DEVELOPER, place)
    except Forbidden:
        return False
    return place == call.place


def read_filter(query: Mapping[str, str]) -> StreamFilter:
    """Return the filter in the query of a request: `name`, and `user` or `anonymous_id`."""
    name, person = query.get("name"), _person_of(query)
    problem = None if name is None else find_event_name_problem(name)
    if problem is not None:
        raise ValidationFailed([ErrorDetail("name", f"This {problem}.")])
    return StreamFilter(name, None if person is None else person.person_id)


def _person_of(query: Mapping[str, str]) -> PersonRef | None:
    user, visitor = query.get("user"), query.get("anonymous_id")
    if user is not None and visitor is not None:
        raise ValidationFailed([ErrorDetail("anonymous_id", ONE_PERSON)])
    if user is not None:
        return _named(PersonKind.USER, "user", user, find_queried_user_id_problem(user))
    if visitor is not None:
        return _named(PersonKind.VISITOR, "anonymous_id", visitor, find_anonymous_id_problem(visitor))
    return None


def _named(kind: PersonKind, parameter: str, called: str, problem: str | None) -> PersonRef:
    if problem is not None:
        raise ValidationFailed([ErrorDetail(parameter, f"This {problem}.")])
    return make_person_ref(kind, called)


def wait_seconds(call: Call) -> int | None:
    """Return the number of seconds after which a stream ends, or None if it is unlimited."""
    text = call.query.get("wait")
    if text is None:
        return None
    seconds = whole_number(text, most=MAX_WAIT_SECONDS)
    if seconds is None:
        raise ValidationFailed([ErrorDetail("wait", f"This must be a whole number from 0 to {MAX_WAIT_SECONDS}.")])
    return seconds


@contextlib.contextmanager
def _ending_in(seconds: int, listener: Listener) -> Iterator[None]:
    """End the listener after that many seconds, within the block."""
    ending = asyncio.get_running_loop().call_later(seconds, listener.end)
    try:
        yield
    finally:
        ending.cancel()
