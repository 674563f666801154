"""Pages of imports: every path, who may use it, what it reads and gives."""

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
from templates_server.http.route_docs import CONTENT_DISPOSITION, CSV, FORM, MULTIPART, Body

CONSOLE_IMPORTS = f"{CONSOLE_ENVIRONMENT}/imports"
CONSOLE_IMPORT = f"{CONSOLE_IMPORTS}/{{upload}}"
UPLOAD_FORM_MAX_BYTES = MAX_FILE_BYTES + 64 * 1024  # with what is beside the file


ROUTES = (
    page_route(
        CONSOLE_IMPORTS, import_pages.imports_page, "Files to import, and what was imported and exported before."
    ),
    form_route(
        CONSOLE_IMPORTS,
        import_pages.upload_file,
        "Send a CSV file of users.",
        UploadForm,
        reads=Body(UploadForm, (MULTIPART, FORM)),
        refuses=(Forbidden, ValidationFailed, UnsupportedMediaType),
        max_body_bytes=UPLOAD_FORM_MAX_BYTES,
        too_large=import_pages.TOO_LARGE,
        before_body=import_pages.sign_in_before_upload,
    ),
    page_route(
        CONSOLE_IMPORT, import_file_pages.file_page, "A file that was sent: its columns, what will happen, its result."
    ),
    form_route(
        f"{CONSOLE_IMPORT}/columns",
        import_file_pages.map_columns,
        "Say what its columns become, and find out what an import would do.",
        ColumnsForm,
        max_body_bytes=SCENARIO_FORM_MAX_BYTES,
    ),
    form_route(f"{CONSOLE_IMPORT}/start", import_file_pages.start_import, "Import it, or go on.", DeedForm),
    form_route(f"{CONSOLE_IMPORT}/discard", import_file_pages.discard_file, "Delete it from the server.", DeedForm),
    page_route(
        f"{CONSOLE_IMPORT}/rejects",
        import_file_pages.rejects_file,
        "Its rows that were not taken, as CSV.",
        gives=Body(bytes, (CSV,)),
        sends=(CONTENT_DISPOSITION,),
    ),
)
