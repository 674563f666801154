"""The console's search: Spaces by key and name; from a Space also its model, tribes and production content."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from templates_server.features.codegen import model_api as models
from templates_server.features.console import store
from templates_server.features.console.delivery.workspace import has_words, load
from templates_server.features.console.navigation import HOME, SPACE, Link, link_to
from templates_server.features.console.platform_api import invoke, is_permitted
from templates_server.features.console.shell import PRODUCTION, show
from templates_server.features.console.visit import Visit, locate, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces.delivery import api as delivery
from templates_server.features.tribes import api as tribes

PATH = f"{HOME}/search"
MAX_CHARACTERS = 200
MAX_FOUND = 20  # of a kind
PARTS = {"collections": "Collection", "experiences": "Experience", "sections": "Section", "events": "Event"}


@dataclass(frozen=True)
class SearchHit:
    """A search result; `url` is "" if no page shows it."""

    kind: str
    key: str
    name: str
    url: str


@page
async def search_page(visit: Visit) -> Response:
    """Show the matches of `?q=` in keys and names of the Spaces, and in the Space of `?space=`."""
    query = visit.call.query
    text, space = query.get("q", "").strip()[:MAX_CHARACTERS], query.get("space", "")
    if space:
        visit = await locate(visit, space=space)
    found = [*await _spaces(visit, text), *(await _parts_of_space(visit, text, space) if space else ())] if text else []
    crumbs = [Link("Search", "", is_here=True)]
    values = {"text": text, "found": found, "space": space, "users": link_to(visit, "users") if space else ""}
    return await show(visit, PageContent("console/search", values), crumbs=crumbs)


async def _spaces(visit: Visit, text: str) -> Sequence[SearchHit]:
    ids = list(visit.call.principal.roles)
    found = await visit.call.database.read(lambda connection: store.find_spaces(connection, ids, text, limit=MAX_FOUND))
    return [SearchHit("Space", key, name, visit.url(SPACE.replace("{space}", key))) for key, name in found]


async def _parts_of_space(visit: Visit, text: str, space: str) -> Sequence[SearchHit]:
    """Return the matches in the model and the tribes of the visited Space."""
    model = (await invoke(visit, models.read)).one
    known = (await invoke(visit, tribes.read)).one["tribes"] if is_permitted(visit, tribes.read) else {}
    url = link_to(visit, "model")
    found = [each for part, kind in PARTS.items() for each in _among(model.get(part, {}), text, kind, url)]
    scenarios = await _scenarios(visit, text, space)
    return [*scenarios, *found, *_among(known, text, "Tribe", link_to(visit, "tribes"))]


def _among(things: Mapping[str, Any], text: str, kind: str, url: str) -> Sequence[SearchHit]:
    return [SearchHit(kind, key, name, url) for key, name in _named(things) if _has(key, name, text)][:MAX_FOUND]


def _named(things: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, thing in things.items():
        yield key, (thing or {}).get("name") or ""


def _has(key: str, name: str, text: str) -> bool:
    return has_words(text, f"{key}\n{name}")


async def _scenarios(visit: Visit, text: str, space: str) -> Sequence[SearchHit]:
    """Return production's scenarios that match by their name or content; none without permission to read them."""
    if not is_permitted(visit, delivery.read):
        return ()
    delivered = await load(await locate(visit, space=space, environment=PRODUCTION))
    url = link_to(visit, "delivery")
    found = (
        SearchHit("Scenario", name, scenario["name"], f"{url}/entities/{name}")
        for name, scenarios in delivered.document["scenarios"].items()
        for scenario in scenarios.get("targeted", ())
        if name in delivered.children and has_words(text, f"{name} {delivered.children[name].type} {scenario['name']}")
    )
    return list(itertools.islice(found, MAX_FOUND))
