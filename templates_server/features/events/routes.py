"""Events: every path, who may use it, what it reads and gives."""

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
from templates_server.http.route_docs import EVENT_STREAM, PAGE, X_ACCEL_BUFFERING, Body, Parameter
from templates_server.security.authorization import Role, Scope

EVENTS_WAIT = Parameter(
    "wait",
    Annotated[int, Meta(ge=0, le=event_stream.MAX_WAIT_SECONDS)],
    "After how many seconds the stream ends; unless specified it lasts.",
    example=0,
    in_samples=True,
)
EVENTS_POSITION = Parameter(
    "Last-Event-ID",
    str,
    "The last `id` that the stream had, as browsers send it when they come back.",
    place="header",
)


PLATFORM_ROUTES = (
    Route(
        "GET",
        f"{ENVIRONMENT}/events",
        listed_events.list_events,
        Surface.PLATFORM,
        "The events of an environment, of a user or of a name the newest first.",
        scope=Scope.EVENTS_READ,
        role=Role.DEVELOPER,
        gives=EventView,
        takes=(
            *PAGE,
            Parameter("name", str, "Only events of this name.", example="video/completed"),
            Parameter("user", str, "Only events of the user with this id.", example="ada"),
        ),
        data_type="event",
        refuses=(ValidationFailed,),
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/events/stream",
        event_stream.stream_events,
        Surface.PLATFORM,
        "The events and sessions of an environment as they arrive: server-sent events, `event` with an event as in the "
        "list of events, `session` with a session that has started, `skipped` with how many were too many to be told. "
        "What arrives in another process may be left out for the first second. After a break of less than 40 seconds "
        "`Last-Event-ID` continues where the stream ended.",
        scope=Scope.EVENTS_READ,
        role=Role.DEVELOPER,
        gives=Body(bytes, (EVENT_STREAM,)),
        takes=(
            Parameter("name", str, "Only events of this name, and no sessions.", example="video/completed"),
            Parameter("user", str, "Only events and sessions of the user with this id.", example="ada"),
            Parameter("anonymous_id", str, "Only those of the visitor with this id.", example="phone-1"),
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
        reads=Body(list[SentEvent]),
        example=[{"name": "video/completed", "anonymous_id": "phone-1"}],
        status=HTTPStatus.NO_CONTENT,
        max_body_bytes=4 * 1024 * 1024,
    ),
)
