"""Events and sessions as they arrive, to check an app during development; for a new Space the setup steps.

Without JavaScript the page shows the latest arrivals. With it (`pages/live.js`) a stream adds new ones.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from templates_server.errors import Forbidden, NotFound, ValidationFailed
from templates_server.features.console import store
from templates_server.features.console.form_state import FormState, fields_by_name, prefill
from templates_server.features.console.navigation import ENVIRONMENT, link_to
from templates_server.features.console.people.overview import PATHS, path_of
from templates_server.features.console.platform_api import RouteRequest, invoke, require
from templates_server.features.console.shell import show
from templates_server.features.console.visit import Visit, locate, page, visit_by
from templates_server.features.event_names import api as event_names
from templates_server.features.events.listing.schemas import event_view
from templates_server.features.events.listing.store import EventQuery, list_events
from templates_server.features.events.schemas import EventView
from templates_server.features.events.stream import api as event_stream
from templates_server.features.events.stream.feed import session_view
from templates_server.features.events.stream.filters import StreamFilter
from templates_server.features.events.stream.schemas import ArrivedSession
from templates_server.features.events.stream.store import Arrived, list_latest
from templates_server.features.pages.browser_session import refresh_sign_in
from templates_server.features.pages.renderer import PageContent
from templates_server.features.people.identity import PersonKind
from templates_server.features.spaces import api as spaces
from templates_server.features.tribes import api as tribes

PATH = f"{ENVIRONMENT}/live"
FILTERS = ("name", "user", "anonymous_id")
ROWS_SHOWN = 50
ROWS_KEPT = 200
"""The maximum number of rows in the browser while new ones arrive."""
NAMES_OFFERED = 100
LONGEST_SHOWN = 300
"""The maximum number of characters of an event's data."""


@dataclass(frozen=True)
class LiveRow:
    """An event or a session that arrived; `details` are names and values."""

    kind: str
    id: str
    name: str
    called: str
    url: str
    at: str
    details: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SetupStep:
    """A setup step of a new Space, and whether it is done."""

    key: str
    title: str
    is_done: bool


@page
async def live_page(visit: Visit) -> Response:
    """Show the latest arrivals, and the steps of a new Space."""
    require(visit, event_stream.stream_events)
    filters = _filters(visit.call.query)
    typed, position, rows = prefill(**filters), "", list[LiveRow]()
    try:
        wanted = event_stream.read_filter(filters)
        position, rows = await _list_arrivals(visit, wanted)
    except ValidationFailed as error:
        typed = typed.refused(error, fields_by_name(*FILTERS))
    return await _show(visit, filters, typed, {"position": position, "rows": rows})


@page
async def live_stream(visit: Visit) -> Response:
    """Stream new arrivals after those on the page, until the visitor signs out or loses permission."""
    require(visit, event_stream.stream_events)
    call = visit.call
    wanted, seconds = event_stream.read_filter(_filters(call.query)), event_stream.wait_seconds(call)
    permitted, after = functools.partial(_is_permitted, visit), call.query.get("after", "")
    return await event_stream.open_stream(call, wanted, permitted, seconds, after=after)


async def _is_permitted(visit: Visit) -> bool:
    """Return whether the browser that opened the stream may still open it."""
    again = await visit_by(visit.call, await refresh_sign_in(visit.call, visit.browser))
    if again is None or again.account.id != visit.account.id:
        return False
    try:
        again = await locate(replace(again, call=replace(again.call, located=None)))
        require(again, event_stream.stream_events)
    except (NotFound, Forbidden):
        return False
    return again.place == visit.place


def _filters(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name].strip() for name in FILTERS if query.get(name, "").strip()}


