"""An uploaded file: its column mapping, the preview of the import, the import itself, its rejected rows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace
from starlette.responses import Response

from templates_server.features.console.form_state import FormState, read_form
from templates_server.features.console.imports.overview import FILE, MOST_COLUMNS, PATH, owner_of
from templates_server.features.console.navigation import Link
from templates_server.features.console.platform_api import RouteRequest, invoke, require
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, locate, page
from templates_server.features.imports import api as imports
from templates_server.features.imports.csv_files.cell_converters import CONVERTERS
from templates_server.features.imports.csv_files.errors import CsvFileError
from templates_server.features.imports.csv_files.header import (
    ATTRIBUTE,
    MAPPED_FIELDS,
    OURS,
    ColumnMapping,
    CsvColumn,
    can_be_ids,
    columns_of,
    find_near_fields,
    propose_fields,
)
from templates_server.features.imports.file_job import MOST_SHOWN, PartOutcome
from templates_server.features.imports.schemas import Completion, ImportView, PartView, Totals
from templates_server.features.imports.uploads import (
    BEGUN,
    CHECKED,
    CHECKING,
    IMPORTING,
    STOPPED,
    Upload,
)
from templates_server.features.pages.renderer import PageContent, see_other
from templates_server.http.forms.urlencoded import Parameters
from templates_server.http.route_docs import CSV, NDJSON
from templates_server.primitives.timestamps import MINUTE, to_rfc3339

MAP, START, DISCARD = "map import", "start import", "discard import"
PATIENCE_SECONDS = 2.0
STILL_MS = MINUTE
"""The time after which an untouched file no longer counts as being processed."""
AN_ATTRIBUTE = "attribute"
FIELD_WORDS = (
    ("", "Skip"),
    ("user_id", "User ID"),
    ("email", "E-mail"),
    ("phone", "Phone"),
    ("timezone", "Time zone"),
    ("locale", "Locale"),
    ("joined", "Joined (a date)"),
    ("tags", "Tags: replace the user's tags"),
    ("add_tags", "Tags to add"),
    ("remove_tags", "Tags to remove"),
    (AN_ATTRIBUTE, "Attribute"),
)
TYPE_WORDS = (
    ("", "Text"),
    ("number", "Number"),
    ("boolean", "Toggle: true or false"),
    ("date", "Date or time"),
    ("text", "Text, exactly as in the file"),
)
FIELDS_A_COLUMN = 3
MOST_FIELDS = MOST_COLUMNS * FIELDS_A_COLUMN + 8


@dataclass(frozen=True)
class ColumnChoice:
    """A column in the form: its number, its name, its first values, and the suggested field."""

    number: int
    name: str
    examples: Sequence[str]
    hint: str


@page
async def file_page(visit: Visit) -> Response:
    """Show the progress of the file, and the next step."""
    upload = await _upload(visit)
    return await _show(visit, upload, _typed_of(upload))


@form(MAP, back=FILE, most=MOST_FIELDS)
async def map_columns(visit: Visit, sent: Parameters) -> Response:
    """Store the column mapping, and preview the import."""
    upload = await _upload(visit)
    if upload.state in BEGUN:
        return redirect_with_notice(
            visit, FILE, "This file is already being imported, so its columns can no longer be changed."
        )
    wanted = _read_mapping(upload, sent)
    try:
        columns_of(upload.columns, wanted)
    except CsvFileError as error:
        return await _show(visit, upload, _rejected_form(upload, sent, error), HTTPStatus.UNPROCESSABLE_ENTITY)
    bringing = visit.call.features.file_import_job
    if not _is_running(visit, upload):
        begun = replace(
            upload, state=CHECKING, becomes=wanted.becomes, types=wanted.types, totals=Totals(), rejects=(), error=""
        )
        upload = await asyncio.to_thread(bringing.uploads.store, begun)
        reader = visit.call.features.part_parser

        async def take(_: int, body: bytes) -> PartOutcome:
            rows = await reader.read(body)
            return PartOutcome(Totals(read=len(rows.rows) + rows.rejected, rejected=rows.rejected), rows.errors)

        bringing.check(upload, take)
    return await _on(visit, upload)


@form(START, back=FILE)
async def start_import(visit: Visit, _: Parameters) -> Response:
    """Import the file, or resume where it stopped: an applied part is not applied again."""
    upload = await _upload(visit)
    if upload.state not in {CHECKED, IMPORTING, STOPPED} or not upload.becomes:
        return redirect_with_notice(visit, FILE, "Nothing to import.")
    bringing = visit.call.features.file_import_job
    if not _is_running(visit, upload):
        begun = replace(upload, state=IMPORTING, totals=Totals(), rejects=(), error="")
        upload = await asyncio.to_thread(bringing.uploads.store, begun)
        importing = _Importing(visit, upload.import_id)
        bringing.submit(upload, importing.take, importing.complete)
    return await _on(visit, upload)


@form(DISCARD, back=FILE)
async def discard_file(visit: Visit, _: Parameters) -> Response:
    """Delete the file from the server; its imported rows stay."""
    upload = await _upload(visit)
    await asyncio.to_thread(visit.call.features.file_import_job.uploads.remove, upload)
    return redirect_with_notice(visit, PATH, f"{upload.name} was deleted from the server. Imported users are kept.")


@page
async def rejects_file(visit: Visit) -> Response:
    """Return the rejected rows in the format of `mtribes user ingest`."""
    upload = await _upload(visit)
    content = await asyncio.to_thread(visit.call.features.file_import_job.uploads.rejects, upload)
    stem = upload.name.rpartition(".")[0] or upload.name
    name = quote(f"{stem}.rejects.csv", safe="")
    headers = {"Content-Disposition": f"attachment; filename=\"rejects.csv\"; filename*=UTF-8''{name}"}
    return Response(content, headers={**headers, "Cache-Control": "no-store"}, media_type=f"{CSV}; charset=utf-8")


@dataclass
class _Importing:
    """A sender of import parts to the Platform API's own route, as the visitor."""

    visit: Visit
    import_id: str

    async def take(self, number: int, body: bytes) -> PartOutcome:
        """Apply a part; raise NotFound if the environment no longer exists."""
        visit = await locate(self.visit)
        asked = RouteRequest(body, headers={"Content-Type": NDJSON})
        parameters = {"import": self.import_id, "part": str(number)}
        view: PartView = (await invoke(visit, imports.put_part, asked, **parameters)).one
        return PartOutcome(Totals(view.read, view.created, view.updated, view.unchanged, view.rejected), view.errors)

    async def complete(self, parts: int) -> None:
        """Complete the import after the last part."""
        asked = RouteRequest(Completion(parts))
        found: ImportView = (await invoke(self.visit, imports.complete, asked, **{"import": self.import_id})).one
        if found.state != "complete":
            raise LookupError("a completed import is not complete")


