"""`PUT .../imports/:import/parts/:part`, `POST .../complete`, `GET .../imports/:import`: bulk imports of people."""

from __future__ import annotations

import re
import time
from typing import Protocol

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import Conflict, ErrorDetail, NotFound, ValidationFailed
from templates_server.features.audit import store as audit
from templates_server.features.imports import store
from templates_server.features.imports.content_digest import check_digest
from templates_server.features.imports.parse_worker import PartParser
from templates_server.features.imports.parser import PartRows
from templates_server.features.imports.part_sequencer import (
    MOST_AHEAD,
    PartSequencer,
    read_wait_preference,
    wait_for_part,
)
from templates_server.features.imports.schemas import Completion, ImportView, PartView
from templates_server.features.imports.service import (
    AppliedPart,
    PartOutOfOrder,
    SentPart,
    apply_part,
    find_part_result,
)
from templates_server.features.imports.store import ImportKey, StoredImport, find_marks
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.http.response import ApiResult, to_response
from templates_server.http.route_docs import NDJSON
from templates_server.primitives.integers import counted, whole_number

IMPORT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
PART_NUMBER = re.compile(r"[1-9][0-9]{0,6}")
MOST_PARTS = 1_000_000


class ImportServices(Protocol):
    """The services that the handlers here need."""

    @property
    def part_parser(self) -> PartParser:
        """Parses parts of imports."""

    @property
    def part_sequencer(self) -> PartSequencer:
        """Applies parts of imports one after the other."""


async def put_part(call: Call[ImportServices]) -> Response:
    """Apply a part once. If it is sent again, return the first response."""
    request_body.require_media_type(call.request, NDJSON)
    place, number, reader = _place(call), _number(call), call.features.part_parser
    digest = await reader.digest(call.body)
    check_digest(call.request.headers.get("content-digest"), digest)
    part = SentPart(place, number, digest.hex())
    deadline = time.monotonic() + read_wait_preference(call.request.headers.get("prefer"))
    found = await _look(call, part, deadline)
    if found is None or isinstance(found, PartOutOfOrder):
        rows = await _read(call, part)
        waited = await _wait(call, part, deadline) if found is not None else None
        found = waited or await _apply(call, part, rows)
    return to_response(ApiResult([found], "import_part"))


async def _look(call: Call, part: SentPart, deadline: float) -> PartView | PartOutOfOrder | None:
    """Return the result of the part if it was applied before, and None if its turn is now.

    A part that may wait for the few before it gets PartOutOfOrder back; for any other it is raised.
    """
    try:
        return await call.database.read(lambda connection: find_part_result(connection, part))
    except PartOutOfOrder as early:
        if time.monotonic() < deadline and part.number <= early.expected + MOST_AHEAD:
            return early
        raise


async def _wait(call: Call[ImportServices], part: SentPart, deadline: float) -> PartView | None:
    """Wait for the turn of a part. Return its result if it was applied meanwhile; raise PartOutOfOrder at the end."""
    while True:
        applied = call.features.part_sequencer.next
        try:
            return await call.database.read(lambda connection: find_part_result(connection, part))
        except PartOutOfOrder:
            if time.monotonic() >= deadline:
                raise
        await wait_for_part(applied)


async def _read(call: Call[ImportServices], part: SentPart) -> PartRows | AppliedPart:
    """Return all rows of a part, or only the ids of their users if the same content was applied before."""
    reader, environment_id = call.features.part_parser, part.place.environment_id
    marks = await call.database.read(lambda connection: find_marks(connection, environment_id, part.digest))
    known = await reader.read_known(call.body) if marks else None
    return AppliedPart(known, marks) if known is not None else await reader.read(call.body)


async def _apply(call: Call[ImportServices], part: SentPart, rows: PartRows | AppliedPart) -> PartView:
    deed = call.deed("import.open", part.place.import_id)
    view = await call.database.write(
        lambda connection: apply_part(connection, part, rows=rows, opening=deed), is_repeatable=True, is_large=True
    )
    call.features.part_sequencer.advance()
    return view


def _place(call: Call) -> ImportKey:
    import_id = call.parameters["import"]
    if IMPORT_ID.fullmatch(import_id) is None:
        message = "An import ID must have 1 to 64 characters: A-Z, a-z, 0-9, _ and -."
        raise ValidationFailed([ErrorDetail("import", message)])
    return ImportKey(call.environment_id, import_id)


def _number(call: Call) -> int:
    text = call.parameters["part"]
    number = whole_number(text, most=MOST_PARTS) if PART_NUMBER.fullmatch(text) else None
    if number is None:
        raise ValidationFailed([ErrorDetail("part", f"A part number must be 1 to {MOST_PARTS:,}.")])
    return number


async def complete(call: Call) -> Response:
    """Complete an import: no further parts are accepted, and the totals are final."""
    place, now = _found_place(call), call.now
    completion: Completion = call.body

    def finish(connection: Connection) -> ApiResult:
        store.lock_import(connection, place)
        found = _present(store.find_import(connection, place))
        if found.parts != completion.parts:
            applied = f"{counted(found.parts, 'part')} {'was' if found.parts == 1 else 'were'} applied"
            raise Conflict(f"{applied}, not {completion.parts}.")
        if found.state == "open":
            store.complete_import(connection, place, now=now)
            details = {"parts": found.parts, **msgspec.structs.asdict(found.totals)}
            audit.record(connection, call.deed("import.complete", place.import_id, details=details))
        return _answer(place, _present(store.find_import(connection, place)))

    return await call.effect(finish)


async def show(call: Call) -> ApiResult:
    """Return an import and the number of its next part."""
    place = _found_place(call)
    return _answer(place, _present(await call.database.read(lambda connection: store.find_import(connection, place))))


def _found_place(call: Call) -> ImportKey:
    """Return the import of the path; an invalid id counts as not found."""
    if IMPORT_ID.fullmatch(call.parameters["import"]) is None:
        raise NotFound
    return ImportKey(call.environment_id, call.parameters["import"])


def _present(found: StoredImport | None) -> StoredImport:
    if found is None:
        raise NotFound
    return found


def _answer(place: ImportKey, found: StoredImport) -> ApiResult:
    next_part = found.parts + 1 if found.state == "open" else None
    return ApiResult([ImportView(place.import_id, found.state, found.parts, next_part, found.totals)], "import")
