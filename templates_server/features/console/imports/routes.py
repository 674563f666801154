"""Pages of imports: every path with its permission, input and output."""

from __future__ import annotations

from templates_server.errors import Forbidden, UnsupportedMediaType, ValidationFailed
from templates_server.features.console.imports import file as import_file_pages
from templates_server.features.console.imports import overview as import_pages
from templates_server.features.console.page_routes import (
    CONSOLE_ENVIRONMENT,
    SCENARIO_FORM_MAX_BYTES,
    form_route,
    page_route,
)
from templates_server.features.imports.uploads import MAX_FILE_BYTES
from templates_server.features.pages.schemas import ColumnsForm, DeedForm, UploadForm
from templates_server.http.route_docs import CONTENT_DISPOSITION, CSV, FORM, MULTIPART, BodyDocs

CONSOLE_IMPORTS = f"{CONSOLE_ENVIRONMENT}/imports"
CONSOLE_IMPORT = f"{CONSOLE_IMPORTS}/{{upload}}"
UPLOAD_FORM_MAX_BYTES = MAX_FILE_BYTES + 64 * 1024  # with what is beside the file


ROUTES = (
    page_route(CONSOLE_IMPORTS, import_pages.imports_page, "Show uploaded files, imports and exports."),
    form_route(
        CONSOLE_IMPORTS,
        import_pages.upload_file,
        "Upload a CSV file of users.",
        UploadForm,
        reads=BodyDocs(UploadForm, (MULTIPART, FORM)),
        refuses=(Forbidden, ValidationFailed, UnsupportedMediaType),
        max_body_bytes=UPLOAD_FORM_MAX_BYTES,
        too_large=import_pages.TOO_LARGE,
        before_body=import_pages.sign_in_before_upload,
    ),
    page_route(
        CONSOLE_IMPORT,
        import_file_pages.file_page,
        "Show an uploaded file with its column mapping, preview and result.",
    ),
    form_route(
        f"{CONSOLE_IMPORT}/columns",
        import_file_pages.map_columns,
        "Set the column mapping and preview the import.",
        ColumnsForm,
        max_body_bytes=SCENARIO_FORM_MAX_BYTES,
    ),
    form_route(f"{CONSOLE_IMPORT}/start", import_file_pages.start_import, "Start or continue the import.", DeedForm),
    form_route(
        f"{CONSOLE_IMPORT}/discard", import_file_pages.discard_file, "Delete the file from the server.", DeedForm
    ),
    page_route(
        f"{CONSOLE_IMPORT}/rejects",
        import_file_pages.rejects_file,
        "Download the rejected rows as CSV.",
        gives=BodyDocs(bytes, (CSV,)),
        sends=(CONTENT_DISPOSITION,),
    ),
)
