"""A person's own account: profile, password change, browser sign-ins, and signing out everywhere."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import TooManyRequests, Unavailable
from templates_server.features.accounts import store as accounts_store
from templates_server.features.audit import store as audit
from templates_server.features.auth import oauth_store
from templates_server.features.console.form_state import FormState
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages import store as sessions_store
from templates_server.features.pages.renderer import PageContent
from templates_server.http.forms.urlencoded import Parameters
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.security import passwords

PATH = "/account"
CHANGE, SIGN_OUT = "change password", "sign out everywhere"
WRONG = "Wrong current password."
DIFFER = "The passwords do not match."


@page
async def profile_page(visit: Visit) -> Response:
    """Show the person's profile and where they are signed in."""
    return await _show(visit, FormState())


@form(CHANGE, back=PATH)
async def change_password(visit: Visit, sent: Parameters) -> Response:
    """Change the account's password, and sign it out of every other browser."""
    problems = _problems_of(visit, sent)
    try:
        if not await _is_right(visit, sent.text("present")):
            problems["present"] = [WRONG]
    except TooManyRequests as error:
        return await _show(visit, FormState().refused(error, {}), error.status)
    if problems:
        return await _show(visit, FormState(problems=problems))
    new_hash = await visit.call.services.passwords.hash(sent.text("password"))

    def work(connection: Connection) -> None:
        accounts_store.replace_password_hash(connection, visit.account, new_hash)
        sessions_store.end_other_sessions(connection, visit.account.id, here=visit.browser.cookie)
        _record(connection, visit, "account.change_password")

    await visit.call.database.write(work)
    return redirect_with_notice(visit, PATH, "Password changed. Every other browser is signed out.")


@form(SIGN_OUT, back=PATH)
async def sign_out_everywhere(visit: Visit, _: Parameters) -> Response:
    """Sign the account out of every other browser, and of every program it signed in to."""
    account_id, now = visit.account.id, visit.call.now

    def work(connection: Connection) -> None:
        sessions_store.end_other_sessions(connection, account_id, here=visit.browser.cookie)
        oauth_store.revoke_families_of(connection, account_id, now)
        _record(connection, visit, "account.sign_out_everywhere")

    await visit.call.database.write(work)
    return redirect_with_notice(
        visit, PATH, "You are signed out everywhere but here. Personal access tokens still work."
    )


def _problems_of(visit: Visit, sent: Parameters) -> dict[str, list[str]]:
    """Return the problems of the new password, by field."""
    account, password = visit.account, sent.text("password")
    problems = {"password": passwords.find_password_problems(password, email=account.email, name=account.name)}
    if password != sent.text("repeated"):
        problems["repeated"] = [DIFFER]
    return {name: found for name, found in problems.items() if found}


async def _is_right(visit: Visit, password: str) -> bool:
    """Return whether it is the account's current password; raise TooManyRequests after too many wrong ones."""
    attempts = visit.call.services.login_throttle
    subject = attempts.subject("change of password", visit.account.id)
    await attempts.begin([subject])
    try:
        is_right = await visit.call.services.passwords.is_right(password, visit.account.password_hash)
    except Unavailable:
        await attempts.discount([subject])
        raise
    if is_right:
        await attempts.succeed(subject, [])
    return is_right


def _record(connection: Connection, visit: Visit, action: str) -> None:
    """Record an audit event in every organization of the person."""
    for organization in visit.organizations:
        audit.record(connection, visit.call.deed(action, visit.account.id, organization_id=organization.id))


async def _show(visit: Visit, typed: FormState, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> Response:
    call, account = visit.call, visit.account
    found = await call.database.read(
        lambda connection: sessions_store.list_sessions(connection, account.id, here=visit.browser.cookie, now=call.now)
    )
    values: dict[str, Any] = {
        "sessions": [
            {"is_here": one.is_here, "created": to_rfc3339(one.created), "last_used": to_rfc3339(one.last_used)}
            for one in found
        ],
        "memberships": [(one, call.principal.roles[one.id]) for one in visit.organizations],
        "typed": typed,
        "fewest_characters": passwords.MIN_LENGTH,
        "most_characters": passwords.MAX_LENGTH,
        "purposes": {"change": CHANGE, "sign_out": SIGN_OUT},
    }
    shown = status if typed.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/profile", values, shown), here="profile")
