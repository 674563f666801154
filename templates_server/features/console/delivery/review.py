"""The review of a change to a delivery, its push, and the conflict page if the delivery has changed meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from templates_server.errors import ApiError, BadRequest, ErrorDetail, PreconditionFailed
from templates_server.features.console.delivery import changes
from templates_server.features.console.delivery.changes import Change, Publish, Restore, SaveScenario, Unpublish
from templates_server.features.console.delivery.workspace import (
    DELIVERY,
    CheckedDelivery,
    DeliverySnapshot,
    apply_change,
    entity_path,
    load,
    load_document,
)
from templates_server.features.console.form_state import KEY, REFUSALS, FormState, fields_by_name, read_form
from templates_server.features.console.impact import SHOW_IMPACT, find_delivery_impact, may_show_impact
from templates_server.features.console.navigation import Link
from templates_server.features.console.platform_api import Result, RouteRequest, invoke, is_permitted, require
from templates_server.features.console.shell import PRODUCTION, redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, locate, page
from templates_server.features.impact.schemas import Impact
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces.delivery import api as delivery
from templates_server.features.spaces.delivery import revisions as deliveries
from templates_server.features.spaces.delivery.differences import compare_deliveries
from templates_server.features.spaces.delivery.schemas import DeliveryChange
from templates_server.features.spaces.history import api as histories
from templates_server.features.spaces.history.schemas import Revision
from templates_server.http.conditional_requests import LARGEST_REVISION
from templates_server.http.forms.urlencoded import Parameters
from templates_server.http.route import Handler
from templates_server.primitives.integers import whole_number

REVIEW, PUSH_PATH = f"{DELIVERY}/review", f"{DELIVERY}/push"
PUSH, EDIT = "push delivery", "edit scenario"
MOST_CHANGES = 200
MOST_REVISIONS = 10
SURE = "Confirm first: users of your apps see what you push to production."
OUTDATED = "The model or the tribes have changed since this review. Review the change again, then push."
PUBLISHING: Mapping[type, Handler] = {Publish: delivery.publish, Unpublish: delivery.unpublish}


@dataclass(frozen=True)
class EditConflict:
    """A value that two people changed at once: its base, and both changes."""

    where: str
    before: Any
    theirs: Any
    mine: Any


@dataclass(frozen=True)
class ReviewedEdit:
    """A change, its base and its result."""

    change: Change
    present: DeliverySnapshot
    checked: CheckedDelivery


@page
async def review_page(visit: Visit) -> Response:
    """Show the effect of the change in the URL."""
    require(visit, delivery.replace)
    query = {name: value for name, value in visit.call.query.items() if name not in {"base", "change", "note"}}
    change = changes.read_change(visit.call.query.get("change", ""), await _pin_revision(visit, query))
    base = _revision(visit.call.query.get("base"))
    return await review(visit, change, base, FormState({"note": [visit.call.query.get("note", "")]}))


@form(PUSH, back=REVIEW, keeps=("change", "base", "note"))
async def push(visit: Visit, sent: Parameters) -> Response:
    """Make the change, unless somebody else changed the delivery since it was reviewed; or show whom it affects."""
    require(visit, delivery.replace)
    change, base = changes.read_change(sent.text("change"), {}), _revision(sent.text("base"))
    typed = read_form(sent)
    if base is None:
        raise BadRequest(changes.NOT_A_CHANGE)
    if sent.text("act") == SHOW_IMPACT:
        return await review(visit, change, base, typed, shows_impact=True)
    delivered = await load(visit, base)
    try:
        checked = await apply_change(visit, change, delivered)
        if problem := _not_ready(visit, sent, checked):
            return await review(visit, change, base, FormState(typed.values, problem))
        result = await _push(visit, change, delivered, checked, sent)
    except PreconditionFailed:
        return await review(visit, change, base, typed)
    except REFUSALS as error:
        return await review(visit, change, base, _rejected_form(typed, error))
    revision = result.one.revision
    return redirect_with_notice(visit, _after(change), f"Saved. {delivered.environment} is at revision {revision}.")


async def review(
    visit: Visit, change: Change, base: int | None, typed: FormState, *, shows_impact: bool = False
) -> Response:
    """Return the review of a change based on that revision; if there is a newer one, with its effect."""
    present = await load(visit)
    if base is None or base == present.revision:
        return await _show_review(visit, change, present, typed, shows_impact=shows_impact)
    return await _show_conflict(visit, change, await load(visit, base), present, typed)


async def _show_review(
    visit: Visit, change: Change, present: DeliverySnapshot, typed: FormState, *, shows_impact: bool
) -> Response:
    reviewed = ReviewedEdit(change, present, await _check_edit(visit, change, present))
    more: dict[str, Any] = {"is_conflict": False}
    if shows_impact:
        more["impacts"], more["impact_problem"] = await _find_impact(visit, reviewed)
    return await _show(visit, reviewed, typed, more)


async def _find_impact(visit: Visit, reviewed: ReviewedEdit) -> tuple[Sequence[Impact], str]:
    """Return what the push would change for people, or the reason why that is unknown."""
    try:
        return await find_delivery_impact(visit, reviewed.checked.document)
    except REFUSALS as error:
        return (), error.problems[0].message


async def _show_conflict(
    visit: Visit, change: Change, base: DeliverySnapshot, present: DeliverySnapshot, typed: FormState
) -> Response:
    mine = (await _check_edit(visit, change, base)).changes
    theirs = await asyncio.to_thread(compare_deliveries, base.document, present.document)
    rebased = changes.rebase(change, base.document, present.document)
    reviewed = ReviewedEdit(rebased, present, await _check_edit(visit, rebased, present))
    values = {
        "is_conflict": True,
        "theirs": theirs[:MOST_CHANGES],
        "revisions": await _revisions_since(visit, base.revision),
        "clashes": _clashes(mine, theirs),
    }
    return await _show(visit, reviewed, typed, values)


async def _show(visit: Visit, reviewed: ReviewedEdit, typed: FormState, more: Mapping[str, Any]) -> Response:
    change, checked = reviewed.change, reviewed.checked
    entity = changes.entity_of(change)
    values = {
        "title": changes.describe_change(change, reviewed.present.environment),
        "change": changes.write_change(change),
        "base": reviewed.present.revision,
        "seen": _digest(checked),
        "differences": checked.changes[:MOST_CHANGES],
        "is_shortened": len(checked.changes) > MOST_CHANGES,
        "count": len(checked.changes),
        "problems": checked.problems,
        "is_blocked": isinstance(change, Restore) and bool(checked.problems),
        "entity": entity,
        "may_edit": isinstance(change, SaveScenario),
        "back": visit.url(_after(change)),
        "typed": typed,
        "purposes": {"push": PUSH, "edit": EDIT},
        "may_show_impact": may_show_impact(visit),
        "impacts": (),
        "impact_problem": "",
        **more,
    }
    status = _status(typed, is_conflict=bool(more["is_conflict"]))
    crumbs = [*_crumbs(visit, entity), Link("Review", "", is_here=True)]
    return await show(visit, PageContent("console/delivery/review", values, status), here="delivery", crumbs=crumbs)


def _status(typed: FormState, *, is_conflict: bool) -> HTTPStatus:
    if is_conflict:
        return HTTPStatus.CONFLICT
    return HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK


async def _check_edit(visit: Visit, change: Change, base: DeliverySnapshot) -> CheckedDelivery:
    """Return the result of the change on the base; nothing, with the reason, if it cannot be applied."""
    try:
        return await apply_change(visit, change, base)
    except REFUSALS as error:
        return CheckedDelivery(base.document, error.problems, ())


async def _push(
    visit: Visit, change: Change, base: DeliverySnapshot, checked: CheckedDelivery, sent: Parameters
) -> Result:
    """Push as the API does, with the route that records each action under its own name."""
    asked = RouteRequest(
        query={"note": sent.text("note")}, headers={"If-Match": f'"{base.revision}"'}, key=sent.text(KEY)
    )
    match change:
        case Restore(revision):
            return await invoke(visit, deliveries.restore, _with_body(asked, {"revision": revision}))
        case Publish(collection) | Unpublish(collection):
            return await invoke(visit, PUBLISHING[type(change)], _with_body(asked, {"collections": [collection]}))
        case _:
            return await invoke(visit, delivery.replace, _with_body(asked, checked.document))


def _with_body(asked: RouteRequest, body: Any) -> RouteRequest:
    return RouteRequest(body, asked.query, asked.headers, asked.key)


def _not_ready(visit: Visit, sent: Parameters, checked: CheckedDelivery) -> Mapping[str, Sequence[str]]:
    """Return why a push must wait, by field: production is unconfirmed, or the result differs from the review."""
    if sent.text("seen") != _digest(checked):
        return {"": [OUTDATED]}
    if visit.call.place.environment_name == PRODUCTION and not sent.text("sure"):
        return {"sure": [SURE]}
    return {}


def _digest(checked: CheckedDelivery) -> str:
    """Return a short digest that identifies the result of a change."""
    return hashlib.sha256(msgspec.json.encode(checked.document, order="sorted")).hexdigest()[:32]


def _rejected_form(typed: FormState, error: ApiError) -> FormState:
    """Return the input with the errors of the push: for a document, each problem with its place."""
    found = typed.refused(error, fields_by_name("note"))
    told = [_error_text(problem) for problem in error.problems if problem.path != "note"]
    return FormState(found.values, {**found.problems, **({"": told} if told else {})})


def _error_text(problem: ErrorDetail) -> str:
    return f"{problem.path}: {problem.message}" if problem.path else problem.message


def _clashes(mine: Sequence[DeliveryChange], theirs: Sequence[DeliveryChange]) -> Sequence[EditConflict]:
    """Return the values that both changed differently."""
    ours = {where: (before, after) for where, before, after in _values(mine)}
    return [
        EditConflict(where, before, after, ours[where][1])
        for where, before, after in _values(theirs)
        if where in ours and ours[where][1] != after
    ][:MOST_CHANGES]


def _values(found: Sequence[DeliveryChange]) -> Sequence[tuple[str, Any, Any]]:
    return [
        (f"{change.entity} · {change.scenario} · {value.path}", value.before, value.after)
        for change in found
        for value in change.values
    ]


async def _revisions_since(visit: Visit, base: int) -> Sequence[Revision]:
    """Return the authors of the revisions after one, newest first, up to the limit."""
    if not is_permitted(visit, histories.list_delivery_revisions):
        return ()
    asked = RouteRequest(query={"limit": str(MOST_REVISIONS)})
    found = (await invoke(visit, histories.list_delivery_revisions, asked)).data
    return [revision for revision in found if revision.revision > base]


async def _pin_revision(visit: Visit, query: Mapping[str, str]) -> Mapping[str, str]:
    """Return the fields of a change; a promotion without a revision gets that environment's current one."""
    if query.get("deed") != "promote" or "revision" in query:
        return query
    there = await locate(visit, environment=query.get("environment", ""))
    revision, _ = await load_document(there)
    return {**query, "revision": str(revision)}


def _revision(text: str | None) -> int | None:
    return whole_number(text, most=LARGEST_REVISION) if text else None


def _after(change: Change) -> str:
    """Return the page that shows the result."""
    if isinstance(change, Restore):
        return f"{DELIVERY}/history"
    entity = changes.entity_of(change)
    return entity_path(entity) if entity else DELIVERY


def _crumbs(visit: Visit, entity: str) -> Sequence[Link]:
    return [Link(entity, visit.url(entity_path(entity)))] if entity else []
