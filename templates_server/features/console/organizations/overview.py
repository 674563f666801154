"""The organizations of a person, and the form for a new one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.features.accounts import organizations
from templates_server.features.console.form_state import KEY, REFUSALS, FormState, fields_by_name, prefill, read_form
from templates_server.features.console.navigation import HOME, ORGANIZATIONS
from templates_server.features.console.platform_api import RouteRequest, invoke
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages.renderer import PageContent
from templates_server.http.forms.urlencoded import Parameters

CREATE = "create organization"


@page
async def organizations_page(visit: Visit) -> Response:
    """Show the person's organizations, by key."""
    query = visit.call.query
    key, name = query.get("organization_key", ""), query.get("name", "")
    return await _show(visit, prefill(organization_key=key, name=name))


@form(CREATE, back=ORGANIZATIONS, keeps=("organization_key", "name"))
async def create_organization(visit: Visit, sent: Parameters) -> Response:
    """Create an organization that the person administers, and redirect to it."""
    key = sent.text("organization_key").strip()
    asked = RouteRequest({"key": key, "name": sent.text("name")}, key=sent.text(KEY))
    try:
        await invoke(visit, organizations.create_organization, asked)
    except REFUSALS as error:
        return await _show(visit, read_form(sent).refused(error, {"key": "organization_key", **fields_by_name("name")}))
    return redirect_with_notice(
        visit, f"{HOME}/organizations/{key}", f"Organization {key} created. You are its administrator."
    )


async def _show(visit: Visit, typed: FormState) -> Response:
    values: dict[str, Any] = {
        "memberships": [(one, visit.call.principal.roles[one.id].value) for one in visit.organizations],
        "may_create": organizations.may_create(visit.call),
        "typed": typed,
        "create": CREATE,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/organizations", values, status), here="organizations")
