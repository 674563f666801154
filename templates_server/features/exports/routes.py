"""The routes of exports: each path, its access rule, its input and its response."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from templates_server.errors import RangeNotSatisfiable
from templates_server.features.exports import api as exports
from templates_server.features.exports.schemas import EventExport, ExportView, TribeExport
from templates_server.http.paths import ENVIRONMENT, TRIBE_HERE
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import (
    ACCEPT_RANGES,
    CONTENT_RANGE,
    CSV,
    ETAG,
    IF_RANGE,
    JSON,
    NDJSON,
    RANGE,
    BodyDocs,
)
from templates_server.security.authorization import Role, Scope

EXPORT_HERE = f"{ENVIRONMENT}/exports/{{export}}"


ROUTES = (
    Route(
        "POST",
        f"{TRIBE_HERE}/exports",
        exports.export_tribe,
        Surface.PLATFORM,
        "Start an export of the users in a tribe, as a snapshot that is kept for a day. Also requires the scope "
        "`tribes:read`.",
        scope=Scope.USERS_READ,
        reads=TribeExport,
        gives=ExportView,
        status=HTTPStatus.ACCEPTED,
        example={"format": "csv", "columns": ["user_id", "email", "attributes.plan"]},
        group="Exports",
    ),
    Route(
        "POST",
        f"{ENVIRONMENT}/events/exports",
        exports.export_events,
        Surface.PLATFORM,
        "Start an export of events, optionally filtered by name or user.",
        scope=Scope.EVENTS_READ,
        role=Role.DEVELOPER,
        reads=EventExport,
        gives=ExportView,
        status=HTTPStatus.ACCEPTED,
        example={"format": "ndjson", "name": "video/completed"},
        group="Exports",
    ),
    Route(
        "GET",
        EXPORT_HERE,
        exports.show,
        Surface.PLATFORM,
        "Get the progress of an export. Requires `users:read` and `tribes:read`, or `events:read`, depending on its "
        "content.",
        role=Role.DEVELOPER,
        gives=ExportView,
    ),
    Route(
        "GET",
        f"{EXPORT_HERE}/content",
        exports.download,
        Surface.PLATFORM,
        "Download a completed export, or a range of it. Requires the same scopes.",
        role=Role.DEVELOPER,
        gives=BodyDocs(Any, (CSV, NDJSON, JSON)),
        also=(HTTPStatus.PARTIAL_CONTENT,),
        refuses=(RangeNotSatisfiable,),
        takes=(RANGE, IF_RANGE),
        sends=(ETAG, ACCEPT_RANGES, CONTENT_RANGE),
    ),
)
