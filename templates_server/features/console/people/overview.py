"""The users and visitors of an environment: paginated, or found by ID, email, tag or attribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from templates_server.features.console.form_state import REFUSALS, fields_by_name, prefill
from templates_server.features.console.navigation import ENVIRONMENT
from templates_server.features.console.platform_api import Result, RouteRequest, invoke
from templates_server.features.console.shell import show
from templates_server.features.console.visit import Visit, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.people import api as users
from templates_server.features.people.identity import PersonKind
from templates_server.features.people.schemas import User, Visitor

PATHS = {PersonKind.USER: f"{ENVIRONMENT}/users", PersonKind.VISITOR: f"{ENVIRONMENT}/visitors"}
LISTS = {PersonKind.USER: users.list_users, PersonKind.VISITOR: users.list_visitors}
FILTERS = ("search", "tag", "attribute")
PEOPLE_ON_A_PAGE = 50
TAGS_OFFERED = 100
TAGS_IN_A_ROW = 4


@dataclass(frozen=True)
class PersonRow:
    """A person in the list, and the URL of their page."""

    id: str
    url: str
    email: str | None
    tags: Sequence[str]
    last_seen: str | None
    created: str


@page
async def users_page(visit: Visit) -> Response:
    """Show the users."""
    return await _show(visit, PersonKind.USER)


@page
async def visitors_page(visit: Visit) -> Response:
    """Show the visitors, who are anonymous."""
    return await _show(visit, PersonKind.VISITOR)


async def offered_tags(visit: Visit) -> Sequence[str]:
    """Return the first tags in use, as suggestions for input."""
    found = await invoke(visit, users.list_tags, RouteRequest(query={"limit": str(TAGS_OFFERED)}))
    return [one.tag for one in found.data]


def path_of(kind: PersonKind, called: str) -> str:
    """Return the path of a person's page."""
    return f"{PATHS[kind]}/{quote(called, safe='')}"


async def _show(visit: Visit, kind: PersonKind) -> Response:
    query = visit.call.query
    filters = {name: query[name].strip() for name in FILTERS if query.get(name, "").strip()}
    typed, found = prefill(**filters), Result((), {})
    try:
        asked = {**filters, "limit": str(PEOPLE_ON_A_PAGE), "cursor": query.get("cursor", "")}
        found = await invoke(visit, LISTS[kind], RouteRequest(query=asked))
    except REFUSALS as error:
        typed = typed.refused(error, fields_by_name(*FILTERS))
    values: dict[str, Any] = {
        "kind": kind.value,
        "rows": [_row(visit, kind, person) for person in found.data],
        "rows_on_a_page": PEOPLE_ON_A_PAGE,
        "cursor": found.cursor,
        "further": bool(query.get("cursor")),
        "filters": filters,
        "typed": typed,
        "tags": await offered_tags(visit),
        "tags_in_a_row": TAGS_IN_A_ROW,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/people", values, status), here="users")


def _row(visit: Visit, kind: PersonKind, person: User | Visitor) -> PersonRow:
    called = person.user_id if isinstance(person, User) else person.anonymous_id
    url = visit.url(path_of(kind, called))
    return PersonRow(called, url, person.email, person.tags, person.last_seen, person.created)
