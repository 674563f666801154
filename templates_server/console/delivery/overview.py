"""What an environment delivers, entity by entity; and one entity with all its scenarios in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from templates_server.codegen.model import Child, ChildKind, Collection
from templates_server.console.delivery.workspace import DELIVERY, Delivered, has_words, load, page_of
from templates_server.console.navigation import Link
from templates_server.console.platform import may
from templates_server.console.shell import show
from templates_server.console.visits import Visit, page
from templates_server.delivery import api as delivery
from templates_server.histories import api as histories
from templates_server.pages.render import Page
from templates_server.sessions import api as sessions
from templates_server.times import parse_rfc3339

MOST_NAMES = 5
"""Of scenarios of an entity, in the list of all."""


@dataclass(frozen=True)
class Row:
    """An entity in the list: the names of its first scenarios, and how many there are."""

    name: str
    child: Child
    has_default: bool
    targeted: Sequence[str]
    count: int


@dataclass(frozen=True)
class Group:
    """Entities of a collection, as many as are on the page."""

    collection: Collection
    is_published: bool
    rows: Sequence[Row]


@page
async def overview_page(visit: Visit) -> Response:
    """The collections and their entities, those that have what is searched for."""
    delivered = await load(visit)
    search = visit.call.query.get("search", "").strip()
    names = [name for name in delivered.children if has_words(search, _searched(delivered, name))]
    shown, cursor = page_of(names, visit.call.query.get("cursor", ""))
    values = {
        "groups": list(_groups(delivered, shown)),
        "revision": delivered.revision,
        "search": search,
        "is_empty": not delivered.children,
        "cursor": cursor,
        "may_change": may(visit, delivery.replace),
        "may_preview": may(visit, sessions.explain),
        "may_see_history": may(visit, histories.list_delivery_revisions),
    }
    return await show(visit, Page("console/delivery/overview", values), here="delivery")


@page
async def entity_page(visit: Visit) -> Response:
    """One entity: what its scenarios give, in the order in which they are looked at."""
    delivered, entity = await load(visit), visit.call.parameters["entity"]
    child = delivered.child(entity)
    scenarios = delivered.document["scenarios"].get(entity) or {}
    collection = entity.partition(".")[0]
    values = {
        "entity": entity,
        "child": child,
        "collection": collection,
        "is_published": collection in delivered.document["published"],
        "default": scenarios.get("default"),
        "targeted": [(scenario, _when(visit, scenario)) for scenario in scenarios.get("targeted", ())],
        "tribes": delivered.tribes,
        "properties": _properties(delivered, child),
        "may_change": may(visit, delivery.replace),
        "may_preview": may(visit, sessions.explain),
        "overview": visit.url(DELIVERY),
    }
    crumbs = [Link(entity, "", is_here=True)]
    return await show(visit, Page("console/delivery/entity", values), here="delivery", crumbs=crumbs)


def _properties(delivered: Delivered, child: Child) -> Sequence[Any]:
    """The properties of an experience; none of a section."""
    if child.kind is ChildKind.SECTION:
        return ()
    return delivered.model.experience_by_key[child.type].properties


def _searched(delivered: Delivered, name: str) -> str:
    """What an entity is found by: its name, what it shows, and the names of its targeted scenarios."""
    targeted = (delivered.document["scenarios"].get(name) or {}).get("targeted", ())
    return " ".join([name, delivered.children[name].type, *(scenario["name"] for scenario in targeted)])


def _groups(delivered: Delivered, names: Sequence[str]) -> Iterator[Group]:
    collections = {collection.key: collection for collection in delivered.model.collections}
    children = delivered.children
    for key, group in itertools.groupby(names, key=lambda name: name.partition(".")[0]):
        rows = [_row(name, children[name], delivered.document["scenarios"].get(name) or {}) for name in group]
        yield Group(collections[key], key in delivered.document["published"], rows)


def _row(name: str, child: Child, scenarios: Mapping[str, Any]) -> Row:
    targeted = [scenario["name"] for scenario in scenarios.get("targeted", ())]
    return Row(name, child, "default" in scenarios, targeted[:MOST_NAMES], len(targeted))


def _when(visit: Visit, scenario: Mapping[str, Any]) -> str:
    """Whether a scenario holds by its times now: `live`, `scheduled` or `over`."""
    now, starts, ends = visit.call.now, scenario.get("starts"), scenario.get("ends")
    if ends and parse_rfc3339(ends) <= now:
        return "over"
    return "scheduled" if starts and now < parse_rfc3339(starts) else "live"
