"""The audit log of an organization over HTTP. Features record their events in `store`."""

from __future__ import annotations

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.features.audit import store
from templates_server.features.audit.schemas import Actor, AuditEntry
from templates_server.http.context import Call
from templates_server.http.pagination import link_after, read_page_request
from templates_server.http.response import ApiResult
from templates_server.primitives.timestamps import DAY_PATTERN, parse_day, parse_rfc3339, to_rfc3339

NO_TIME = "This must be a time such as 2026-11-21T20:35:00Z or a date such as 2026-11-21."


async def list_entries(call: Call) -> ApiResult:
    """Return a page of an organization's audit log, newest first. A short page need not be the last."""
    page, organization_id, query = read_page_request(call), call.place.organization_id, call.query
    since = _since(query.get("since"))
    wanted = store.AuditQuery(
        page.limit, page.after, query.get("actor"), query.get("action"), query.get("space"), since
    )
    found = await call.database.read(lambda connection: store.list_events(connection, organization_id, wanted))
    headers = link_after(call, page, found.more_before)
    return ApiResult([_to_response(stored) for stored in found.deeds], "audit_entry", headers=headers)


def _since(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_day(text) if DAY_PATTERN.fullmatch(text) else parse_rfc3339(text)
    except ValueError:
        raise ValidationFailed([ErrorDetail("since", NO_TIME)]) from None


def _to_response(stored: store.StoredAuditEvent) -> AuditEntry:
    deed = stored.deed
    return AuditEntry(
        stored.id,
        to_rfc3339(deed.happened),
        Actor(deed.actor_kind, deed.actor_id, deed.actor),
        deed.action,
        deed.target,
        deed.space,
        deed.environment,
        deed.address,
        deed.details,
    )
