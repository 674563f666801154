"""The scenario editor: one scenario of an entity in a form. A save is reviewed first (`review`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.errors import BadRequest, NotFound
from templates_server.features.console.delivery import changes, scenario_form
from templates_server.features.console.delivery.changes import SaveScenario
from templates_server.features.console.delivery.controls import zone_names
from templates_server.features.console.delivery.images import address_of, has_pictures
from templates_server.features.console.delivery.review import EDIT, review
from templates_server.features.console.delivery.scenario_form import ScenarioForm
from templates_server.features.console.delivery.workspace import (
    DELIVERY,
    DeliverySnapshot,
    apply_change,
    entity_path,
    load,
)
from templates_server.features.console.form_state import FormState, decode_draft, encode_draft, read_form
from templates_server.features.console.navigation import Link
from templates_server.features.console.platform_api import require
from templates_server.features.console.shell import show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces.delivery import api as delivery
from templates_server.features.spaces.delivery.scenario_selection import DEFAULT_NAME
from templates_server.features.spaces.property_values import to_plain
from templates_server.http.conditional_requests import LARGEST_REVISION
from templates_server.http.forms.urlencoded import Parameters
from templates_server.primitives.integers import whole_number

ENTITY = f"{DELIVERY}/entities/{{entity}}"
EDITOR = f"{ENTITY}/scenario"
REVIEW_DEED, EDIT_DEED, ADD_DEED = "review", "edit", "add"
MOST_PARAMETERS = 20_000


@dataclass(frozen=True)
class EditedScenario:
    """A scenario being edited: its base, and its name there, "" for a new one."""

    base: DeliverySnapshot
    entity: str
    name: str

    @property
    def form(self) -> ScenarioForm:
        """The form of the scenario."""
        return ScenarioForm(self.base.model, self.base.child(self.entity), scenario_form.is_default(self.name))

    @property
    def has_pictures(self) -> bool:
        """Whether the form can have an image."""
        form = self.form
        return has_pictures([*form.properties, *(each for found in form.supported for each in found.properties)])

    @property
    def scenario(self) -> Mapping[str, Any]:
        """The scenario before the edit; empty for a new one."""
        return changes.scenario_of(self.base.document, self.entity, self.name) or {}


def draft_of(sent: Parameters) -> Mapping[str, str]:
    """Return all input as one field of a URL, for a person who has to sign in again."""
    return {"scenario": sent.text("scenario"), "draft": encode_draft(sent)}


@page
async def editor_page(visit: Visit) -> Response:
    """Show the editor of the scenario in `?scenario=`, by default of a new one."""
    require(visit, delivery.replace)
    query = visit.call.query
    draft = decode_draft(query.get("draft", ""))
    edited = await _load_edited(visit, query.get("scenario", ""), _revision(draft.text("base")))
    if not edited.scenario and edited.name not in {"", DEFAULT_NAME}:
        raise NotFound(f"{edited.entity} has no scenario of that name.")
    return await _show(visit, edited, draft if draft.values else _fill_form(edited))


@form(EDIT, back=EDITOR, keeps=draft_of, most=MOST_PARAMETERS)
async def edit_scenario(visit: Visit, sent: Parameters) -> Response:
    """Show the review of the input, or the form with its items in another order."""
    require(visit, delivery.replace)
    deed = sent.text("deed")
    if deed == EDIT_DEED:
        return await _edit_again(visit, sent)
    edited = await _load_edited(visit, sent.text("scenario"), _revision(sent.text("base")))
    if deed != REVIEW_DEED:
        fields = scenario_form.rearrange(edited.form, sent.values, deed)
        return await _show(visit, edited, FormState(fields), is_added=deed == ADD_DEED)
    return await _review(visit, edited, read_form(sent))


async def _review(visit: Visit, edited: EditedScenario, typed: FormState) -> Response:
    """Return the review of the input, or the form with its problems."""
    read = scenario_form.read_scenario(edited.form, typed.values, edited.scenario)
    change = SaveScenario(edited.entity, read.value, edited.name)
    problems = read.problems or await _problems(visit, edited, change, typed)
    if problems:
        return await _show(visit, edited, replace(typed, problems=problems))
    return await review(visit, change, edited.base.revision, FormState())


async def _problems(
    visit: Visit, edited: EditedScenario, change: SaveScenario, typed: FormState
) -> dict[str, list[str]]:
    """Return the problems of the scenario that a push would reject, by field."""
    found = (await apply_change(visit, change, edited.base)).problems
    place = changes.place_of(edited.base.document, edited.entity, edited.name)
    return scenario_form.group_problems_by_field(found, typed.values, f"scenarios.{edited.entity}.{place}")


async def _edit_again(visit: Visit, sent: Parameters) -> Response:
    """Show the form with the scenario of a reviewed change."""
    change = changes.read_change(sent.text("change"), {})
    if not isinstance(change, SaveScenario):
        raise BadRequest(changes.NOT_A_CHANGE)
    edited = await _load_edited(visit, change.scenario, _revision(sent.text("base")))
    return await _show(visit, edited, FormState(scenario_form.fields_of(edited.form, change.value)))


async def _load_edited(visit: Visit, name: str, base: int | None) -> EditedScenario:
    return EditedScenario(await load(visit, base), visit.call.parameters["entity"], name)


def _fill_form(edited: EditedScenario) -> FormState:
    return FormState(scenario_form.fields_of(edited.form, edited.scenario))


def _revision(text: str) -> int | None:
    return whole_number(text, most=LARGEST_REVISION) if text else None


def _find_unfolded(items: Sequence[str], typed: FormState, *, is_added: bool) -> Sequence[str]:
    """Return the items to unfold: those with problems, and one that was just added."""
    faulty = [number for number in items if any(name.startswith(f"i.{number}.") for name in typed.problems)]
    return [*faulty, *(items[-1:] if is_added else ())]


async def _show(visit: Visit, edited: EditedScenario, typed: FormState, *, is_added: bool = False) -> Response:
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
        "opened": _find_unfolded(items, typed, is_added=is_added),
        "typed": typed,
        "action": visit.url(f"{entity_path(edited.entity)}/scenario"),
        "back": visit.url(entity_path(edited.entity)),
        "purposes": {"edit": EDIT},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    crumbs = [Link(edited.entity, values["back"]), Link(edited.name or "New scenario", "", is_here=True)]
    shown = PageContent("console/delivery/editor", values, status, has_pictures=edited.has_pictures)
    return await show(visit, shown, here="delivery", crumbs=crumbs)
