"""Exports over HTTP: create, show, download. `spooling` writes the file."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import ErrorDetail, NotFound, ValidationFailed
from templates_server.features.audit import store as audit
from templates_server.features.exports import queries, store
from templates_server.features.exports.columns import ExportFormat, event_format, user_format
from templates_server.features.exports.cursors import from_cursor
from templates_server.features.exports.file_store import form_of
from templates_server.features.exports.range_response import file_response
from templates_server.features.exports.schemas import AskedFormat, EventExport, ExportView, TribeExport
from templates_server.features.exports.worker import KEPT_MS, ExportWorker, Job, Lines
from templates_server.features.people.identity import PersonKind, find_queried_user_id_problem, make_person_ref
from templates_server.features.tribes.api import load_tribe
from templates_server.features.tribes.store import EvaluationContext
from templates_server.http.context import Call
from templates_server.http.response import ApiResult
from templates_server.http.route_docs import CSV, JSON, NDJSON
from templates_server.primitives.event_names import find_event_name_problem
from templates_server.primitives.ids import new_id
from templates_server.primitives.timestamps import DAY, to_rfc3339
from templates_server.security import authorization

MEDIA_TYPES = {"csv": f"{CSV}; charset=utf-8; header=present", "ndjson": NDJSON, "json": JSON}


class ExportServices(Protocol):
    """The services that the handlers here need."""

    @property
    def export_worker(self) -> ExportWorker:
        """Writes exports to files."""


async def export_tribe(call: Call[ExportServices]) -> Response:
    """Start an export of the users in a tribe, as they are when the file is written."""
    authorization.check_scope(call.principal, authorization.Scope.TRIBES_READ, call.place)
    asked: TribeExport = call.body
    environment_id, space_id, key = call.environment_id, call.space_id, call.parameters["tribe"]
    retention_ms = call.settings.event_retention_days * DAY
    shape = user_format(asked.format, asked.columns, raw=asked.raw)
    since = None if asked.since is None else from_cursor(environment_id, asked.since)
    tribe = await call.database.read_in_thread(lambda connection: load_tribe(connection, space_id, key))
    if tribe.is_contextual:
        message = f"{key} uses fields that apps send when a session starts, so its members cannot be listed or counted."
        raise ValidationFailed([ErrorDetail("tribe", message)])

    def lines(connection: Connection, now: int) -> queries.Batches:
        at = EvaluationContext(environment_id, now, retention_ms)
        return queries.query_user_lines(connection, at, tribe, shape, since=since)

    return await _begin(call, shape, lines, tribe=key)


async def export_events(call: Call[ExportServices]) -> Response:
    """Start an export of events."""
    asked: EventExport = call.body
    shape = event_format(asked.format, asked.columns, raw=asked.raw)
    problems = [
        *_problem("name", asked.name, find_event_name_problem),
        *_problem("user", asked.user, find_queried_user_id_problem),
    ]
    if problems:
        raise ValidationFailed(problems)
    person_id = None if asked.user is None else make_person_ref(PersonKind.USER, asked.user).person_id
    wanted = queries.Events(call.environment_id, asked.name, person_id)
    return await _begin(
        call, shape, lambda connection, _now: queries.query_event_lines(connection, wanted, shape), tribe=None
    )


def _problem(path: str, text: str | None, problem_of: Callable[[str], str | None]) -> list[ErrorDetail]:
    problem = None if text is None else problem_of(text)
    return [] if problem is None else [ErrorDetail(path, f"This {problem}.")]


async def _begin(call: Call[ExportServices], shape: ExportFormat, lines: Lines, *, tribe: str | None) -> Response:
    """Store the export request and respond; the file is written once the request is stored."""
    new = store.NewExport(
        new_id("exp"),
        call.environment_id,
        tribe,
        msgspec.json.encode(call.body).decode(),
        call.now,
        call.principal.id,
        call.now + KEPT_MS,
    )
    stored: list[store.StoredExport] = []

    def work(connection: Connection) -> ApiResult:
        stored[:] = [store.add_export(connection, new)]
        details = {"format": call.body.format} | ({"tribe": tribe} if tribe else {})
        audit.record(connection, call.deed("export.create", new.id, details=details))
        return ApiResult([_to_response(stored[0])], "export", HTTPStatus.ACCEPTED)

    slot = call.features.export_worker.reserve(new.id, call.place.organization_id)
    try:
        response = await call.effect(work)
    except BaseException:
        slot.release()
        raise
    if not stored:  # it was answered from before, by its Idempotency-Key
        slot.release()
    else:
        form = form_of(call.body.format, shape.header)
        slot.begin(Job(new.id, new.environment_id, form, lines, has_cursor=tribe is not None))
    return response


async def show(call: Call[ExportServices]) -> ApiResult:
    """Return the progress of an export."""
    return ApiResult([_to_response(await _require_export(call))], "export")


async def download(call: Call[ExportServices]) -> Response:
    """Return the file of a complete export, or a part of it."""
    export = await _require_export(call)
    path = call.features.export_worker.files.path(export.id)
    if export.state != store.COMPLETE or export.sha256 is None or not path.is_file():
        raise NotFound(f"The export is {export.state}: no file to download.")
    return file_response(
        path, call.request.headers, entity_tag=f'"{export.sha256}"', media_type=MEDIA_TYPES[_format_of(export)]
    )


async def _require_export(call: Call[ExportServices]) -> store.StoredExport:
    """Return the export in the path, if the caller may read its content. Raise NotFound once it has expired."""
    environment_id, export_id, now = call.environment_id, call.parameters["export"], call.now

    def load(connection: Connection) -> store.StoredExport:
        return store.find_export(connection, environment_id, export_id, now=now)

    export = await call.database.read(load)
    is_of_events = export.tribe is None
    needed = (
        (authorization.Scope.EVENTS_READ,)
        if is_of_events
        else (authorization.Scope.USERS_READ, authorization.Scope.TRIBES_READ)
    )
    for scope in needed:
        authorization.check_scope(call.principal, scope, call.place)
    if export.state == store.RUNNING and await call.features.export_worker.fail_if_abandoned(export.id):
        return await call.database.read(load)
    return export


def _format_of(export: store.StoredExport) -> str:
    return msgspec.json.decode(export.request, type=AskedFormat).format


def _to_response(export: store.StoredExport) -> ExportView:
    return ExportView(
        export.id,
        export.state,  # type: ignore[arg-type]  # one of the three words
        export.tribe,
        msgspec.json.decode(export.request, type=AskedFormat).format,
        export.rows,
        export.bytes,
        export.sha256,
        export.cursor,
        to_rfc3339(export.created),
        to_rfc3339(export.expires),
        export.error,
    )
