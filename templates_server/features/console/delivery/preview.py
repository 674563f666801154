"""The preview of an environment for a person, entity by entity, with reasons, as in `mtribes session explain`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.errors import NotFound
from templates_server.features.console.delivery.controls import InvalidControlValue, read_number, read_time, zone_names
from templates_server.features.console.delivery.images import Pictures, address_of, pictures_of
from templates_server.features.console.delivery.workspace import DeliverySnapshot, load, paginate
from templates_server.features.console.form_state import REFUSALS, FormState, fields_by_name
from templates_server.features.console.navigation import Link
from templates_server.features.console.platform_api import RouteRequest, invoke, require
from templates_server.features.console.shell import show
from templates_server.features.console.visit import Visit, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.sessions import api as sessions
from templates_server.features.sessions.schemas import ExplainedEntity, SessionExplanation
from templates_server.features.spaces.delivery.parser import ParseContext, parse_delivery
from templates_server.features.spaces.delivery.scenario_selection import list_choices
from templates_server.features.spaces.model import FieldDefinition, Item, ModelEntityState, PropertyType
from templates_server.features.spaces.property_values import to_plain

NOBODY = "No user or visitor with that ID in this environment. Check the ID and the selected environment."
KINDS = {"user": "user_id", "visitor": "anonymous_id"}
FIELD = "field."
MOST_FIELDS = 20
MOST_ITEMS = 20
NO_PICTURES: frozenset[str] = frozenset()
States = Mapping[tuple[str, str | None], ModelEntityState]


class InvalidStartTime(InvalidControlValue):
    """The error for an invalid session start time."""


@dataclass(frozen=True)
class EntityPreview:
    """An entity as a person sees it; without a state if that depends on fields from the app."""

    explained: ExplainedEntity
    state: ModelEntityState | None
    experience: str
    every_picture: Pictures

    @property
    def pictures(self) -> frozenset[str]:
        """The image properties."""
        return self.every_picture.get(self.experience, NO_PICTURES)

    def pictures_of(self, item: Item) -> frozenset[str]:
        """Return the image properties of an item."""
        return self.every_picture.get(item.experience, NO_PICTURES)

    @property
    def has_pictures(self) -> bool:
        """Whether any displayed property contains the URL of an image."""
        items = ((self.state and self.state.items) or ())[:MOST_ITEMS]
        own = [(self.properties, self.pictures), *((plain(item.properties), self.pictures_of(item)) for item in items)]
        return any(address_of(found.get(key)) for found, keys in own for key in keys)

    @property
    def properties(self) -> Mapping[str, Any]:
        """The displayed values, by property."""
        return plain((self.state and self.state.properties) or {})


def plain(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return properties in their JSON form."""
    return {key: to_plain(value) for key, value in properties.items()}


@page
async def preview_page(visit: Visit) -> Response:
    """Show the preview for the person whose ID is given, if any."""
    require(visit, sessions.explain)
    query = visit.call.query
    typed = FormState({"kind": ["user"], **{name: [text] for name, text in query.items()}})
    delivered = await load(visit)
    explanation, typed = await _explain(visit, typed, delivered)
    entities = {entity.entity: entity for entity in explanation.entities} if explanation else {}
    shown, cursor = paginate(list(entities), query.get("cursor", ""))
    states = await asyncio.to_thread(_states, delivered) if explanation else {}
    pictures = pictures_of(delivered.model)
    seen = [
        EntityPreview(entities[name], _state(entities[name], states), delivered.child(name).type, pictures)
        for name in shown
    ]
    values = {
        "explanation": explanation,
        "seen": seen,
        "has_pictures": any(each.has_pictures for each in seen),
        "address_of": address_of,
        "most_items": MOST_ITEMS,
        "fields": delivered.model.fields[:MOST_FIELDS],
        "model": delivered.model,
        "plain": plain,
        "cursor": cursor,
        "typed": typed,
        "nobody": typed.text("person") if NOBODY in typed.problems.get("person", ()) else "",
        "zones": sorted(zone_names()),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    crumbs = [Link("See as a person", "", is_here=True)]
    whole = PageContent("console/delivery/preview", values, status, has_pictures=bool(values["has_pictures"]))
    return await show(visit, whole, here="delivery", crumbs=crumbs)


async def _explain(
    visit: Visit, typed: FormState, delivered: DeliverySnapshot
) -> tuple[SessionExplanation | None, FormState]:
    """Return the requested explanation; None without an ID, or with problems."""
    person = typed.text("person")
    if not person:
        return None, typed
    try:
        asked = {KINDS.get(typed.text("kind"), "user_id"): person, "fields": _fields(typed, delivered.model.fields)}
        if typed.text("at"):
            asked |= {"at": _moment(typed)}
        return (await invoke(visit, sessions.explain, RouteRequest(asked))).one, typed
    except InvalidStartTime as error:
        return None, FormState(typed.values, {"at": [str(error)]})
    except InvalidControlValue as error:
        return None, FormState(typed.values, {"": [str(error)]})
    except NotFound:
        return None, FormState(typed.values, {"person": [NOBODY]})
    except REFUSALS as error:
        return None, typed.refused(error, {"user_id": "person", "anonymous_id": "person", **fields_by_name("person")})


def _moment(typed: FormState) -> str:
    try:
        return read_time(typed.text("at"), typed.text("at.zone"))
    except InvalidControlValue as error:
        raise InvalidStartTime(str(error)) from None


def _fields(typed: FormState, fields: tuple[FieldDefinition, ...]) -> Mapping[str, Any] | None:
    """Return the fields that an app would send at the session start; None if none were entered: they are unknown."""
    said = {field.key: text for field in fields if (text := typed.text(FIELD + field.key))}
    kinds = {field.key: field.type for field in fields}
    return {key: _said(kinds[key], key, text) for key, text in said.items()} or None


def _said(kind: PropertyType, key: str, text: str) -> Any:
    if kind is PropertyType.TOGGLE:
        return text == "on"
    if kind is not PropertyType.NUMBER:
        return text
    try:
        return read_number(text)
    except InvalidControlValue as error:
        raise InvalidControlValue(f"{key}: {error}") from None


def _states(delivered: DeliverySnapshot) -> States:
    """Return every possible state of an entity, by entity and scenario."""
    surroundings = ParseContext(delivered.model, delivered.environment)
    found, _ = parse_delivery(dict(delivered.document), surroundings)
    return {
        (entity, choice.scenario): choice.state
        for entity, alternatives in list_choices(delivered.model, found).items()
        for choice in (alternatives.otherwise, *(choice for _, choice in alternatives.targeted))
    }


def _state(entity: ExplainedEntity, states: States) -> ModelEntityState | None:
    return states.get((entity.entity, entity.scenario)) if entity.known else None
