"""`GET /v2/.../environments/:environment/event-names`: the names of received events, one page at a time."""

from __future__ import annotations

from typing import Protocol

from templates_server.features.event_names import store
from templates_server.features.event_names.changes import EventName
from templates_server.features.event_names.model_cache import ModelEvents
from templates_server.features.event_names.schemas import EventNameView
from templates_server.features.spaces import store as spaces_store
from templates_server.http.context import Call
from templates_server.http.pagination import next_link, read_page_request
from templates_server.http.response import ApiResult
from templates_server.primitives.timestamps import to_rfc3339


class EventNameServices(Protocol):
    """The services that the handlers here need."""

    @property
    def model_events(self) -> ModelEvents:
        """The events that models describe, cached."""


async def list_names(call: Call[EventNameServices]) -> ApiResult:
    """Return a page of received event names in code point order, optionally only those that contain a text."""
    page, environment_id, search = read_page_request(call), call.environment_id, call.query.get("search", "").casefold()
    names, revision = await call.database.read_in_thread(
        lambda connection: (
            store.list_names(connection, environment_id),
            spaces_store.find_space(connection, call.space_id).revision,
        )
    )
    modelled = await call.features.model_events.find(environment_id, revision)
    found = sorted(name for name in names if name > page.after and search in name.casefold())[: page.limit]
    views = [_to_response(name, names[name], is_modelled=name in modelled) for name in found]
    return ApiResult(views, "event_name", headers=next_link(call, page, found))


def _to_response(name: str, one: EventName, *, is_modelled: bool) -> EventNameView:
    first, last = to_rfc3339(one.first), to_rfc3339(one.last)
    return EventNameView(name, one.events, is_modelled, one.differing, sorted(one.keys), first, last)
