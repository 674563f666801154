"""The user tags of an environment: the number of users of each, links to them, and deletion from all users."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.features.console.form_state import REFUSALS, FormState, prefill, read_form
from templates_server.features.console.navigation import ENVIRONMENT
from templates_server.features.console.people.overview import PATHS
from templates_server.features.console.platform_api import Result, RouteRequest, invoke
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.people import api as users
from templates_server.features.people.identity import PersonKind
from templates_server.features.people.tag_removal import api as tag_removal
from templates_server.http.forms.urlencoded import Parameters

PATH = f"{ENVIRONMENT}/user-tags"
DELETE = "delete user tag"
TAGS_ON_A_PAGE = 100


@page
async def user_tags_page(visit: Visit) -> Response:
    """Show a page of the tags, in alphabetical order."""
    return await _show(visit, FormState())


@form(DELETE, back=PATH)
async def delete_user_tag(visit: Visit, sent: Parameters) -> Response:
    """Delete a tag from all users; a long deletion continues in the background."""
    tag = sent.text("tag")
    try:
        found = await invoke(visit, tag_removal.delete_tag, tag=tag)
    except REFUSALS as error:
        return await _show(visit, read_form(sent).refused(error, {}))
    left = sum(one.users + one.visitors for one in found.data)
    if left:
        return redirect_with_notice(visit, PATH, f"Deleting tag “{tag}”: {_people(left)} it.")
    return redirect_with_notice(visit, PATH, f"Tag “{tag}” deleted.")


def _people(number: int) -> str:
    return "1 person still has" if number == 1 else f"{number:,} people still have"


async def _show(visit: Visit, typed: FormState) -> Response:
    query = visit.call.query
    search = query.get("search", "").strip()
    found = Result((), {})
    try:
        asked = {"search": search, "limit": str(TAGS_ON_A_PAGE), "cursor": query.get("cursor", "")}
        found = await invoke(visit, users.list_tags, RouteRequest(query=asked))
    except REFUSALS as error:
        typed = typed.refused(error, {})
    values: dict[str, Any] = {
        "rows": found.data,
        "cursor": found.cursor,
        "search": prefill(search=search),
        "typed": typed,
        "users_url": visit.url(PATHS[PersonKind.USER]),
        "visitors_url": visit.url(PATHS[PersonKind.VISITOR]),
        "delete": DELETE,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/user_tags", values, status), here="user-tags")
