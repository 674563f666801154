"""`GET /v2/.../environments/:environment/events`: the events of an environment, one page at a time."""

from __future__ import annotations

from templates_server.errors import BadRequest, ErrorDetail, ValidationFailed
from templates_server.features.events.listing import store
from templates_server.features.events.listing.schemas import event_view
from templates_server.features.people.identity import PersonKind, find_queried_user_id_problem, make_person_ref
from templates_server.http.context import Call
from templates_server.http.pagination import link_after, read_page_request
from templates_server.http.response import ApiResult
from templates_server.primitives.event_names import find_event_name_problem


async def list_events(call: Call) -> ApiResult:
    """Return a page: newest first for one user or name, otherwise ordered by person and id."""
    page, environment_id = read_page_request(call), call.environment_id
    wanted = store.EventQuery(page.limit, page.after, call.query.get("name"), _person_id(call.query.get("user")))
    _check_name(wanted.name)
    try:
        found = await call.database.read_in_thread(
            lambda connection: store.list_events(connection, environment_id, wanted)
        )
    except ValueError:
        raise BadRequest("Invalid `cursor`. Use the one from the `Link` header of the previous page.") from None
    views = [event_view(event) for event in found.events]
    return ApiResult(views, "event", headers=link_after(call, page, found.more_after))


def _person_id(user_id: str | None) -> str | None:
    if user_id is None:
        return None
    problem = find_queried_user_id_problem(user_id)
    if problem is not None:
        raise ValidationFailed([ErrorDetail("user", f"This {problem}.")])
    return make_person_ref(PersonKind.USER, user_id).person_id


def _check_name(name: str | None) -> None:
    problem = None if name is None else find_event_name_problem(name)
    if problem is not None:
        raise ValidationFailed([ErrorDetail("name", f"This {problem}.")])
