"""The export of a tribe's users: request, wait, download. The same file as that of `mtribes tribe export`."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.errors import NotFound, Unavailable
from templates_server.features.console.form_state import KEY, REFUSALS, read_form
from templates_server.features.console.platform_api import RouteRequest, invoke
from templates_server.features.console.platform_api import download as fetch
from templates_server.features.console.shell import show
from templates_server.features.console.tribes.tribe import DOWNLOAD, PATH, crumbs, show_tribe, stored_tribe
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.exports import api as exports
from templates_server.features.exports.schemas import ExportView
from templates_server.features.pages.renderer import PageContent, see_other
from templates_server.http.forms.urlencoded import Parameters

EXPORT = f"{PATH}/exports/{{export}}"
PATIENCE_SECONDS = 2.0
POLL_SECONDS = 0.05
RUNNING = "running"


@form(DOWNLOAD, back=PATH, keeps=("format",))
async def begin_download(visit: Visit, sent: Parameters) -> Response:
    """Start the export, and redirect to its download page."""
    asked = RouteRequest({"format": sent.text("format") or "csv"}, key=sent.text(KEY))
    try:
        export = (await invoke(visit, exports.export_tribe, asked)).one
    except (*REFUSALS, Unavailable) as error:
        typed = read_form(sent).refused(error, {"format": "format"})
        return await show_tribe(visit, await stored_tribe(visit), typed, HTTPStatus.UNPROCESSABLE_ENTITY)
    await _wait(visit, export)
    return see_other(visit.url(f"{PATH}/exports/{export.id}"))


@page
async def download_page(visit: Visit) -> Response:
    """Show the progress of the file, and the link to download it."""
    tribe, export = await stored_tribe(visit), await _export(visit)
    place = crumbs(visit, tribe, "Download")
    return await show(
        visit, PageContent("console/tribe_export", {"tribe": tribe, "export": export}), here="tribes", crumbs=place
    )


@page
async def download(visit: Visit) -> Response:
    """Return the file, with a descriptive name."""
    export: Any = await _export(visit)
    name = f"{export.tribe}-{visit.call.place.environment_name}.{export.format}"
    response = await fetch(visit, exports.download, name)
    response.headers["Cache-Control"] = "no-store"
    del response.headers["Accept-Ranges"]
    return response


async def _export(visit: Visit, export_id: str = "") -> ExportView:
    """Return the export of the path or with that ID; raise NotFound if it belongs to another tribe."""
    export_id = export_id or visit.call.parameters["export"]
    export: ExportView = (await invoke(visit, exports.show, export=export_id)).one
    if export.tribe != visit.call.parameters["tribe"]:
        raise NotFound
    return export


async def _wait(visit: Visit, export: ExportView) -> None:
    """Wait briefly: most files are ready at once."""
    for _ in range(int(PATIENCE_SECONDS / POLL_SECONDS)):
        if export.state != RUNNING:
            return
        await asyncio.sleep(POLL_SECONDS)
        export = await _export(visit, export.id)
