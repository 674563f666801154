"""Count the people in a tribe for a visitor of the console."""

from __future__ import annotations

from templates_server.features.console.platform_api import require
from templates_server.features.console.tribe_counts import TribeCount
from templates_server.features.console.visit import Visit
from templates_server.features.tribes import api as tribes
from templates_server.features.tribes.model import TribeDefinition
from templates_server.features.tribes.store import EvaluationContext
from templates_server.primitives.timestamps import DAY


async def count_people(visit: Visit, tribe: TribeDefinition) -> TribeCount:
    """Count the people in a tribe in the environment of the page.

    Forbidden unless the visitor may count them; Conflict while another count of theirs is running.
    """
    require(visit, tribes.count)
    call = visit.call
    at = EvaluationContext(call.environment_id, call.now, call.settings.event_retention_days * DAY)
    return await call.features.tribe_counts.count(call.database, at, tribe, account_id=visit.account.id)
