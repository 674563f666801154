"""A change to a delivery document, for a review page and the push: one action, applied as a whole. Pure.

Forms carry only the change, never a document, so that it can also be applied to a newer revision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from templates_server.errors import BadRequest, ErrorDetail, ValidationFailed
from templates_server.features.console.delivery.merge import merge_scenarios
from templates_server.features.spaces.delivery.parser import MAX_TARGETED
from templates_server.features.spaces.delivery.scenario_selection import DEFAULT_NAME

Document = Mapping[str, Any]
NOT_A_CHANGE = "Unknown change. Go back and choose it again."


class ItemShape(msgspec.Struct, frozen=True):
    """The form of an item of a scenario, independent of the model."""

    id: str
    experience: str
    properties: dict[str, Any] = {}


class ScenarioShape(msgspec.Struct, frozen=True):
    """The form of a scenario, independent of the model."""

    name: str = ""
    tribes: list[str] = []
    properties: dict[str, Any] = {}
    items: list[ItemShape] = []


class DeliveryEdit(msgspec.Struct, frozen=True, tag_field="deed", forbid_unknown_fields=True):
    """The base of every change, tagged by its action."""


class Publish(DeliveryEdit, frozen=True, tag="publish"):
    """Publish a collection."""

    collection: str


class Unpublish(DeliveryEdit, frozen=True, tag="unpublish"):
    """Unpublish a collection."""

    collection: str


class MoveUp(DeliveryEdit, frozen=True, tag="up"):
    """Move a targeted scenario before the one above it."""

    entity: str
    scenario: str


class MoveDown(DeliveryEdit, frozen=True, tag="down"):
    """Move a targeted scenario after the one below it."""

    entity: str
    scenario: str


class MoveTo(DeliveryEdit, frozen=True, tag="move"):
    """Move a targeted scenario to a position; the first one is 1."""

    entity: str
    scenario: str
    position: Annotated[int, msgspec.Meta(ge=1, le=MAX_TARGETED)]


class RemoveScenario(DeliveryEdit, frozen=True, tag="delete"):
    """Delete a scenario; the default one by its name."""

    entity: str
    scenario: str


class SaveScenario(DeliveryEdit, frozen=True, tag="save"):
    """Replace a scenario with `value`; without a name, append a new targeted scenario."""

    entity: str
    value: dict[str, Any]
    scenario: str = ""


class Promote(DeliveryEdit, frozen=True, tag="promote"):
    """Deliver another environment's delivery at that revision."""

    environment: str
    revision: int


class Restore(DeliveryEdit, frozen=True, tag="restore"):
    """Deliver an older revision again."""

    revision: int


Change = Publish | Unpublish | MoveUp | MoveDown | MoveTo | RemoveScenario | SaveScenario | Promote | Restore


def read_change(text: str, query: Mapping[str, str]) -> Change:
    """Return the change in a form or a URL: as JSON, else by its fields; raise BadRequest if there is none."""
    try:
        found = msgspec.json.decode(text) if text else dict(query)
        change: Change = msgspec.convert(found, type=Change, strict=bool(text))
        if isinstance(change, SaveScenario):
            msgspec.convert(change.value, type=ScenarioShape)
    except (msgspec.MsgspecError, RecursionError):
        raise BadRequest(NOT_A_CHANGE) from None
    return change


def write_change(change: Change) -> str:
    """Return the change as JSON, for a form."""
    return msgspec.json.encode(change).decode()


def entity_of(change: Change) -> str:
    """Return the changed entity, or "" for other changes."""
    return getattr(change, "entity", "")


def describe_change(change: Change, environment: str) -> str:
    """Return the description of the change for the heading of its review."""
    match change:
        case Publish(collection):
            return f"Publish {collection} in {environment}"
        case Unpublish(collection):
            return f"Unpublish {collection} in {environment}"
        case MoveUp(entity, scenario):
            return f"Move “{scenario}” up in {entity}"
        case MoveDown(entity, scenario):
            return f"Move “{scenario}” down in {entity}"
        case MoveTo(entity, scenario, position):
            return f"Move “{scenario}” to position {position} in {entity}"
        case RemoveScenario(entity, scenario):
            return f"Delete “{scenario}” from {entity}"
        case SaveScenario(entity, value, scenario):
            return f"{'Save' if scenario else 'Create'} “{value.get('name', DEFAULT_NAME)}” of {entity}"
        case Promote(other, _):
            return f"Promote {other} to {environment}"
        case Restore(revision):
            return f"Roll {environment} back to revision {revision}"


