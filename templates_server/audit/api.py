"""What was done in an organization, over HTTP. Whoever does something records it, in `store`."""

from __future__ import annotations

from templates_server.audit import store
from templates_server.audit.models import Actor, AuditEntry
from templates_server.endpoint import Answer, Call
from templates_server.pagination import asked_page, link_after
from templates_server.times import to_rfc3339


async def list_entries(call: Call) -> Answer:
    """A page of what was done in an organization, the newest first; with filters it may be short, yet not the last."""
    page, organization_id, query = asked_page(call), call.place.organization_id, call.query
    wanted = store.Wanted(
        page.limit, page.after, query.get("action", ""), query.get("actor", ""), query.get("space", "")
    )
    found = await call.database.read(lambda connection: store.list_deeds(connection, organization_id, wanted))
    headers = link_after(call, page, found.more_before)
    return Answer([_view(stored) for stored in found.deeds], "audit_entry", headers=headers)


def _view(stored: store.StoredDeed) -> AuditEntry:
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
