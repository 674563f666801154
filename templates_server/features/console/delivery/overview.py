"""The delivery of an environment, entity by entity; and one entity with all its scenarios in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from templates_server.features.console.delivery.workspace import DELIVERY, DeliverySnapshot, has_words, load, paginate
from templates_server.features.console.navigation import Link
from templates_server.features.console.platform_api import is_permitted
from templates_server.features.console.shell import show
from templates_server.features.console.visit import Visit, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.sessions import api as sessions
from templates_server.features.spaces.delivery import api as delivery
from templates_server.features.spaces.history import api as histories
from templates_server.features.spaces.model import Child, ChildKind, Collection
from templates_server.primitives.timestamps import parse_rfc3339

MOST_NAMES = 5
"""The number of scenario names of an entity in the list."""


@dataclass(frozen=True)
class EntityRow:
    """An entity in the list: the names of its first scenarios, and the number of scenarios."""

    name: str
    child: Child
    has_default: bool
    targeted: Sequence[str]
    count: int


@dataclass(frozen=True)
class EntityGroup:
    """The entities of a collection that are on the page."""

    collection: Collection
    is_published: bool
    rows: Sequence[EntityRow]


@page
async def overview_page(visit: Visit) -> Response:
    """Show the collections and their entities, filtered by the search text."""
    delivered = await load(visit)
    search = visit.call.query.get("search", "").strip()
    names = [name for name in delivered.children if has_words(search, _search_text(delivered, name))]
    shown, cursor = paginate(names, visit.call.query.get("cursor", ""))
    values = {
        "groups": list(_groups(delivered, shown)),
        "revision": delivered.revision,
        "search": search,
        "is_empty": not delivered.children,
        "cursor": cursor,
        "may_change": is_permitted(visit, delivery.replace),
        "may_preview": is_permitted(visit, sessions.explain),
        "may_see_history": is_permitted(visit, histories.list_delivery_revisions),
    }
    return await show(visit, PageContent("console/delivery/overview", values), here="delivery")


@page
async def entity_page(visit: Visit) -> Response:
    """Show one entity: the content of its scenarios, in the order of evaluation."""
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
        "may_change": is_permitted(visit, delivery.replace),
        "may_preview": is_permitted(visit, sessions.explain),
        "overview": visit.url(DELIVERY),
    }
    crumbs = [Link(entity, "", is_here=True)]
    return await show(visit, PageContent("console/delivery/entity", values), here="delivery", crumbs=crumbs)


def _properties(delivered: DeliverySnapshot, child: Child) -> Sequence[Any]:
    """Return the properties of an experience; none of a section."""
    if child.kind is ChildKind.SECTION:
        return ()
    return delivered.model.experience_by_key[child.type].properties


def _search_text(delivered: DeliverySnapshot, name: str) -> str:
    """Return the search text of an entity: its name, its content, and the names of its targeted scenarios."""
    targeted = (delivered.document["scenarios"].get(name) or {}).get("targeted", ())
    return " ".join([name, delivered.children[name].type, *(scenario["name"] for scenario in targeted)])


def _groups(delivered: DeliverySnapshot, names: Sequence[str]) -> Iterator[EntityGroup]:
    collections = {collection.key: collection for collection in delivered.model.collections}
    children = delivered.children
    for key, group in itertools.groupby(names, key=lambda name: name.partition(".")[0]):
        rows = [_row(name, children[name], delivered.document["scenarios"].get(name) or {}) for name in group]
        yield EntityGroup(collections[key], key in delivered.document["published"], rows)


def _row(name: str, child: Child, scenarios: Mapping[str, Any]) -> EntityRow:
    targeted = [scenario["name"] for scenario in scenarios.get("targeted", ())]
    return EntityRow(name, child, "default" in scenarios, targeted[:MOST_NAMES], len(targeted))


def _when(visit: Visit, scenario: Mapping[str, Any]) -> str:
    """Return the state of a scenario by its times: `live`, `scheduled` or `over`."""
    now, starts, ends = visit.call.now, scenario.get("starts"), scenario.get("ends")
    if ends and parse_rfc3339(ends) <= now:
        return "over"
    return "scheduled" if starts and now < parse_rfc3339(starts) else "live"
