"""An organization's Spaces, and the form for a new one; administrators rename and delete the organization."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from starlette.responses import Response

from templates_server.features.accounts import organizations
from templates_server.features.console.form_state import KEY, REFUSALS, FormState, fields_by_name, prefill, read_form
from templates_server.features.console.navigation import HOME, ORGANIZATION, ORGANIZATIONS
from templates_server.features.console.platform_api import RouteRequest, invoke, is_permitted, require
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces import api as spaces
from templates_server.http.forms.urlencoded import Parameters

CREATE, RENAME, DELETE = "create space", "rename organization", "delete organization"
NOT_CONFIRMED = "Enter the key of the organization to confirm."
SPACES_ON_A_PAGE = 24
UNTOUCHED = FormState()


@page
async def organization_page(visit: Visit) -> Response:
    """Show the Spaces of the organization, in order of key."""
    query = visit.call.query
    return await _show(visit, prefill(space_key=query.get("space_key", ""), name=query.get("name", "")))


@form(CREATE, back=ORGANIZATION, keeps=("space_key", "name"))
async def create_space(visit: Visit, sent: Parameters) -> Response:
    """Create a Space with its three environments, and redirect to it."""
    key = sent.text("space_key").strip()
    asked = RouteRequest({"key": key, "name": sent.text("name").strip() or None}, key=sent.text(KEY))
    try:
        await invoke(visit, spaces.create_space, asked)
    except REFUSALS as error:
        return await _show(visit, read_form(sent).refused(error, {"key": "space_key", **fields_by_name("name")}))
    return redirect_with_notice(visit, f"{HOME}/spaces/{key}", f"Space {key} created, with three environments.")


@form(RENAME, back=ORGANIZATION)
async def rename_organization(visit: Visit, sent: Parameters) -> Response:
    """Rename the organization."""
    try:
        asked = RouteRequest({"name": sent.text("organization_name")})
        renamed = (await invoke(visit, organizations.rename_organization, asked)).one
    except REFUSALS as error:
        return await _show(visit, FormState(), read_form(sent).refused(error, {"name": "organization_name"}))
    return redirect_with_notice(visit, ORGANIZATION, f"Organization renamed to “{renamed.name}”.")


@form(DELETE, back=ORGANIZATION)
async def delete_organization(visit: Visit, sent: Parameters) -> Response:
    """Delete the organization, once its key is entered; it must have no Spaces."""
    require(visit, organizations.delete_organization)
    key = visit.call.place.organization_key
    if sent.text("confirmation").strip() != key:
        return await _show(visit, FormState(), FormState(sent.values, {"confirmation": [NOT_CONFIRMED]}))
    try:
        await invoke(visit, organizations.delete_organization)
    except REFUSALS as error:
        return await _show(visit, FormState(), FormState(sent.values).refused(error, {"": "confirmation"}))
    return redirect_with_notice(visit, ORGANIZATIONS, f"Organization {key} deleted.")


async def _show(visit: Visit, typed: FormState, settings: FormState = UNTOUCHED) -> Response:
    name = visit.organization.name if visit.organization else ""
    query = {"limit": str(SPACES_ON_A_PAGE), "cursor": visit.call.query.get("cursor", "")}
    found = await invoke(visit, spaces.list_spaces_of_organization, RouteRequest(query=query))
    values = {
        "spaces": found.data,
        "cursor": found.cursor,
        "may_create": is_permitted(visit, spaces.create_space),
        "may_change": is_permitted(visit, organizations.rename_organization),
        "typed": typed,
        "settings": replace(settings, values={"organization_name": [name], **settings.values}),
        "create": CREATE,
        "purposes": {"rename": RENAME, "delete": DELETE},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems or settings.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/organization", values, status), here="organization")
