"""The imports of an environment: a file upload from the browser, and the list of past imports and exports."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PureWindowsPath
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import ErrorDetail, Unavailable, ValidationFailed, shorten
from templates_server.features.console.form_state import KEY, REFUSALS, FormState, read_form
from templates_server.features.console.navigation import ENVIRONMENT
from templates_server.features.console.platform_api import require
from templates_server.features.console.shell import show
from templates_server.features.console.visit import ConsoleServices, Visit, form, page, require_sign_in
from templates_server.features.exports import store as exports_store
from templates_server.features.imports import api as imports
from templates_server.features.imports import store
from templates_server.features.imports.csv_files.errors import CsvFileError
from templates_server.features.imports.csv_files.header import ColumnMapping
from templates_server.features.imports.csv_files.rejects import sanitize
from templates_server.features.imports.csv_files.rows import CsvFile, open_csv
from templates_server.features.imports.uploads import MAX_FILE_BYTES, Upload, UploadOwner, upload_id
from templates_server.features.pages.renderer import PageContent, see_other
from templates_server.http.context import Call
from templates_server.http.forms.urlencoded import Parameters, SentFile
from templates_server.primitives.ids import new_id
from templates_server.primitives.timestamps import to_rfc3339

PATH = f"{ENVIRONMENT}/imports"
FILE = f"{PATH}/{{upload}}"
UPLOAD = "upload import"
MEBIBYTE = 1024 * 1024
TOO_LARGE = (
    f"The file is larger than {MAX_FILE_BYTES // MEBIBYTE} MiB. Import it in a terminal with `mtribes user ingest`."
)
MOST_COLUMNS = 400
MOST_NAME_CHARACTERS = 16 * 1024
EXAMPLES = 3
MOST_EXAMPLE_CHARACTERS = 40
MOST_FILE_NAME_CHARACTERS = 80
MOST_LISTED = 20


@dataclass(frozen=True)
class TransferRow:
    """An import or an export in the list; `rows` is the text for the number of rows."""

    what: str
    author: str | None
    at: str
    rows: str
    state: str
    url: str


@page
async def imports_page(visit: Visit) -> Response:
    """Show the form for a file, and past imports and exports."""
    require(visit, imports.show)
    return await _show(visit, FormState())


async def sign_in_before_upload(call: Call[ConsoleServices]) -> Response | None:
    """Require a signed-out visitor to sign in before the file is read."""
    return await require_sign_in(call, PATH)


@form(UPLOAD, back=PATH, has_files=True)
async def upload_file(visit: Visit, sent: Parameters) -> Response:
    """Store the file, and redirect to its column mapping."""
    require(visit, imports.put_part)
    try:
        upload = await _save_upload(visit, sent)
    except (*REFUSALS, Unavailable) as error:
        return await _show(visit, read_form(sent).refused(error, {"file": "file"}))
    except CsvFileError as error:
        return await _show(visit, FormState(problems={"file": [str(error)]}))
    return see_other(visit.url(FILE.replace("{upload}", upload.id)))


def owner_of(visit: Visit) -> UploadOwner:
    """Return the owner of the visitor's files: their own, of this environment."""
    return UploadOwner(visit.account.id, visit.call.environment_id)


async def _save_upload(visit: Visit, sent: Parameters) -> Upload:
    file = sent.files.get("file")
    if file is None or not file.content:
        raise ValidationFailed([ErrorDetail("file", "Choose a CSV file that is not empty.")])
    if len(file.content) > MAX_FILE_BYTES:
        raise ValidationFailed([ErrorDetail("file", TOO_LARGE)])
    return await asyncio.to_thread(_add_upload, visit, file, sent.text(KEY))


def _add_upload(visit: Visit, file: SentFile, key: str) -> Upload:
    """Add the file to the stored ones, or return its existing upload."""
    opened, owner = _open_csv(file), owner_of(visit)
    name = sanitize(PureWindowsPath(file.name).name) or "file.csv"
    upload = Upload(
        id=upload_id(owner.account_id, owner.environment_id, key, file.content),
        environment_id=owner.environment_id,
        account_id=owner.account_id,
        import_id=new_id("imp"),
        name=shorten(name, MOST_FILE_NAME_CHARACTERS),
        size=len(file.content),
        uploaded=visit.call.now,
        columns=opened.header.names,
        examples=[list(map(_example, row)) for row in opened.first_rows(EXAMPLES)],
    )
    return visit.call.features.file_import_job.uploads.add(upload, file.content)


def _example(cell: str) -> str:
    """Return a cell for display; bytes that are not valid text are shown as bytes."""
    return shorten(cell, MOST_EXAMPLE_CHARACTERS).encode("utf-8", "backslashreplace").decode()


def _open_csv(file: SentFile) -> CsvFile:
    """Open the file up to its first rows. Raise CsvFileError if it cannot be imported here."""
    opened = open_csv(file.content, file.name, ColumnMapping())
    names = opened.header.names
    if len(names) > MOST_COLUMNS or sum(map(len, names)) > MOST_NAME_CHARACTERS:
        raise CsvFileError(
            f"The file has more than {MOST_COLUMNS} columns, or their names are too long. Import it in a terminal "
            "with `mtribes user ingest`."
        )
    return opened


async def _show(visit: Visit, typed: FormState) -> Response:
    uploads = await asyncio.to_thread(visit.call.features.file_import_job.uploads.of, owner_of(visit))
    environment_id, now = visit.call.environment_id, visit.call.now

    def load(connection: Connection) -> tuple[Sequence[store.RecentImport], Sequence[exports_store.RecentExport]]:
        return (
            store.recent_imports(connection, environment_id, most=MOST_LISTED),
            exports_store.recent_exports(connection, environment_id, now=now, most=MOST_LISTED),
        )

    found_imports, found_exports = await visit.call.database.read(load)
    urls = {upload.import_id: visit.url(FILE.replace("{upload}", upload.id)) for upload in uploads}
    values: dict[str, Any] = {
        "uploads": [(upload, to_rfc3339(upload.expires), urls[upload.import_id]) for upload in uploads],
        "imports": [_import(one, urls.get(one.import_id, "")) for one in found_imports],
        "exports": [_export(visit, one) for one in found_exports],
        "most": MOST_LISTED,
        "largest": f"{MAX_FILE_BYTES // MEBIBYTE} MiB",
        "typed": typed,
        "upload": UPLOAD,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/imports", values, status), here="imports")


def _import(found: store.RecentImport, url: str) -> TransferRow:
    totals = found.totals
    rows = (
        f"{totals.read:,} read: {totals.created:,} created, {totals.updated:,} updated, "
        f"{totals.unchanged:,} unchanged, {totals.rejected:,} rejected"
    )
    return TransferRow(found.import_id, found.author, to_rfc3339(found.created), rows, found.state, url)


def _export(visit: Visit, found: exports_store.RecentExport) -> TransferRow:
    export = found.export
    rows = "" if export.rows is None else f"{export.rows:,}"
    url = visit.url(f"{ENVIRONMENT}/tribes/{export.tribe}/exports/{export.id}") if export.tribe else ""
    what = f"Users of {export.tribe}" if export.tribe else "Events"
    return TransferRow(what, found.author, to_rfc3339(export.created), rows, export.state, url)
