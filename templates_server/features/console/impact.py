"""The impact of a push on its page, before it: for those who may see people, when they ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from templates_server.errors import Forbidden, TooManyRequests, Unavailable
from templates_server.features.console.platform_api import RouteRequest, invoke, is_permitted
from templates_server.features.console.visit import Visit
from templates_server.features.impact import api as impact
from templates_server.features.impact.schemas import Impact
from templates_server.http.route import Handler

SHOW_IMPACT = "impact"
"""What the button says that asks for it."""
BUSY = (TooManyRequests, Unavailable, Forbidden)
"""Refusals that say when to ask again, or that one may not: they stand in the place of the impact."""


def may_show_impact(visit: Visit) -> bool:
    """Return whether the visitor may request the impact of a delivery here."""
    return is_permitted(visit, impact.of_delivery)


async def find_delivery_impact(visit: Visit, document: Mapping[str, Any]) -> tuple[Sequence[Impact], str]:
    """Return what pushing a delivery would change, or the reason why that is unknown now."""
    return await _find(visit, impact.of_delivery, document)


async def find_tribes_impact(visit: Visit, document: Mapping[str, Any]) -> tuple[Sequence[Impact], str]:
    """Return what pushing all tribes would change in each environment, or the reason why that is unknown now."""
    return await _find(visit, impact.of_tribes, document)


async def _find(visit: Visit, handler: Handler, document: Mapping[str, Any]) -> tuple[Sequence[Impact], str]:
    try:
        return (await invoke(visit, handler, RouteRequest({"document": document}))).data, ""
    except BUSY as error:
        return (), error.problems[0].message
