"""The first page of the console: the Spaces that a person may see."""

from __future__ import annotations

from starlette.responses import Response

from templates_server.console.platform import Asked, invoke
from templates_server.console.shell import show
from templates_server.console.visits import Visit, page
from templates_server.pages.render import Page
from templates_server.spaces import api as spaces

SPACES_ON_A_PAGE = 24


@page
async def home_page(visit: Visit) -> Response:
    """A page of the visitor's Spaces, in order of key."""
    query = {"limit": str(SPACES_ON_A_PAGE), "cursor": visit.call.query.get("cursor", "")}
    found = await invoke(visit, spaces.list_spaces, Asked(query=query))
    return await show(visit, Page("console/home", {"spaces": found.data, "cursor": found.cursor}))
