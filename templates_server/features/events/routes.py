"""The routes of events: each path, its access rule, its input and its response."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from msgspec import Meta

from templates_server.errors import ValidationFailed
from templates_server.features.events import api as events
from templates_server.features.events.listing import api as listed_events
from templates_server.features.events.parser import SentEvent
from templates_server.features.events.schemas import EventView
from templates_server.features.events.stream import api as event_stream
from templates_server.http.paths import ENVIRONMENT
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import EVENT_STREAM, PAGE, X_ACCEL_BUFFERING, BodyDocs, ParameterDocs
from templates_server.security.authorization import Role, Scope

EVENTS_WAIT = ParameterDocs(
    "wait",
    Annotated[int, Meta(ge=0, le=event_stream.MAX_WAIT_SECONDS)],
    "Seconds after which the stream ends (default: unlimited).",
    example=0,
    in_samples=True,
)
EVENTS_POSITION = ParameterDocs(
    "Last-Event-ID",
    str,
    "The last `id` received, as browsers send it when they reconnect.",
    place="header",
)


PLATFORM_ROUTES = (
    Route(
        "GET",
        f"{ENVIRONMENT}/events",
        listed_events.list_events,
        Surface.PLATFORM,
        "List the events of an environment. With a user or a name, newest first.",
        scope=Scope.EVENTS_READ,
        role=Role.DEVELOPER,
        gives=EventView,
        takes=(
            *PAGE,
            ParameterDocs("name", str, "Only events with this name.", example="video/completed"),
            ParameterDocs("user", str, "Only events of the user with this ID.", example="ada"),
        ),
        data_type="event",
        refuses=(ValidationFailed,),
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/events/stream",
        event_stream.stream_events,
        Surface.PLATFORM,
        "Stream the events and sessions of an environment as server-sent events: `event` has an event as in the "
        "list of events, `session` a started session, and `skipped` the number of entries that were dropped. "
        "Entries from other server processes may be missing in the first second. After a disconnection of less than "
        "40 seconds, `Last-Event-ID` resumes the stream.",
        scope=Scope.EVENTS_READ,
        role=Role.DEVELOPER,
        gives=BodyDocs(bytes, (EVENT_STREAM,)),
        takes=(
            ParameterDocs("name", str, "Only events with this name, without sessions.", example="video/completed"),
            ParameterDocs("user", str, "Only events and sessions of the user with this ID.", example="ada"),
            ParameterDocs(
                "anonymous_id", str, "Only events and sessions of the visitor with this ID.", example="phone-1"
            ),
            EVENTS_WAIT,
            EVENTS_POSITION,
        ),
        sends=(X_ACCEL_BUFFERING,),
        refuses=(ValidationFailed,),
        group="Events",
    ),
)

CLIENT_ROUTES = (
    Route(
        "POST",
        "/api/client/events",
        events.add_events,
        Surface.CLIENT,
        "Store 1 to 1,000 events.",
        reads=BodyDocs(list[SentEvent]),
        example=[{"name": "video/completed", "anonymous_id": "phone-1"}],
        status=HTTPStatus.NO_CONTENT,
        max_body_bytes=4 * 1024 * 1024,
    ),
)
