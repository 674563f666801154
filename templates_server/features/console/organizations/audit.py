"""The audit log of an organization: who did what, where and when, filtered and paginated."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from templates_server.features.audit import api as audit
from templates_server.features.console.form_state import REFUSALS, fields_by_name, prefill
from templates_server.features.console.platform_api import Result, RouteRequest, invoke
from templates_server.features.console.shell import show
from templates_server.features.console.visit import Visit, page
from templates_server.features.pages.renderer import PageContent

FILTERS = ("actor", "action", "since")
ENTRIES_ON_A_PAGE = 50
NOTHING = Result((), {})


@page
async def audit_page(visit: Visit) -> Response:
    """Show the audit events, newest first."""
    query = visit.call.query
    filters = {name: query[name].strip() for name in FILTERS if query.get(name, "").strip()}
    typed, found = prefill(**filters), NOTHING
    asked = {**filters, "limit": str(ENTRIES_ON_A_PAGE), "cursor": query.get("cursor", "")}
    try:
        found = await invoke(visit, audit.list_entries, RouteRequest(query=asked))
    except REFUSALS as error:
        typed = typed.refused(error, fields_by_name(*FILTERS))
    values = {"entries": found.data, "cursor": found.cursor, "filters": filters, "typed": typed}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/audit", values, status), here="audit")
