"""One tribe: its rules in words, its size, some of its users, and the scenarios that target it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.errors import Conflict
from templates_server.features.console.form_state import KEY, REFUSALS, FormState
from templates_server.features.console.navigation import Link
from templates_server.features.console.platform_api import Result, RouteRequest, invoke, is_permitted
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.tribe_counts import TribeCount
from templates_server.features.console.tribes.counts import count_people
from templates_server.features.console.tribes.overview import PATH as LIST
from templates_server.features.console.tribes.rule_text import sentences, summary
from templates_server.features.console.tribes.size_chart import sizes_over_time
from templates_server.features.console.visit import Visit, form, locate, page
from templates_server.features.exports import api as exports
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces.delivery import api as delivery
from templates_server.features.spaces.history import api as histories
from templates_server.features.spaces.store import ENVIRONMENTS
from templates_server.features.tribes import api as tribes
from templates_server.features.tribes import store
from templates_server.features.tribes.model import Comparison, Origin, TribeDefinition
from templates_server.features.tribes.parser import read_tribe
from templates_server.http.forms.urlencoded import Parameters

PATH = f"{LIST}/{{tribe}}"
EDIT = f"{PATH}/edit"
DELETE, DOWNLOAD = "delete tribe", "download tribe"
SAMPLE_USERS = 10
SHOWN_USES = 100


@dataclass(frozen=True)
class TribeSizeText:
    """The number of people of an environment in the tribe; None if not counted yet."""

    environment: str
    counted: TribeCount | None


async def stored_tribe(visit: Visit) -> TribeDefinition:
    """Return the tribe of the path; raise NotFound if there is none."""
    document = dict((await invoke(visit, tribes.show)).one)
    return read_tribe(document, key=visit.call.parameters["tribe"])


def crumbs(visit: Visit, tribe: TribeDefinition, *below: str) -> Sequence[Link]:
    """Return the breadcrumbs of a tribe's page, and of one below it."""
    own = Link(tribe.name, "" if not below else visit.url(PATH), is_here=not below)
    return [own, *(Link(title, "", is_here=True) for title in below)]


@page
async def tribe_page(visit: Visit) -> Response:
    """Show the tribe; `?count=` is an environment to count in, `?people=` shows some users, `?days=` sets the chart."""
    tribe, problems = await stored_tribe(visit), dict[str, Sequence[str]]()
    environment = visit.call.query.get("count", "")
    if environment in ENVIRONMENTS and not tribe.is_contextual:
        try:
            await count_people(await locate(visit, environment=environment), tribe)
        except Conflict as error:
            problems = {"count": [error.problems[0].message]}
    return await show_tribe(visit, tribe, FormState(problems=problems))


@form(DELETE, back=PATH)
async def delete_tribe(visit: Visit, sent: Parameters) -> Response:
    """Delete the tribe, unless a scenario targets it."""
    try:
        await invoke(visit, tribes.delete_one, RouteRequest(key=sent.text(KEY)))
    except REFUSALS as error:
        refused = FormState().refused(error, {})
        return await show_tribe(visit, await stored_tribe(visit), refused, HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect_with_notice(visit, LIST, f"Tribe {visit.call.parameters['tribe']} deleted.")


async def show_tribe(
    visit: Visit, tribe: TribeDefinition, typed: FormState | None = None, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Show the page of a tribe, with the errors of an action."""
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
        "typed": typed or FormState(),
        "may_see_people": is_permitted(visit, tribes.list_users),
        "may_change": is_permitted(visit, tribes.replace_one),
        "may_see_history": is_permitted(visit, histories.list_tribe_revisions),
        "may_download": is_permitted(visit, exports.export_tribe),
        "may_see_uses": is_permitted(visit, delivery.read),
        "purposes": {"delete": DELETE, "download": DOWNLOAD},
    }
    return await show(visit, PageContent("console/tribe", values, status), here="tribes", crumbs=crumbs(visit, tribe))


def contextual_fields(tribe: TribeDefinition) -> Sequence[str]:
    """Return the app fields that its filters use, by name."""
    compared = (each.source for each in tribe.filters if isinstance(each, Comparison))
    return sorted({source.name for source in compared if source.origin is Origin.CONTEXTUAL})


async def _sizes(visit: Visit, tribe: TribeDefinition) -> Sequence[TribeSizeText]:
    counts = visit.call.features.tribe_counts
    places = [(name, (await locate(visit, environment=name)).call.environment_id) for name in ENVIRONMENTS]
    return [TribeSizeText(name, counts.find(environment_id, tribe)) for name, environment_id in places]


async def _uses(visit: Visit, tribe: TribeDefinition) -> Mapping[str, Sequence[store.TribeUse]]:
    """Return the scenarios that target it, by environment; none if the visitor may not see deliveries."""
    if not is_permitted(visit, delivery.read):
        return {}
    space_id = visit.call.space_id
    found = await visit.call.database.read_in_thread(
        lambda connection: [use for use in store.list_uses(connection, space_id) if use.tribe == tribe.key]
    )
    return {name: [use for use in found if use.environment == name][:SHOWN_USES] for name in ENVIRONMENTS}


async def _users(visit: Visit, tribe: TribeDefinition) -> Result | None:
    """Return some of its users; None unless requested and permitted."""
    if "people" not in visit.call.query or tribe.is_contextual or not is_permitted(visit, tribes.list_users):
        return None
    asked = {"limit": str(SAMPLE_USERS), "cursor": visit.call.query.get("cursor", "")}
    return await invoke(visit, tribes.list_users, RouteRequest(query=asked))
