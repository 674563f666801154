"""Pages of tribes: every path with its permission, input and output."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from templates_server.errors import Forbidden, ValidationFailed
from templates_server.features.console.page_routes import CONSOLE_ENVIRONMENT, form_route, page_route
from templates_server.features.console.tribes import editor, explanation, history
from templates_server.features.console.tribes import exports as tribe_exports
from templates_server.features.console.tribes import overview as tribe_list
from templates_server.features.console.tribes import tribe as tribe_pages
from templates_server.features.pages.schemas import DeedForm, DownloadForm, TribeForm
from templates_server.http.route_docs import CONTENT_DISPOSITION, CSV, ETAG, JSON, NDJSON, BodyDocs
from templates_server.settings import DOCUMENT_MAX_BYTES

CONSOLE_TRIBES = f"{CONSOLE_ENVIRONMENT}/tribes"
CONSOLE_TRIBE = f"{CONSOLE_TRIBES}/{{tribe}}"


ROUTES = (
    page_route(
        CONSOLE_TRIBES, tribe_list.tribes_page, "List the tribes of a Space by category, with counts on request."
    ),
    page_route(
        f"{CONSOLE_ENVIRONMENT}/tribe-history",
        history.history_page,
        "Show the history of the tribes.",
        refuses=(Forbidden, ValidationFailed),
    ),
    page_route(f"{CONSOLE_ENVIRONMENT}/new-tribe", editor.new_page, "Show the editor for a new tribe."),
    form_route(
        f"{CONSOLE_ENVIRONMENT}/new-tribe",
        editor.create_tribe,
        "Create a tribe, or perform another editor action.",
        TribeForm,
        also=(HTTPStatus.OK,),
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    page_route(CONSOLE_TRIBE, tribe_pages.tribe_page, "Show a tribe with its rules, size and usage."),
    page_route(f"{CONSOLE_TRIBE}/edit", editor.edit_page, "Show the editor of a tribe."),
    form_route(
        f"{CONSOLE_TRIBE}/edit",
        editor.change_tribe,
        "Save a tribe, or perform another editor action.",
        TribeForm,
        also=(HTTPStatus.OK,),
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    form_route(
        f"{CONSOLE_TRIBE}/delete", tribe_pages.delete_tribe, "Delete a tribe. Fails if a scenario targets it.", DeedForm
    ),
    page_route(
        f"{CONSOLE_TRIBE}/explanation",
        explanation.explanation_page,
        "Explain whether a person is in a tribe.",
        refuses=(Forbidden, ValidationFailed),
    ),
    form_route(
        f"{CONSOLE_TRIBE}/exports",
        tribe_exports.begin_download,
        "Start an export of the users of a tribe.",
        DownloadForm,
    ),
    page_route(f"{CONSOLE_TRIBE}/exports/{{export}}", tribe_exports.download_page, "Show the progress of the export."),
    page_route(
        f"{CONSOLE_TRIBE}/exports/{{export}}/content",
        tribe_exports.download,
        "Download the file.",
        gives=BodyDocs(Any, (CSV, NDJSON, JSON)),
        sends=(ETAG, CONTENT_DISPOSITION),
    ),
)
