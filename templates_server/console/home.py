"""The first page of the console: the Spaces that a person may see, what is live there, what changed last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.access import Role
from templates_server.console import store
from templates_server.console.platform import Asked, invoke
from templates_server.console.shell import show
from templates_server.console.store import LastChange
from templates_server.console.visits import Visit, page
from templates_server.pages.render import Page
from templates_server.spaces import api as spaces
from templates_server.spaces.models import Space
from templates_server.times import to_rfc3339

SPACES_ON_A_PAGE = 24


@dataclass(frozen=True)
class Card:
    """A Space as the page shows it; `who` changed it last, "" where the visitor's role does not say."""

    space: Space
    organization: str
    live: Sequence[str]
    what: str
    at: str
    who: str
    note: str


@page
async def home_page(visit: Visit) -> Response:
    """A page of the visitor's Spaces, in order of key."""
    query = {"limit": str(SPACES_ON_A_PAGE), "cursor": visit.call.query.get("cursor", "")}
    found = await invoke(visit, spaces.list_spaces, Asked(query=query))
    ids = [space.id for space in found.data]

    def load(connection: Connection) -> tuple[Mapping[str, LastChange], Mapping[str, Sequence[str]]]:
        return store.last_changes(connection, ids), store.published(connection, ids)

    changes, live = await visit.call.database.read(load)
    cards = [_card(visit, space, changes.get(space.id), live.get(space.id, ())) for space in found.data]
    return await show(visit, Page("console/home", {"cards": cards, "cursor": found.cursor}))


def _card(visit: Visit, space: Space, change: LastChange | None, live: Sequence[str]) -> Card:
    organization = next(one for one in visit.organizations if one.key == space.organization)
    may_know_who = visit.call.principal.roles[organization.id] is not Role.VIEWER
    if change is None:
        return Card(space, organization.name, live, "Created", space.created, "", "")
    return Card(
        space,
        organization.name,
        live,
        words_of(change.what, change.environment),
        to_rfc3339(change.created),
        (change.author or "") if may_know_who else "",
        (change.note or "") if may_know_who else "",
    )


def words_of(what: str, environment: str | None) -> str:
    """What changed, in words."""
    return f"Delivery of {environment} changed" if environment else f"{what.capitalize()} changed"