async def _upload(visit: Visit) -> Upload:
    """Return the file of the path; raise NotFound if it is not the visitor's."""
    require(visit, imports.put_part)
    uploads = visit.call.features.file_import_job.uploads
    return await asyncio.to_thread(uploads.find, owner_of(visit), visit.call.parameters["upload"])


def _is_running(visit: Visit, upload: Upload) -> bool:
    """Return whether this process is working on the file, or another one appears to be."""
    if visit.call.features.file_import_job.is_at(upload):
        return True
    return upload.state in {CHECKING, IMPORTING} and abs(visit.call.now - upload.touched) < STILL_MS


async def _on(visit: Visit, upload: Upload) -> Response:
    """Redirect to the file's page, once it is done or after a short wait."""
    await visit.call.features.file_import_job.wait(upload, PATIENCE_SECONDS)
    return see_other(visit.url(FILE))


def _read_mapping(upload: Upload, sent: Parameters) -> ColumnMapping:
    """Return the mapping in the form for each named column."""
    becomes, types = {}, {}
    for number, name in enumerate(upload.columns):
        if not name or name in OURS:
            continue
        field = sent.text(f"becomes-{number}")
        becomes[name] = _attribute(name, sent.text(f"named-{number}")) if field == AN_ATTRIBUTE else field
        if field not in {AN_ATTRIBUTE, "", *MAPPED_FIELDS}:
            becomes[name] = ""
        kind = sent.text(f"type-{number}")
        if becomes[name] and kind in CONVERTERS:
            types[name] = kind
    return ColumnMapping(becomes, types)


def _attribute(name: str, named: str) -> str:
    """Return the attribute of the column: the name entered, else the column's own."""
    named = named.strip().removeprefix(ATTRIBUTE)
    if named:
        return ATTRIBUTE + named
    return name if name.startswith(ATTRIBUTE) and name != ATTRIBUTE else ATTRIBUTE + name


def _typed_of(upload: Upload) -> FormState:
    """Return the form as sent before, by default with the mapping of `mtribes user ingest`."""
    values: dict[str, Sequence[str]] = {}
    for number, column in enumerate(propose_fields(upload.columns, upload.wanted)):
        values[f"becomes-{number}"] = [AN_ATTRIBUTE if column.is_attribute else column.becomes]
        is_other = column.is_attribute and column.becomes != _attribute(column.name, "")
        values[f"named-{number}"] = [column.becomes.removeprefix(ATTRIBUTE) if is_other else ""]
        values[f"type-{number}"] = [column.type]
    return FormState(values)


def _rejected_form(upload: Upload, sent: Parameters, error: CsvFileError) -> FormState:
    """Return the form as sent, with each problem beside its column."""
    name = "" if error.column is None else f"becomes-{list(upload.columns).index(error.column)}"
    return FormState(read_form(sent).values, {name: [str(error)]})


async def _show(visit: Visit, upload: Upload, typed: FormState, status: HTTPStatus = HTTPStatus.OK) -> Response:
    is_running = _is_running(visit, upload)
    has_stopped = upload.state == STOPPED or (upload.state in {CHECKING, IMPORTING} and not is_running)
    values: dict[str, Any] = {
        "upload": upload,
        "expires": to_rfc3339(upload.expires),
        "is_running": is_running,
        "has_stopped": has_stopped or bool(upload.error),
        "has_begun": upload.state in BEGUN,
        "columns": _list_choices(upload),
        "field_words": FIELD_WORDS,
        "type_words": TYPE_WORDS,
        "most_shown": MOST_SHOWN,
        "typed": typed,
        "purposes": {"map": MAP, "start": START, "discard": DISCARD},
    }
    crumbs = [Link(upload.name, visit.url(FILE), is_here=True)]
    return await show(visit, PageContent("console/import_file", values, status), here="imports", crumbs=crumbs)


def _list_choices(upload: Upload) -> Sequence[ColumnChoice]:
    columns = propose_fields(upload.columns, ColumnMapping())
    hints = _hints(columns)
    return [
        ColumnChoice(
            number, column.name, [row[number] for row in upload.examples if row[number]], hints.get(column.name, "")
        )
        for number, column in enumerate(columns)
        if column.name and not column.is_ours
    ]


def _hints(columns: Sequence[CsvColumn]) -> Mapping[str, str]:
    """Return suggestions for columns whose names are similar to those of fields."""
    words = dict(FIELD_WORDS)
    hints = {name: f"Did you mean “{words[field]}”?" for name, field in find_near_fields(columns).items()}
    if all(column.becomes != "user_id" for column in columns):
        hints |= {column.name: "Is this the user ID?" for column in columns if can_be_ids(column.name)}
    return hints
