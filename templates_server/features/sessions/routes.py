"""The routes of sessions: each path, its access rule, its input and its response."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from msgspec import Meta

from templates_server.errors import ValidationFailed
from templates_server.features.sessions import api as sessions
from templates_server.features.sessions.changes import api as changes
from templates_server.features.sessions.changes.schemas import StatesChange
from templates_server.features.sessions.parser import SentStart
from templates_server.features.sessions.schemas import AskedExplanation, SessionExplanation, StartedSession
from templates_server.http.paths import ENVIRONMENT
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import (
    EVENT_STREAM,
    JSON,
    LAST_EVENT_ID,
    X_ACCEL_BUFFERING,
    BodyDocs,
    ParameterDocs,
)
from templates_server.security.authorization import Scope

SINCE = ParameterDocs("since", str, "The app's current `revision`, from the session start or the latest change.")
WAIT = ParameterDocs(
    "wait",
    Annotated[int, Meta(ge=0, le=changes.MAX_WAIT_SECONDS)],
    f"Seconds that a long poll waits for a change (default: {changes.DEFAULT_WAIT_SECONDS}).",
    example=0,
    in_samples=True,
)


EXPLANATION_ROUTES = (
    Route(
        "POST",
        f"{ENVIRONMENT}/session-explanation",
        sessions.explain,
        Surface.PLATFORM,
        "Explain what a session would show a person, now or at a given time. Also requires `spaces:read` and "
        "`tribes:read`.",
        scope=Scope.USERS_READ,
        reads=AskedExplanation,
        gives=SessionExplanation,
        example={"user_id": "ada", "fields": {"campaign": "spring"}},
    ),
)

CLIENT_ROUTES = (
    Route(
        "POST",
        "/api/client/sessions",
        sessions.start_session,
        Surface.CLIENT,
        "Start a session and get the state of every entity for one person.",
        reads=BodyDocs(SentStart),
        gives=StartedSession,
        example={
            "anonymous_id": "phone-1",
            "fields": {"campaign": "spring"},
            "device": {"os": "iOS", "os_version": "17.4.1"},
            "app": {"version": "2.3.0", "build": "127", "platform": "ios"},
            "code": {"hash": "9f2c", "language": "swift"},
            "unknown": ['homepage.body[1].layout: "tall"'],
        },
    ),
    Route(
        "GET",
        "/api/client/sessions/{session}/changes",
        changes.follow_session,
        Surface.CLIENT,
        "Get the entities that change during a session, as server-sent events (`id`, `event: states`, `data` as the "
        "JSON here) if the client accepts them, otherwise as a long poll, which returns 204 if nothing has changed.",
        gives=BodyDocs(StatesChange, (JSON, EVENT_STREAM)),
        also=(HTTPStatus.NO_CONTENT,),
        refuses=(ValidationFailed,),
        takes=(SINCE, WAIT, LAST_EVENT_ID),
        sends=(X_ACCEL_BUFFERING,),
    ),
)
