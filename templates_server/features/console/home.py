"""The first page of the console: the person's Spaces with their live content, last change and active people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.features.console import store
from templates_server.features.console.activity import PERIODS, Activity, activities, period_of
from templates_server.features.console.navigation import Link
from templates_server.features.console.platform_api import RouteRequest, invoke
from templates_server.features.console.shell import show
from templates_server.features.console.store import LastChange
from templates_server.features.console.visit import Visit, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces import api as spaces
from templates_server.features.spaces.schemas import Space
from templates_server.features.spaces.store import ENVIRONMENTS
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.security.authorization import Role

SPACES_ON_A_PAGE = 24
CHOICES = ("environment", "days")


@dataclass(frozen=True)
class Card:
    """A Space on the page; `who` changed it last, "" if the visitor's role hides that."""

    space: Space
    organization: str
    live: Sequence[str]
    what: str
    at: str
    who: str
    note: str
    activity: Activity
    may_see_arrivals: bool


@page
async def home_page(visit: Visit) -> Response:
    """Show a page of the visitor's Spaces, in order of key; `?days=` and `?environment=` select the counts."""
    query = {"limit": str(SPACES_ON_A_PAGE), "cursor": visit.call.query.get("cursor", "")}
    found = await invoke(visit, spaces.list_spaces, RouteRequest(query=query))
    ids = [space.id for space in found.data]

    def load(connection: Connection) -> tuple[Mapping[str, LastChange], Mapping[str, Sequence[str]]]:
        return store.last_changes(connection, ids), store.list_published(connection, ids)

    changes, live = await visit.call.database.read(load)
    environment = visit.call.query.get("environment", "")
    environment = environment if environment in ENVIRONMENTS else store.PRODUCTION
    active = await activities(visit, ids, environment)
    cards = [
        _card(visit, space, changes.get(space.id), live.get(space.id, ()), active.get(space.id, Activity()))
        for space in found.data
    ]
    values = {"cards": cards, "cursor": found.cursor, "environment": environment, **_choices(visit, environment)}
    return await show(visit, PageContent("console/home", values))


def _choices(visit: Visit, environment: str) -> Mapping[str, object]:
    """Return the links to other counts, and the parameters that keep them on the next page."""
    days, cursor = period_of(visit), visit.call.query.get("cursor", "")

    def link(title: str, *, is_here: bool, **chosen: object) -> Link:
        query = {"environment": environment, "days": days, **chosen} | ({"cursor": cursor} if cursor else {})
        return Link(title, f"?{urlencode(query)}", is_here)

    return {
        "environment_links": [link(name, is_here=name == environment, environment=name) for name in ENVIRONMENTS],
        "period_links": [
            link(f"{each} days" if each > 1 else "1 day", is_here=each == days, days=each) for each in PERIODS
        ],
        "chosen": urlencode({name: visit.call.query[name] for name in CHOICES if name in visit.call.query}),
    }


def _card(visit: Visit, space: Space, change: LastChange | None, live: Sequence[str], activity: Activity) -> Card:
    organization = next(one for one in visit.organizations if one.key == space.organization)
    is_viewer = visit.call.principal.roles[organization.id] is Role.VIEWER
    return Card(
        space,
        organization.name,
        live,
        describe_change(change.what, change.environment) if change else "Created",
        to_rfc3339(change.created) if change else space.created,
        change.author or "" if change and not is_viewer else "",
        change.note or "" if change and not is_viewer else "",
        activity,
        may_see_arrivals=not is_viewer,
    )


def describe_change(what: str, environment: str | None) -> str:
    """Return a description of the change."""
    return f"Delivery of {environment} changed" if environment else f"{what.capitalize()} changed"