async def _list_arrivals(visit: Visit, wanted: StreamFilter) -> tuple[str, list[LiveRow]]:
    """Return the start of the stream and the latest arrivals, newest first; for one person also unread ones."""
    call = visit.call
    environment_id, now = call.environment_id, call.now
    listener = await call.features.event_feed.open(environment_id, wanted, "")

    def load(connection: Any) -> Arrived:
        arrived = list_latest(connection, environment_id, now=now)
        if wanted.person_id is None:
            return arrived
        asked = EventQuery(ROWS_SHOWN, "", wanted.name, wanted.person_id)
        return replace(arrived, events=list_events(connection, environment_id, asked).events)

    arrived = await call.database.read_in_thread(load)
    events = [event_view(one) for one in arrived.events if wanted.matches(one.name, one.person_id)]
    sessions = [session_view(one) for one in arrived.sessions if wanted.matches(None, one.person_id)]
    rows = [*_event_rows(visit, events), *_session_rows(visit, sessions)]
    return listener.position, sorted(rows, key=lambda row: row.at, reverse=True)[:ROWS_SHOWN]


def _event_rows(visit: Visit, events: Iterable[EventView]) -> Iterator[LiveRow]:
    for one in events:
        called, url = _person(visit, one.user_id, one.anonymous_id)
        yield LiveRow("event", one.id, one.name, called, url, one.received, list(_details_of_event(one)))


def _details_of_event(event: EventView) -> Iterator[tuple[str, str]]:
    if event.entity:
        yield "entity", event.entity
    yield from (event.metadata or {}).items()
    if event.data:
        text = msgspec.json.encode(event.data).decode()
        yield "data", text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _session_rows(visit: Visit, sessions: Iterable[ArrivedSession]) -> Iterator[LiveRow]:
    for one in sessions:
        called, url = _person(visit, one.user_id, one.anonymous_id)
        app = " ".join(filter(None, (one.app_platform, one.app_version, one.app_build)))
        told = (("app", app), ("system", one.os_version), ("code", one.code_language))
        details = [(name, text) for name, text in told if text]
        yield LiveRow("session", one.session, "Session", called, url, one.started, details)


def _person(visit: Visit, user_id: str | None, anonymous_id: str | None) -> tuple[str, str]:
    """Return the name of the person and the URL of their page; "" if they no longer exist."""
    if user_id is not None:
        return user_id, visit.url(path_of(PersonKind.USER, user_id))
    return (anonymous_id, visit.url(path_of(PersonKind.VISITOR, anonymous_id))) if anonymous_id else ("", "")


async def _show(visit: Visit, filters: Mapping[str, str], typed: FormState, found: Mapping[str, Any]) -> Response:
    steps = await _steps(visit)
    values: dict[str, Any] = {
        **found,
        "stream": f"{visit.url(PATH)}/stream?{urlencode({**filters, 'after': found['position']})}",
        "query": urlencode(filters),
        "filters": filters,
        "typed": typed,
        "names": await _offered_names(visit),
        "lists": {kind.value: visit.url(path) for kind, path in PATHS.items()},
        "steps": steps if any(not step.is_done for step in steps) else (),
        "keys_url": link_to(visit, "keys"),
        "tribes_url": link_to(visit, "tribes"),
        "rows_kept": ROWS_KEPT,
        "longest_shown": LONGEST_SHOWN,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/live", values, status), here="live")


async def _offered_names(visit: Visit) -> Sequence[str]:
    found = await invoke(visit, event_names.list_names, RouteRequest(query={"limit": str(NAMES_OFFERED)}))
    return [one.name for one in found.data]


async def _steps(visit: Visit) -> Sequence[SetupStep]:
    """Return the setup steps of a new Space, in order."""
    environment_id = visit.call.environment_id
    has_session, has_event = await visit.call.database.read(
        lambda connection: store.has_arrived(connection, environment_id)
    )
    keys = (await invoke(visit, spaces.list_keys)).data
    return (
        SetupStep("key", "Create a key", any(key.revoked is None for key in keys)),
        SetupStep("session", "Start a session", has_session),
        SetupStep("event", "Send an event", has_event),
        SetupStep("tribe", "Define a tribe", bool((await invoke(visit, tribes.read)).one["tribes"])),
    )
