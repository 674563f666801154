"""A Space at a glance: its environments, what each delivers."""

from __future__ import annotations

from starlette.responses import Response

from templates_server.console.platform import invoke
from templates_server.console.shell import show
from templates_server.console.visits import Visit, page
from templates_server.delivery import api as delivery
from templates_server.pages.render import Page
from templates_server.spaces import api as spaces


@page
async def space_page(visit: Visit) -> Response:
    """The Space and its environments."""
    space = await invoke(visit, spaces.show_space)
    environments = await invoke(visit, delivery.list_environments)
    values = {"space": space.one, "environments": environments.data}
    return await show(visit, Page("console/space", values), here="space")


@page
async def environment_page(visit: Visit) -> Response:
    """One environment: what it delivers."""
    found = await invoke(visit, delivery.show_environment)
    return await show(visit, Page("console/environment", {"environment": found.one}))