def apply(change: Change, document: Document, other: Document | None = None) -> dict[str, Any]:
    """Return the document with the change applied; `other` is the delivery of a promotion or a restoration.

    Raise ValidationFailed if the scenario to move or delete does not exist.
    """
    match change:
        case Publish(collection):
            return {**document, "published": sorted({*document["published"], collection})}
        case Unpublish(collection):
            return {**document, "published": [key for key in document["published"] if key != collection]}
        case Promote() | Restore():
            delivered = other or {}
            return {**document, "published": delivered["published"], "scenarios": delivered["scenarios"]}
        case _:
            entity = document["scenarios"].get(change.entity, {})
            return replace_entity(document, change.entity, _changed_entity(change, entity))


def replace_entity(document: Document, entity: str, scenarios: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with other scenarios of an entity; an entity without scenarios is omitted."""
    others = {key: value for key, value in document["scenarios"].items() if key != entity}
    return {**document, "scenarios": {**others, **({entity: dict(scenarios)} if scenarios else {})}}


def scenario_of(document: Document, entity: str, name: str) -> Mapping[str, Any] | None:
    """Return a scenario of an entity, the default one by its name; None if there is none with that name."""
    scenarios = document["scenarios"].get(entity) or {}
    if name == DEFAULT_NAME:
        found: Mapping[str, Any] | None = scenarios.get("default")
        return found
    return next((each for each in scenarios.get("targeted", ()) if each["name"] == name), None)


def place_of(document: Document, entity: str, name: str) -> str:
    """Return the path of a scenario in a document, as in problems; a new scenario follows the last."""
    if name == DEFAULT_NAME:
        return "default"
    names = [each["name"] for each in (document["scenarios"].get(entity) or {}).get("targeted", ())]
    return f"targeted[{names.index(name) if name in names else len(names)}]"


def rebase(change: Change, base: Document, present: Document) -> Change:
    """Return the change for a newer revision, with the changes of others to the same scenario preserved.

    If both changed the same value, this change's value applies.
    """
    if not isinstance(change, SaveScenario) or not change.scenario:
        return change
    before = scenario_of(base, change.entity, change.scenario)
    theirs = scenario_of(present, change.entity, change.scenario)
    if before is None or theirs is None:
        return change
    return msgspec.structs.replace(change, value=merge_scenarios(before, change.value, theirs))


def _changed_entity(
    change: MoveUp | MoveDown | MoveTo | RemoveScenario | SaveScenario, entity: Mapping[str, Any]
) -> dict[str, Any]:
    targeted = list(entity.get("targeted", ()))
    match change:
        case SaveScenario(_, value, name):
            return _saved(entity, targeted, name, value)
        case RemoveScenario(_, name) if name == DEFAULT_NAME:
            return {key: value for key, value in entity.items() if key != "default"}
        case RemoveScenario(_, name):
            del targeted[_index(targeted, name)]
        case MoveUp(_, name) | MoveDown(_, name):
            before = _index(targeted, name)
            after = before - 1 if isinstance(change, MoveUp) else before + 1
            targeted.insert(max(after, 0), targeted.pop(before))
        case MoveTo(_, name, position):
            scenario = targeted.pop(_index(targeted, name))
            targeted.insert(position - 1, scenario)
    return _with_targeted(entity, targeted)


def _saved(entity: Mapping[str, Any], targeted: list[Any], name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    if name == DEFAULT_NAME:
        return {**entity, "default": value}
    names = [each["name"] for each in targeted]
    if name in names:
        targeted[names.index(name)] = value
    else:
        targeted.append(value)
    return _with_targeted(entity, targeted)


def _with_targeted(entity: Mapping[str, Any], targeted: Sequence[Any]) -> dict[str, Any]:
    others = {key: value for key, value in entity.items() if key != "targeted"}
    return {**others, **({"targeted": list(targeted)} if targeted else {})}


def _index(targeted: Sequence[Mapping[str, Any]], name: str) -> int:
    for number, scenario in enumerate(targeted):
        if scenario["name"] == name:
            return number
    raise ValidationFailed([ErrorDetail("", f"The targeted scenario “{name}” no longer exists.")])
