"""The overview of a Space: its environments, deliveries and latest changes; renamed and deleted here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.features.console.form_state import REFUSALS, FormState, fields_by_name, read_form
from templates_server.features.console.home import describe_change
from templates_server.features.console.navigation import HOME, SPACE
from templates_server.features.console.platform_api import RouteRequest, invoke, is_permitted, require
from templates_server.features.console.shell import PRODUCTION, redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, locate, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces import api as spaces
from templates_server.features.spaces.delivery import api as delivery
from templates_server.features.spaces.history import api as histories
from templates_server.features.spaces.history.schemas import Revision
from templates_server.features.spaces.store import ENVIRONMENTS
from templates_server.http.forms.urlencoded import Parameters
from templates_server.http.route import Handler

RENAME, DELETE = "rename space", "delete space"
CHANGES_SHOWN = 8
RENAMED = "Renamed in the console"
NOT_CONFIRMED = "Enter the key of the Space to confirm."


@dataclass(frozen=True)
class SpaceChange:
    """A revision in the Space."""

    what: str
    revision: Revision


@page
async def space_page(visit: Visit) -> Response:
    """Show the Space, its environments and its latest changes."""
    return await _show(visit, FormState())


@form(RENAME, back=SPACE)
async def rename_space(visit: Visit, sent: Parameters) -> Response:
    """Rename the Space, which creates a revision of its model, as the name is part of it."""
    asked = RouteRequest({"name": sent.text("name")}, {"note": RENAMED})
    try:
        renamed = (await invoke(visit, spaces.rename_space, asked)).one
    except REFUSALS as error:
        return await _show(visit, read_form(sent).refused(error, fields_by_name("name")))
    return redirect_with_notice(visit, SPACE, f"Space renamed to “{renamed.name}”.")


@form(DELETE, back=SPACE)
async def delete_space(visit: Visit, sent: Parameters) -> Response:
    """Delete the Space and everything in it, once its key is entered."""
    require(visit, spaces.delete_space)
    place = visit.call.place
    if sent.text("confirmation").strip() != place.space_key:
        typed = FormState(sent.values, {"confirmation": [NOT_CONFIRMED]})
        return await _show(visit, typed)
    await invoke(visit, spaces.delete_space)
    return redirect_with_notice(
        visit, f"{HOME}/organizations/{place.organization_key}", f"Space {place.space_key} deleted."
    )


@page
async def environment_page(visit: Visit) -> Response:
    """Show one environment: its delivery, and who changed it."""
    found = await invoke(visit, delivery.show_environment)
    changes = await _changes(visit, "Delivery changed", histories.list_delivery_revisions)
    return await show(visit, PageContent("console/environment", {"environment": found.one, "changes": changes}))


async def _show(visit: Visit, typed: FormState) -> Response:
    space = (await invoke(visit, spaces.show_space)).one
    environments = (await invoke(visit, delivery.list_environments)).data
    values: dict[str, Any] = {
        "space": space,
        "environments": environments,
        "live": next(one.published for one in environments if one.name == PRODUCTION),
        "changes": await _latest_changes(visit),
        "may_change": is_permitted(visit, spaces.rename_space),
        "typed": replace(typed, values={"name": [space.name], **typed.values}),
        "purposes": {"rename": RENAME, "delete": DELETE},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/space", values, status), here="space")


async def _latest_changes(visit: Visit) -> Sequence[SpaceChange]:
    """Return the newest revisions of everything in the Space, newest first; none if the visitor may not see them."""
    if not is_permitted(visit, histories.list_model_revisions):
        return ()
    found = [*await _changes(visit, describe_change("model", None), histories.list_model_revisions)]
    found += await _changes(visit, describe_change("tribes", None), histories.list_tribe_revisions)
    for name in ENVIRONMENTS:
        there = await locate(visit, environment=name)
        found += await _changes(there, describe_change("delivery", name), histories.list_delivery_revisions)
    return sorted(found, key=lambda change: change.revision.at, reverse=True)[:CHANGES_SHOWN]


async def _changes(visit: Visit, what: str, handler: Handler) -> Sequence[SpaceChange]:
    if not is_permitted(visit, handler):
        return ()
    asked = RouteRequest(query={"limit": str(CHANGES_SHOWN)})
    return [SpaceChange(what, revision) for revision in (await invoke(visit, handler, asked)).data]
