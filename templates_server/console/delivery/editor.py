"""The scenario editor: one scenario of an entity in a form. What is saved is reviewed first (`review`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.console.delivery import changes, scenario_form
from templates_server.console.delivery.changes import SaveScenario
from templates_server.console.delivery.controls import zone_names
from templates_server.console.delivery.pictures import address_of, has_pictures
from templates_server.console.delivery.review import EDIT, review
from templates_server.console.delivery.scenario_form import ScenarioForm
from templates_server.console.delivery.workspace import DELIVERY, Delivered, changed, entity_path, load
from templates_server.console.navigation import Link
from templates_server.console.platform import require
from templates_server.console.shell import show
from templates_server.console.typed import Typed, draft_in, drafted, typed_in
from templates_server.console.visits import Visit, form, page
from templates_server.delivery import api as delivery
from templates_server.delivery.choosing import DEFAULT_NAME
from templates_server.errors import BadRequest, NotFound
from templates_server.exchange import LARGEST_REVISION
from templates_server.forms import Parameters
from templates_server.numbers import whole_number
from templates_server.pages.render import Page
from templates_server.property_values import to_plain

ENTITY = f"{DELIVERY}/entities/{{entity}}"
EDITOR = f"{ENTITY}/scenario"
REVIEW_DEED, EDIT_DEED, ADD_DEED = "review", "edit", "add"
MOST_PARAMETERS = 20_000


@dataclass(frozen=True)
class Edited:
    """A scenario that is being edited: what it is made from, and its name there, "" for a new one."""

    base: Delivered
    entity: str
    name: str

    @property
    def form(self) -> ScenarioForm:
        """The form that it is edited in."""
        return ScenarioForm(self.base.model, self.base.child(self.entity), scenario_form.is_default(self.name))

    @property
    def has_pictures(self) -> bool:
        """Whether the form can have an image."""
        form = self.form
        return has_pictures([*form.properties, *(each for found in form.supported for each in found.properties)])

    @property
    def scenario(self) -> Mapping[str, Any]:
        """What it is before it is edited; nothing of one that is new."""
        return changes.scenario_of(self.base.document, self.entity, self.name) or {}


def draft_of(sent: Parameters) -> Mapping[str, str]:
    """All that was typed, as one field of an address, for who has to sign in again."""
    return {"scenario": sent.text("scenario"), "draft": draft_in(sent)}


@page
async def editor_page(visit: Visit) -> Response:
    """The editor of the scenario that `?scenario=` names; without it, of a new one."""
    require(visit, delivery.replace)
    query = visit.call.query
    draft = drafted(query.get("draft", ""))
    edited = await _edited(visit, query.get("scenario", ""), _revision(draft.text("base")))
    if not edited.scenario and edited.name not in {"", DEFAULT_NAME}:
        raise NotFound(f"{edited.entity} has no scenario of that name.")
    return await _show(visit, edited, draft if draft.values else _filled(edited))


@form(EDIT, back=EDITOR, keeps=draft_of, most=MOST_PARAMETERS)
async def edit_scenario(visit: Visit, sent: Parameters) -> Response:
    """Review what was typed, or show the form with its items in another order."""
    require(visit, delivery.replace)
    deed = sent.text("deed")
    if deed == EDIT_DEED:
        return await _edit_again(visit, sent)
    edited = await _edited(visit, sent.text("scenario"), _revision(sent.text("base")))
    if deed != REVIEW_DEED:
        fields = scenario_form.rearranged(edited.form, sent.values, deed)
        return await _show(visit, edited, Typed(fields), is_added=deed == ADD_DEED)
    return await _review(visit, edited, typed_in(sent))


async def _review(visit: Visit, edited: Edited, typed: Typed) -> Response:
    """The review of what was typed, or the form with what is wrong with it."""
    read = scenario_form.read_scenario(edited.form, typed.values, edited.scenario)
    change = SaveScenario(edited.entity, read.value, edited.name)
    problems = read.problems or await _problems(visit, edited, change, typed)
    if problems:
        return await _show(visit, edited, replace(typed, problems=problems))
    return await review(visit, change, edited.base.revision, Typed())


async def _problems(visit: Visit, edited: Edited, change: SaveScenario, typed: Typed) -> dict[str, list[str]]:
    """What a push would refuse of the scenario, by field."""
    found = (await changed(visit, change, edited.base)).problems
    place = changes.place_of(edited.base.document, edited.entity, edited.name)
    return scenario_form.problems_by_field(found, typed.values, f"scenarios.{edited.entity}.{place}")


async def _edit_again(visit: Visit, sent: Parameters) -> Response:
    """The form with the scenario of a change that was reviewed."""
    change = changes.read_change(sent.text("change"), {})
    if not isinstance(change, SaveScenario):
        raise BadRequest(changes.NOT_A_CHANGE)
    edited = await _edited(visit, change.scenario, _revision(sent.text("base")))
    return await _show(visit, edited, Typed(scenario_form.fields_of(edited.form, change.value)))


async def _edited(visit: Visit, name: str, base: int | None) -> Edited:
    return Edited(await load(visit, base), visit.call.parameters["entity"], name)


def _filled(edited: Edited) -> Typed:
    return Typed(scenario_form.fields_of(edited.form, edited.scenario))


def _revision(text: str) -> int | None:
    return whole_number(text, most=LARGEST_REVISION) if text else None


def _opened(items: Sequence[str], typed: Typed, *, is_added: bool) -> Sequence[str]:
    """The items whose fields are unfolded: those that something is wrong with, and one that was just added."""
    faulty = [number for number in items if any(name.startswith(f"i.{number}.") for name in typed.problems)]
    return [*faulty, *(items[-1:] if is_added else ())]


async def _show(visit: Visit, edited: Edited, typed: Typed, *, is_added: bool = False) -> Response:
    items = scenario_form.item_numbers(typed.values)
    values: dict[str, Any] = {
        "form": edited.form,
        "entity": edited.entity,
        "scenario": edited.name,
        "base": edited.base.revision,
        "default": changes.scenario_of(edited.base.document, edited.entity, DEFAULT_NAME) or {},
        "to_plain": to_plain,
        "address_of": address_of,
        "has_pictures": edited.has_pictures,
        "tribes": edited.base.tribes,
        "zones": sorted(zone_names()),
        "items": items,
        "opened": _opened(items, typed, is_added=is_added),
        "typed": typed,
        "action": visit.url(f"{entity_path(edited.entity)}/scenario"),
        "back": visit.url(entity_path(edited.entity)),
        "purposes": {"edit": EDIT},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    crumbs = [Link(edited.entity, values["back"]), Link(edited.name or "New scenario", "", is_here=True)]
    shown = Page("console/delivery/editor", values, status, has_pictures=edited.has_pictures)
    return await show(visit, shown, here="delivery", crumbs=crumbs)
