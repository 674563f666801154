"""One tribe: its rules in words, how many people it has, some of them, and which scenarios are for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.console.navigation import Link
from templates_server.console.platform import Asked, Result, invoke, may
from templates_server.console.shell import done, show
from templates_server.console.tribe_counts import Counted, TribeCounts
from templates_server.console.tribe_sizes import sizes_over_time
from templates_server.console.tribe_words import sentences, summary
from templates_server.console.tribes import PATH as LIST
from templates_server.console.typed import KEY, REFUSALS, Typed
from templates_server.console.visits import Visit, form, located, page
from templates_server.delivery import api as delivery
from templates_server.errors import Conflict
from templates_server.exports import api as exports
from templates_server.forms import Parameters
from templates_server.histories import api as histories
from templates_server.pages.render import Page
from templates_server.spaces.store import ENVIRONMENTS
from templates_server.tribes import api as tribes
from templates_server.tribes import store
from templates_server.tribes.reading import read_tribe
from templates_server.tribes.rules import Comparison, Origin, Tribe

PATH = f"{LIST}/{{tribe}}"
EDIT = f"{PATH}/edit"
DELETE, DOWNLOAD = "delete tribe", "download tribe"
SAMPLE_USERS = 10
SHOWN_USES = 100


@dataclass(frozen=True)
class Size:
    """How many people of an environment are in the tribe; None where nobody has counted them yet."""

    environment: str
    counted: Counted | None


async def stored_tribe(visit: Visit) -> Tribe:
    """The tribe of the path; NotFound where there is none."""
    document = dict((await invoke(visit, tribes.show)).one)
    return read_tribe(document, key=visit.call.parameters["tribe"])


def crumbs(visit: Visit, tribe: Tribe, *below: str) -> Sequence[Link]:
    """The place of a tribe's page, and of one below it."""
    own = Link(tribe.name, "" if not below else visit.url(PATH), is_here=not below)
    return [own, *(Link(title, "", is_here=True) for title in below)]


@page
async def tribe_page(visit: Visit) -> Response:
    """The tribe; `?count=` is an environment to count in, `?people=` asks for some users, `?days=` are of the chart."""
    tribe, problems = await stored_tribe(visit), dict[str, Sequence[str]]()
    environment = visit.call.query.get("count", "")
    if environment in ENVIRONMENTS and not tribe.is_contextual:
        try:
            await visit.call.services.part(TribeCounts).count(await located(visit, environment=environment), tribe)
        except Conflict as error:
            problems = {"count": [error.problems[0].message]}
    return await show_tribe(visit, tribe, Typed(problems=problems))


@form(DELETE, back=PATH)
async def delete_tribe(visit: Visit, sent: Parameters) -> Response:
    """Delete the tribe, unless a scenario is for it."""
    try:
        await invoke(visit, tribes.delete_one, Asked(key=sent.text(KEY)))
    except REFUSALS as error:
        refused = Typed().refused(error, {})
        return await show_tribe(visit, await stored_tribe(visit), refused, HTTPStatus.UNPROCESSABLE_ENTITY)
    return done(visit, LIST, f"Tribe {visit.call.parameters['tribe']} deleted.")


async def show_tribe(
    visit: Visit, tribe: Tribe, typed: Typed | None = None, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """The page of a tribe, with what was refused there."""
    uses, users = await _uses(visit, tribe), await _users(visit, tribe)
    values: dict[str, Any] = {
        "tribe": tribe,
        "summary": summary(tribe),
        "sentences": sentences(tribe),
        "sizes": await _sizes(visit, tribe),
        "over_time": await sizes_over_time(visit, tribe),
        "uses": uses,
        "users": users.data if users else None,
        "more_users": users.cursor if users else "",
        "further": "cursor" in visit.call.query,
        "asked_fields": contextual_fields(tribe),
        "typed": typed or Typed(),
        "may_see_people": may(visit, tribes.list_users),
        "may_change": may(visit, tribes.replace_one),
        "may_see_history": may(visit, histories.list_tribe_revisions),
        "may_download": may(visit, exports.export_tribe),
        "may_see_uses": may(visit, delivery.read),
        "purposes": {"delete": DELETE, "download": DOWNLOAD},
    }
    return await show(visit, Page("console/tribe", values, status), here="tribes", crumbs=crumbs(visit, tribe))


def contextual_fields(tribe: Tribe) -> Sequence[str]:
    """The fields that its filters ask of apps, by name."""
    compared = (each.source for each in tribe.filters if isinstance(each, Comparison))
    return sorted({source.name for source in compared if source.origin is Origin.CONTEXTUAL})


async def _sizes(visit: Visit, tribe: Tribe) -> Sequence[Size]:
    counts = visit.call.services.part(TribeCounts)
    places = [(name, (await located(visit, environment=name)).call.environment_id) for name in ENVIRONMENTS]
    return [Size(name, counts.find(environment_id, tribe)) for name, environment_id in places]


async def _uses(visit: Visit, tribe: Tribe) -> Mapping[str, Sequence[store.Use]]:
    """The scenarios that are for it, by environment; none where the visitor may not see what is delivered."""
    if not may(visit, delivery.read):
        return {}
    space_id = visit.call.space_id
    found = await visit.call.database.read_aside(
        lambda connection: [use for use in store.list_uses(connection, space_id) if use.tribe == tribe.key]
    )
    return {name: [use for use in found if use.environment == name][:SHOWN_USES] for name in ENVIRONMENTS}


async def _users(visit: Visit, tribe: Tribe) -> Result | None:
    """Some of its users; None where they were not asked for, or may not be seen."""
    if "people" not in visit.call.query or tribe.is_contextual or not may(visit, tribes.list_users):
        return None
    asked = {"limit": str(SAMPLE_USERS), "cursor": visit.call.query.get("cursor", "")}
    return await invoke(visit, tribes.list_users, Asked(query=asked))
