"""Exports: every path, who may use it, what it reads and gives."""

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
    Body,
)
from templates_server.security.authorization import Role, Scope

EXPORT_HERE = f"{ENVIRONMENT}/exports/{{export}}"


ROUTES = (
    Route(
        "POST",
        f"{TRIBE_HERE}/exports",
        exports.export_tribe,
        Surface.PLATFORM,
        "Begin an export of the users in a tribe: a snapshot, kept for a day; needs the scope `tribes:read` as well.",
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
        "Begin an export of events: all of them, or those of a name or of a user.",
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
        "How far an export is; needs `users:read` and `tribes:read`, or `events:read`, by what is in it.",
        role=Role.DEVELOPER,
        gives=ExportView,
    ),
    Route(
        "GET",
        f"{EXPORT_HERE}/content",
        exports.download,
        Surface.PLATFORM,
        "What was exported, or a part of it, once the export is complete; needs the same scopes.",
        role=Role.DEVELOPER,
        gives=Body(Any, (CSV, NDJSON, JSON)),
        also=(HTTPStatus.PARTIAL_CONTENT,),
        refuses=(RangeNotSatisfiable,),
        takes=(RANGE, IF_RANGE),
        sends=(ETAG, ACCEPT_RANGES, CONTENT_RANGE),
    ),
)
