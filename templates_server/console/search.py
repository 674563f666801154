"""Search of the console: Spaces by key and name; from a Space also its model, its tribes, and what production shows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from templates_server.console import store
from templates_server.console.delivery.workspace import has_words, load
from templates_server.console.navigation import HOME, SPACE, Link, link_to
from templates_server.console.platform import invoke, may
from templates_server.console.shell import PRODUCTION, show
from templates_server.console.visits import Visit, located, page
from templates_server.delivery import api as delivery
from templates_server.pages.render import Page
from templates_server.spaces import model_api as models
from templates_server.tribes import api as tribes

PATH = f"{HOME}/search"
MAX_CHARACTERS = 200
MAX_FOUND = 20  # of a kind
PARTS = {"collections": "Collection", "experiences": "Experience", "sections": "Section", "events": "Event"}


@dataclass(frozen=True)
class Found:
    """Something that was found; `url` is "" where no page shows it."""

    kind: str
    key: str
    name: str
    url: str


@page
async def search_page(visit: Visit) -> Response:
    """What has the text of `?q=` in its key or name, in the Spaces, and in the Space of `?space=`."""
    query = visit.call.query
    text, space = query.get("q", "").strip()[:MAX_CHARACTERS], query.get("space", "")
    if space:
        visit = await located(visit, space=space)
    found = [*await _spaces(visit, text), *(await _parts_of_space(visit, text, space) if space else ())] if text else []
    crumbs = [Link("Search", "", is_here=True)]
    values = {"text": text, "found": found, "space": space, "users": link_to(visit, "users") if space else ""}
    return await show(visit, Page("console/search", values), crumbs=crumbs)


async def _spaces(visit: Visit, text: str) -> Sequence[Found]:
    ids = list(visit.call.principal.roles)
    found = await visit.call.database.read(lambda connection: store.find_spaces(connection, ids, text, limit=MAX_FOUND))
    return [Found("Space", key, name, visit.url(SPACE.replace("{space}", key))) for key, name in found]


async def _parts_of_space(visit: Visit, text: str, space: str) -> Sequence[Found]:
    """What is found in the model of the Space that the visit is in, and among its tribes."""
    model = (await invoke(visit, models.read)).one
    known = (await invoke(visit, tribes.read)).one["tribes"] if may(visit, tribes.read) else {}
    url = link_to(visit, "model")
    found = [each for part, kind in PARTS.items() for each in _among(model.get(part, {}), text, kind, url)]
    scenarios = await _scenarios(visit, text, space)
    return [*scenarios, *found, *_among(known, text, "Tribe", link_to(visit, "tribes"))]


def _among(things: Mapping[str, Any], text: str, kind: str, url: str) -> Sequence[Found]:
    return [Found(kind, key, name, url) for key, name in _named(things) if _has(key, name, text)][:MAX_FOUND]


def _named(things: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, thing in things.items():
        yield key, (thing or {}).get("name") or ""


def _has(key: str, name: str, text: str) -> bool:
    return has_words(text, f"{key}\n{name}")


async def _scenarios(visit: Visit, text: str, space: str) -> Sequence[Found]:
    """The scenarios that production has, by their names and those of what they show; none where it may not be read."""
    if not may(visit, delivery.read):
        return ()
    delivered = await load(await located(visit, space=space, environment=PRODUCTION))
    url = link_to(visit, "delivery")
    found = (
        Found("Scenario", name, scenario["name"], f"{url}/entities/{name}")
        for name, scenarios in delivered.document["scenarios"].items()
        for scenario in scenarios.get("targeted", ())
        if name in delivered.children and has_words(text, f"{name} {delivered.children[name].type} {scenario['name']}")
    )
    return list(itertools.islice(found, MAX_FOUND))
