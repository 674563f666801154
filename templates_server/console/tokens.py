"""A person's own personal access tokens: made, shown once, listed with when each was last used, revoked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.access import Scope
from templates_server.console.signed_in import Visit, sign_in_first, visit_of
from templates_server.endpoint import Call
from templates_server.errors import ApiError, Conflict, ValidationFailed
from templates_server.forms import Parameters, decode_form
from templates_server.numbers import whole_number
from templates_server.pages.browser import check_form
from templates_server.pages.render import Page, pages_of, see_other
from templates_server.pagination import MAX_LIMIT
from templates_server.pagination import Page as ListPage
from templates_server.times import to_rfc3339
from templates_server.tokens.api import end_token, list_own_tokens, make_token
from templates_server.tokens.models import DEFAULT_DAYS, MAX_LIMITS, MOST_DAYS, CreatedToken, NewToken, TokenView

PATH = "/account/tokens"
CREATE, REVOKE = "create token", "revoke token"
DAYS = (7, 30, DEFAULT_DAYS, 365)
MEANINGS: Mapping[Scope, str] = {
    Scope.SPACES_READ: "see Spaces, models and deliveries",
    Scope.SPACES_WRITE: "change and delete them",
    Scope.CODE_READ: "generate code",
    Scope.USERS_READ: "see users and visitors",
    Scope.USERS_WRITE: "change, import and erase them",
    Scope.TRIBES_READ: "see tribes; with users:read who is in them",
    Scope.TRIBES_WRITE: "change tribes",
    Scope.EVENTS_READ: "see and export events",
}
FIELDS = ("name", "scopes", "organizations", "spaces", "expires_in_days")
SEPARATORS = re.compile(r"[\s,]+")


@dataclass(frozen=True)
class Typed:
    """What stands in the form, and what is wrong with it, by field; "" for what is wrong with the whole."""

    name: str = ""
    scopes: Sequence[str] = ()
    organizations: Sequence[str] = ()
    spaces: str = ""
    days: int = DEFAULT_DAYS
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)


async def tokens_page(call: Call) -> Response:
    """The list, and the form for a new one."""
    visit = await visit_of(call)
    if visit is None:
        return sign_in_first(call, PATH, name=call.query.get("name", ""))
    return await _answer(visit, Typed(name=call.query.get("name", "")))


async def create_token(call: Call) -> Response:
    """Make a token and show its text, this once; or the form again, with all that is wrong."""
    visit = await visit_of(call)
    form = decode_form(call.request, call.body)
    if visit is None:
        return sign_in_first(call, PATH, name=form.text("name"))
    check_form(call, visit.browser, form, purpose=CREATE)
    typed = _typed(form)
    new = NewToken(
        typed.name,
        list(typed.scopes),
        list(typed.organizations) or None,
        [name for name in SEPARATORS.split(typed.spaces) if name] or None,
        typed.days,
    )
    if problems := _problems_of(new):
        return await _answer(visit, replace(typed, problems=problems))
    try:
        created = await call.database.write(lambda connection: make_token(connection, visit.call, new))
    except (ValidationFailed, Conflict) as error:
        return await _answer(visit, replace(typed, problems=_by_field(error)))
    return await _answer(visit, Typed(), created=created)


async def revoke_token(call: Call) -> Response:
    """End a token of the person's own."""
    visit = await visit_of(call)
    form = decode_form(call.request, call.body)
    if visit is None:
        return sign_in_first(call, PATH)
    check_form(call, visit.browser, form, purpose=REVOKE)
    token_id = call.parameters["token"]
    await call.database.write(lambda connection: end_token(connection, visit.call, token_id))
    return see_other(f"{call.settings.base_path}{PATH}")


def _typed(form: Parameters) -> Typed:
    days = whole_number(form.text("days"), most=MOST_DAYS)
    return Typed(
        form.text("name"),
        tuple(form.values.get("scope", ())),
        tuple(form.values.get("organization", ())),
        form.text("spaces"),
        days or DEFAULT_DAYS,
    )


def _problems_of(new: NewToken) -> Mapping[str, Sequence[str]]:
    """What no form of ours sends."""
    problems = {"scopes": ["choose at least one"]} if not new.scopes else {}
    if len(new.spaces or ()) > MAX_LIMITS:
        problems["spaces"] = [f"at most {MAX_LIMITS} can be named"]
    return problems


def _by_field(error: ApiError) -> Mapping[str, Sequence[str]]:
    """What a refusal says, by the field of the form that it is about."""
    found: dict[str, list[str]] = {}
    for problem in error.problems:
        name = (problem.path or "").partition("[")[0]
        found.setdefault(name if name in FIELDS else "", []).append(problem.message)
    return found


async def _answer(visit: Visit, typed: Typed, created: CreatedToken | None = None) -> Response:
    call, account = visit.call, visit.account

    def load(connection: Connection) -> Sequence[TokenView]:
        return list_own_tokens(connection, account.id, ListPage(MAX_LIMIT, ""))

    found = await call.database.read(load)
    values = {
        "tokens": [one for one in reversed(found) if one.expires > to_rfc3339(call.now)],
        "typed": typed,
        "created": created,
        "scopes": MEANINGS.items(),
        "organizations": visit.organizations,
        "days": DAYS,
        "create": CREATE,
        "revoke": REVOKE,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return pages_of(call).answer(Page("tokens", values, status), shown_to=visit.browser)
