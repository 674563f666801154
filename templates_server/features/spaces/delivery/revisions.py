"""Earlier deliveries and those of other environments, over HTTP: compare and restore."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import ErrorDetail, PreconditionFailed, ValidationFailed
from templates_server.features.spaces.delivery import store
from templates_server.features.spaces.delivery.api import push
from templates_server.features.spaces.delivery.differences import compare_deliveries
from templates_server.features.spaces.delivery.schemas import DeliveryAt, DeliveryDiff, Restoration
from templates_server.features.spaces.store import ENVIRONMENTS
from templates_server.http.conditional_requests import LARGEST_REVISION, expected_revision
from templates_server.http.context import Call
from templates_server.http.response import ApiResult
from templates_server.primitives.integers import whole_number
from templates_server.primitives.revisions import StoredDocument, entity_tag
from templates_server.primitives.yaml_json import quote_text


@dataclass(frozen=True)
class ComparedDelivery:
    """A delivery to compare: an environment and a revision (None: the current one)."""

    environment: str
    revision: int | None = None


async def compare(call: Call) -> ApiResult:
    """Compare two deliveries: revisions of this environment, or the current ones of other environments.

    `?to=` defaults to the current delivery, `?from=` to the revision before that.
    """
    space_id, here = call.space_id, str(call.place.environment_name)
    before, after = _asked_sides(call, here)

    def load(connection: Connection) -> tuple[DeliveryAt, StoredDocument, DeliveryAt, StoredDocument]:
        problems: list[ErrorDetail] = []
        at_end, new = _load(connection, space_id, after, "to", problems)
        start = before or (
            ComparedDelivery(here, max(at_end.revision - 1, 0))
            if at_end.environment == here
            else ComparedDelivery(here)
        )
        at_start, old = _load(connection, space_id, start, "from", problems)
        if problems:
            raise ValidationFailed(problems)
        return at_start, old, at_end, new

    at_start, old, at_end, new = await call.database.read_in_thread(load)
    changes = await asyncio.to_thread(compare_deliveries, old.value, new.value)
    return ApiResult([DeliveryDiff(at_start, at_end, changes)], "delivery_diff")


def _asked_sides(call: Call, here: str) -> tuple[ComparedDelivery | None, ComparedDelivery]:
    """Return the sides in `?from=` and `?to=`; None if `?from=` is absent. Raise ValidationFailed if invalid."""
    problems: list[ErrorDetail] = []
    before, after = (_asked_side(call.query.get(name), name, here, problems) for name in ("from", "to"))
    if problems:
        raise ValidationFailed(problems)
    return before, after or ComparedDelivery(here)


def _asked_side(text: str | None, name: str, here: str, problems: list[ErrorDetail]) -> ComparedDelivery | None:
    if text is None:
        return None
    if text in ENVIRONMENTS:
        return ComparedDelivery(text)
    revision = whole_number(text, most=LARGEST_REVISION)
    if revision is None:
        what = "a revision, or one of production, staging and development"
        problems.append(ErrorDetail(name, f"{quote_text(text)} is not {what}"))
    return ComparedDelivery(here, revision)


def _load(
    connection: Connection, space_id: str, side: ComparedDelivery, name: str, problems: list[ErrorDetail]
) -> tuple[DeliveryAt, StoredDocument]:
    """Return the delivery of a side; if the revision does not exist, the current delivery and a problem."""
    environment_id = store.find_environment(connection, space_id, side.environment)
    stored = store.load_delivery(connection, environment_id)
    if side.revision is not None and side.revision > stored.revision:
        problems.append(ErrorDetail(name, _no_revision(side.environment, side.revision, stored.revision)))
    elif side.revision is not None:
        stored = store.load_delivery(connection, environment_id, side.revision)
    return DeliveryAt(side.environment, stored.revision), stored


def _no_revision(environment: str, revision: int, newest: int) -> str:
    return f"{environment} has no revision {revision}; the latest is {newest}"


async def restore(call: Call) -> Response:
    """Restore an older revision as a new one. Raise ValidationFailed listing all that the Space no longer has."""
    wanted: Restoration = call.body
    environment_id, here = call.environment_id, str(call.place.environment_name)

    def load(connection: Connection) -> tuple[int, Any]:
        present = store.load_delivery(connection, environment_id).revision
        if wanted.revision > present:
            raise ValidationFailed([ErrorDetail("revision", _no_revision(here, wanted.revision, present))])
        return present, store.load_delivery(connection, environment_id, wanted.revision).value

    present, document = await call.database.read_in_thread(load)
    if "if-match" not in call.request.headers:
        raise PreconditionFailed(
            f"`If-Match` is required. Send `If-Match: {entity_tag(present)}` to replace the current revision, or "
            "`If-Match: *` to replace any revision.",
            headers={"ETag": entity_tag(present)},
        )
    expected = expected_revision(call, None)
    return await push(call, document, "delivery.restore", expected=expected, details={"restored": wanted.revision})
