"""A person's own personal access tokens: created, shown once, listed with their last use, revoked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import ApiError, Conflict, ValidationFailed
from templates_server.features.auth.token_api import end_token, list_own_tokens, make_token
from templates_server.features.auth.token_schemas import (
    DEFAULT_DAYS,
    MAX_LIMITS,
    MOST_DAYS,
    CreatedToken,
    NewToken,
    TokenView,
)
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages.renderer import PageContent
from templates_server.http.forms.urlencoded import Parameters
from templates_server.http.pagination import MAX_LIMIT
from templates_server.http.pagination import PageRequest as ListPage
from templates_server.primitives.integers import whole_number
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.security.authorization import Scope

PATH = "/account/tokens"
CREATE, REVOKE = "create token", "revoke token"
DAYS = (7, 30, DEFAULT_DAYS, 365)
MEANINGS: Mapping[Scope, str] = {
    Scope.SPACES_READ: "view Spaces, models and deliveries",
    Scope.SPACES_WRITE: "change and delete Spaces, models and deliveries",
    Scope.CODE_READ: "generate code",
    Scope.USERS_READ: "view users and visitors",
    Scope.USERS_WRITE: "change, import and delete users and visitors",
    Scope.TRIBES_READ: "view tribes, and with users:read their members",
    Scope.TRIBES_WRITE: "change tribes",
    Scope.EVENTS_READ: "view and export events",
}
FIELDS = ("name", "scopes", "organizations", "spaces", "expires_in_days")
SEPARATORS = re.compile(r"[\s,]+")


@dataclass(frozen=True)
class TokenFormState:
    """The values of the form and its problems by field; those of "" are about the whole form."""

    name: str = ""
    scopes: Sequence[str] = ()
    organizations: Sequence[str] = ()
    spaces: str = ""
    days: int = DEFAULT_DAYS
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)


@page
async def tokens_page(visit: Visit) -> Response:
    """Show the tokens, and the form for a new one."""
    return await _answer(visit, TokenFormState(name=visit.call.query.get("name", "")))


@form(CREATE, back=PATH, keeps=("name",))
async def create_token(visit: Visit, sent: Parameters) -> Response:
    """Create a token and show its text, only once; or show the form again, with all problems."""
    typed = _read_form_state(sent)
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
        created = await visit.call.database.write(lambda connection: make_token(connection, visit.call, new))
    except (ValidationFailed, Conflict) as error:
        return await _answer(visit, replace(typed, problems=_by_field(error)))
    return await _answer(visit, TokenFormState(), created=created)


@form(REVOKE, back=PATH)
async def revoke_token(visit: Visit, _: Parameters) -> Response:
    """Revoke one of the person's own tokens."""
    token_id = visit.call.parameters["token"]
    await visit.call.database.write(lambda connection: end_token(connection, visit.call, token_id))
    return redirect_with_notice(visit, PATH, "Token revoked.")


def _read_form_state(form: Parameters) -> TokenFormState:
    days = whole_number(form.text("days"), most=MOST_DAYS)
    return TokenFormState(
        form.text("name"),
        tuple(form.values.get("scope", ())),
        tuple(form.values.get("organization", ())),
        form.text("spaces"),
        days or DEFAULT_DAYS,
    )


def _problems_of(new: NewToken) -> Mapping[str, Sequence[str]]:
    """Return the problems of input that our own form never sends."""
    problems = {"scopes": ["choose at least one"]} if not new.scopes else {}
    if len(new.spaces or ()) > MAX_LIMITS:
        problems["spaces"] = [f"the maximum is {MAX_LIMITS}"]
    return problems


def _by_field(error: ApiError) -> Mapping[str, Sequence[str]]:
    """Return the messages of an error by the form field they are about."""
    found: dict[str, list[str]] = {}
    for problem in error.problems:
        name = (problem.path or "").partition("[")[0]
        found.setdefault(name if name in FIELDS else "", []).append(problem.message)
    return found


async def _answer(visit: Visit, typed: TokenFormState, created: CreatedToken | None = None) -> Response:
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
    return await show(visit, PageContent("console/tokens", values, status), here="tokens")
