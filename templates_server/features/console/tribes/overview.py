"""The tribes of a Space by category, with the number of people of an environment in each, counted on request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from starlette.responses import Response

from templates_server.errors import Conflict
from templates_server.features.console.navigation import ENVIRONMENT
from templates_server.features.console.platform_api import invoke, is_permitted
from templates_server.features.console.shell import show
from templates_server.features.console.tribe_counts import TribeCount
from templates_server.features.console.tribes.counts import count_people
from templates_server.features.console.visit import Visit, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.tribes import api as tribes
from templates_server.features.tribes.model import TribeDefinition
from templates_server.features.tribes.parser import MOST_TRIBES, read_tribe
from templates_server.primitives.integers import whole_number

PATH = f"{ENVIRONMENT}/tribes"
NEW = f"{ENVIRONMENT}/new-tribe"
HISTORY = f"{ENVIRONMENT}/tribe-history"
TRIBES_ON_A_PAGE = 50


@dataclass(frozen=True)
class TribeRow:
    """A tribe in the list; `counted` is None if it has not been counted."""

    tribe: TribeDefinition
    counted: TribeCount | None


@page
async def tribes_page(visit: Visit) -> Response:
    """Show a page of the tribes, filtered by a text if given; `?count=` is a tribe to count."""
    documents = (await invoke(visit, tribes.read)).one["tribes"]
    search = visit.call.query.get("search", "").strip()
    start = whole_number(visit.call.query.get("cursor", "0"), most=MOST_TRIBES) or 0
    keys = list(islice(_find_keys(documents, search), start, start + TRIBES_ON_A_PAGE + 1))
    found = [read_tribe(documents[key], key=key) for key in keys[:TRIBES_ON_A_PAGE]]
    problem = await _count(visit, found, visit.call.query.get("count", ""))
    values: dict[str, Any] = {
        "categories": _by_category(visit, found),
        "has_any": bool(documents),
        "number": len(documents),
        "search": search,
        "start": start,
        "cursor": str(start + TRIBES_ON_A_PAGE) if len(keys) > TRIBES_ON_A_PAGE else "",
        "problem": problem,
        "may_change": is_permitted(visit, tribes.replace_one),
    }
    return await show(visit, PageContent("console/tribes", values), here="tribes")


def _find_keys(documents: Mapping[str, Any], search: str) -> Iterator[str]:
    """Return the keys of tribes with that text, by category; uncategorized ones come last."""
    wanted = search.casefold()

    def place(key: str) -> tuple[bool, str, str, str]:
        document = documents[key]
        category = document.get("category", "")
        return not category, category.casefold(), document["name"].casefold(), key

    for key in sorted(documents, key=place):
        document = documents[key]
        texts = (key, document["name"], document.get("category", ""), document.get("description", ""))
        if any(wanted in text.casefold() for text in texts):
            yield key


async def _count(visit: Visit, found: Sequence[TribeDefinition], key: str) -> str:
    """Count that tribe if it is on the page and countable; return the reason for a failure, or ""."""
    tribe = next((one for one in found if one.key == key and not one.is_contextual), None)
    if tribe is None:
        return ""
    try:
        await count_people(visit, tribe)
    except Conflict as error:
        return error.problems[0].message
    return ""


def _by_category(visit: Visit, found: Sequence[TribeDefinition]) -> Sequence[tuple[str, Sequence[TribeRow]]]:
    counts, environment_id = visit.call.features.tribe_counts, visit.call.environment_id
    lines = (TribeRow(tribe, counts.find(environment_id, tribe)) for tribe in found)
    return [(category, list(group)) for category, group in groupby(lines, key=lambda line: line.tribe.category)]
