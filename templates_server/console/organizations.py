"""The organizations that a person belongs to, and the form for a new one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.accounts import organizations_api
from templates_server.console.navigation import HOME, ORGANIZATIONS
from templates_server.console.platform import Asked, invoke
from templates_server.console.shell import done, show
from templates_server.console.typed import KEY, REFUSALS, Typed, prefilled, same, typed_in
from templates_server.console.visits import Visit, form, page
from templates_server.forms import Parameters
from templates_server.pages.render import Page

CREATE = "create organization"


@page
async def organizations_page(visit: Visit) -> Response:
    """The person's organizations, by key."""
    query = visit.call.query
    key, name = query.get("organization_key", ""), query.get("name", "")
    return await _show(visit, prefilled(organization_key=key, name=name))


@form(CREATE, back=ORGANIZATIONS, keeps=("organization_key", "name"))
async def create_organization(visit: Visit, sent: Parameters) -> Response:
    """Create an organization, which the person administrates, and go there."""
    key = sent.text("organization_key").strip()
    asked = Asked({"key": key, "name": sent.text("name")}, key=sent.text(KEY))
    try:
        await invoke(visit, organizations_api.create_organization, asked)
    except REFUSALS as error:
        return await _show(visit, typed_in(sent).refused(error, {"key": "organization_key", **same("name")}))
    return done(visit, f"{HOME}/organizations/{key}", f"Organization {key} created. You are its administrator.")


async def _show(visit: Visit, typed: Typed) -> Response:
    values: dict[str, Any] = {
        "memberships": [(one, visit.call.principal.roles[one.id].value) for one in visit.organizations],
        "may_create": organizations_api.may_create(visit.call),
        "typed": typed,
        "create": CREATE,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, Page("console/organizations", values, status), here="organizations")
