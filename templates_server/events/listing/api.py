"""`GET /v2/.../environments/:environment/events`: the events of an environment, a page at a time."""

from __future__ import annotations

from templates_server.endpoint import Answer, Call
from templates_server.errors import BadRequest, Problem, ValidationFailed
from templates_server.event_names import problem_of_event_name
from templates_server.events.listing import store
from templates_server.events.listing.views import event_view
from templates_server.pagination import asked_page, link_after
from templates_server.persons.names import PersonKind, named, problem_of_asked_user_id


async def list_events(call: Call) -> Answer:
    """A page: of one user or of a name the newest first, else in order of person and id."""
    page, environment_id = asked_page(call), call.environment_id
    wanted = store.Wanted(page.limit, page.after, call.query.get("name"), _person_id(call.query.get("user")))
    _check_name(wanted.name)
    try:
        found = await call.database.read_aside(lambda connection: store.list_events(connection, environment_id, wanted))
    except ValueError:
        raise BadRequest("`cursor` is not one of ours.") from None
    views = [event_view(event) for event in found.events]
    return Answer(views, "event", headers=link_after(call, page, found.more_after))


def _person_id(user_id: str | None) -> str | None:
    if user_id is None:
        return None
    problem = problem_of_asked_user_id(user_id)
    if problem is not None:
        raise ValidationFailed([Problem("user", f"This {problem}.")])
    return named(PersonKind.USER, user_id).person_id


def _check_name(name: str | None) -> None:
    problem = None if name is None else problem_of_event_name(name)
    if problem is not None:
        raise ValidationFailed([Problem("name", f"This {problem}.")])
