"""An organization's Spaces, and the form for a new one."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from templates_server.console.navigation import HOME, ORGANIZATION
from templates_server.console.platform import Asked, invoke, may
from templates_server.console.shell import done, show
from templates_server.console.typed import KEY, REFUSALS, Typed, prefilled, same, typed_in
from templates_server.console.visits import Visit, form, page
from templates_server.forms import Parameters
from templates_server.pages.render import Page
from templates_server.spaces import api as spaces

CREATE = "create space"
SPACES_ON_A_PAGE = 24


@page
async def organization_page(visit: Visit) -> Response:
    """The Spaces of the organization, in order of key."""
    query = visit.call.query
    return await _show(visit, prefilled(space_key=query.get("space_key", ""), name=query.get("name", "")))


@form(CREATE, back=ORGANIZATION, keeps=("space_key", "name"))
async def create_space(visit: Visit, sent: Parameters) -> Response:
    """Create a Space with its three environments, and go there."""
    key = sent.text("space_key").strip()
    asked = Asked({"key": key, "name": sent.text("name").strip() or None}, key=sent.text(KEY))
    try:
        await invoke(visit, spaces.create_space, asked)
    except REFUSALS as error:
        return await _show(visit, typed_in(sent).refused(error, {"key": "space_key", **same("name")}))
    return done(visit, f"{HOME}/spaces/{key}", f"Space {key} created, with three environments.")


async def _show(visit: Visit, typed: Typed) -> Response:
    query = {"limit": str(SPACES_ON_A_PAGE), "cursor": visit.call.query.get("cursor", "")}
    found = await invoke(visit, spaces.list_spaces_of_organization, Asked(query=query))
    values = {
        "spaces": found.data,
        "cursor": found.cursor,
        "may_create": may(visit, spaces.create_space),
        "typed": typed,
        "create": CREATE,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, Page("console/organization", values, status), here="organization")
