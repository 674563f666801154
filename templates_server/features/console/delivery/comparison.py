"""Comparison of deliveries: of two environments, to promote one, or of two revisions; and their history."""

from __future__ import annotations

from starlette.responses import Response

from templates_server.features.console.delivery.review import MOST_CHANGES
from templates_server.features.console.delivery.workspace import DELIVERY
from templates_server.features.console.form_state import REFUSALS
from templates_server.features.console.navigation import Link
from templates_server.features.console.platform_api import RouteRequest, invoke, is_permitted
from templates_server.features.console.shell import show
from templates_server.features.console.visit import Visit, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces.delivery import api as delivery
from templates_server.features.spaces.delivery import revisions as deliveries
from templates_server.features.spaces.delivery.schemas import DeliveryDiff
from templates_server.features.spaces.history import api as histories
from templates_server.features.spaces.store import ENVIRONMENTS

REVISIONS_ON_A_PAGE = 50


@page
async def comparison_page(visit: Visit) -> Response:
    """Show the changes between two deliveries: `?from=` and `?to=`, each a revision or an environment."""
    here = str(visit.call.place.environment_name)
    query = {name: text for name in ("from", "to") if (text := visit.call.query.get(name, "").strip())}
    found: DeliveryDiff | None = None
    problems: list[str] = []
    try:
        found = (await invoke(visit, deliveries.compare, RouteRequest(query=query))).one
    except REFUSALS as error:
        problems = [problem.message for problem in error.problems]
    other = query.get("to", "")
    is_of_other = other in ENVIRONMENTS and other != here
    values = {
        "found": found,
        "differences": found.changes[:MOST_CHANGES] if found else (),
        "problems": problems,
        "asked": query,
        "environments": ENVIRONMENTS,
        "promoted": other if is_of_other and found and found.before.environment == here else "",
        "may_change": is_permitted(visit, delivery.replace),
        "most": MOST_CHANGES,
    }
    crumbs = [Link("Differences", "", is_here=True)]
    return await show(visit, PageContent("console/delivery/comparison", values), here="delivery", crumbs=crumbs)


@page
async def history_page(visit: Visit) -> Response:
    """Show who changed the delivery, when and why, newest first; each revision can be delivered again."""
    asked = RouteRequest(query={"limit": str(REVISIONS_ON_A_PAGE), **_cursor(visit)})
    found = await invoke(visit, histories.list_delivery_revisions, asked)
    values = {
        "revisions": found.data,
        "cursor": found.cursor,
        "present": (await invoke(visit, delivery.show_environment)).one.revision,
        "may_change": is_permitted(visit, deliveries.restore),
        "back": visit.url(DELIVERY),
    }
    crumbs = [Link("History", "", is_here=True)]
    return await show(visit, PageContent("console/delivery/history", values), here="delivery", crumbs=crumbs)


def _cursor(visit: Visit) -> dict[str, str]:
    cursor = visit.call.query.get("cursor", "")
    return {"cursor": cursor} if cursor else {}
