"""`POST .../delivery/impact` and `POST .../tribes/impact`: what a push would change, for whom. Nothing is stored."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Protocol

from templates_server.errors import ErrorDetail, TooLarge, ValidationFailed
from templates_server.features.impact import service
from templates_server.features.impact.schemas import Impact
from templates_server.features.impact.service import ImpactSlots, ProposedChange
from templates_server.features.spaces.delivery import api as delivery_api
from templates_server.features.spaces.delivery.parser import read_delivery
from templates_server.features.spaces.delivery.parser import to_document as to_delivery_document
from templates_server.features.spaces.delivery.store import list_environment_ids
from templates_server.features.tribes import store as tribes_store
from templates_server.features.tribes.parser import read_tribes
from templates_server.features.tribes.serializer import to_document
from templates_server.features.tribes.store import EvaluationContext
from templates_server.http.conditional_requests import read_document
from templates_server.http.context import Call
from templates_server.http.response import ApiResult
from templates_server.primitives.timestamps import DAY
from templates_server.primitives.yaml_json import read_yaml
from templates_server.security import authorization
from templates_server.settings import DOCUMENT_MAX_BYTES

NO_DOCUMENT = "is required: send an object with `document` alone, the document to push or its text"


class ImpactServices(Protocol):
    """The services that the handlers here need."""

    @property
    def impact_slots(self) -> ImpactSlots:
        """The environments whose impact is being computed."""


async def of_delivery(call: Call[ImpactServices]) -> ApiResult:
    """Return what a delivery would change for the people of the environment."""
    _check_scope(call)
    with call.features.impact_slots.acquire([call.environment_id], str(call.place.environment_name)):
        deadline = time.monotonic() + service.SECONDS
        document = await _proposed_document(call)
        surroundings = await delivery_api.load_surroundings(call)
        delivery = await asyncio.to_thread(read_delivery, document, surroundings)
        canonical = to_delivery_document(delivery, space=surroundings.model.key, environment=surroundings.environment)
        found = await _find(call, call.environment_id, ProposedChange(delivery=canonical), deadline)
    return ApiResult([found], "impact")


async def of_tribes(call: Call[ImpactServices]) -> ApiResult:
    """Return what replacing all tribes would change for the people of each environment of the Space."""
    _check_scope(call)
    space_id, space_key = call.space_id, str(call.place.space_key)
    environments = await call.database.read(lambda connection: list_environment_ids(connection, space_id))
    with call.features.impact_slots.acquire(environments, space_key):
        deadline = time.monotonic() + service.SECONDS
        document = await _proposed_document(call)
        tribes = await asyncio.to_thread(read_tribes, document, space=space_key)
        canonical = to_document(tribes, space=space_key)

        await call.database.read_in_thread(
            lambda connection: tribes_store.check_replacement(connection, space_id, canonical["tribes"].keys())
        )
        found = []
        for number, environment_id in enumerate(environments):
            share = (deadline - time.monotonic()) / (len(environments) - number)
            until = time.monotonic() + share
            found.append(await _find(call, environment_id, ProposedChange(tribes=canonical), until))
    return ApiResult(found, "impact")


def _check_scope(call: Call) -> None:
    """Raise Forbidden unless who asks may see people: examples name them."""
    authorization.check_scope(call.principal, authorization.Scope.USERS_READ, call.place)


async def _proposed_document(call: Call) -> Any:
    """Return the proposed document of the body; a text is read as YAML, which includes JSON."""
    body = await read_document(call)
    if not isinstance(body, dict) or body.keys() != {"document"}:
        raise ValidationFailed([ErrorDetail("document", NO_DOCUMENT)])
    document = body["document"]
    if not isinstance(document, str):
        return document
    text = document.encode()
    if len(text) > DOCUMENT_MAX_BYTES:
        raise TooLarge(f"The document is too large. The maximum is {DOCUMENT_MAX_BYTES} bytes.")
    return await asyncio.to_thread(read_yaml, text, max_depth=call.settings.limits.max_depth)


async def _find(call: Call, environment_id: str, change: ProposedChange, deadline: float) -> Impact:
    at = EvaluationContext(environment_id, call.now, call.settings.event_retention_days * DAY)
    return await call.database.read_in_thread(
        lambda connection: service.find_impact(connection, at, change, deadline=deadline)
    )
