"""The members of an organization, their roles, and invitations."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.features.accounts import api as accounts
from templates_server.features.accounts.invitations import api as invitations
from templates_server.features.accounts.schemas import CreatedInvitation
from templates_server.features.console.form_state import KEY, REFUSALS, Typed, prefilled, same, typed_in
from templates_server.features.console.navigation import HOME, ORGANIZATION
from templates_server.features.console.platform_api import Asked, invoke, may
from templates_server.features.console.shell import done, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages.renderer import Page
from templates_server.http.forms.urlencoded import Parameters
from templates_server.security.authorization import Role

PATH = f"{ORGANIZATION}/members"
INVITE, CHANGE, REMOVE, WITHDRAW = "invite member", "change role", "remove member", "withdraw invitation"
ROLES = (
    (Role.VIEWER, "Viewer: views models, deliveries and counts, but no personal data"),
    (Role.DEVELOPER, "Developer: also changes them and views users"),
    (Role.ADMINISTRATOR, "Administrator: also manages members and views the audit log"),
)


@page
async def members_page(visit: Visit) -> Response:
    """A page of the members, by e-mail address, and the invitations that can still be accepted."""
    query = visit.call.query
    return await _show(visit, prefilled(email=query.get("email", ""), role=query.get("role", "")))


@form(INVITE, back=PATH, keeps=("email", "role"))
async def invite_member(visit: Visit, sent: Parameters) -> Response:
    """Make an invitation, and show its link, this once."""
    asked = Asked({"email": sent.text("email"), "role": sent.text("role")}, key=sent.text(KEY))
    try:
        made = await invoke(visit, invitations.invite_member, asked)
    except REFUSALS as error:
        return await _show(visit, typed_in(sent).refused(error, same("email", "role")))
    return await _show(visit, Typed(), made=made.one)


@form(CHANGE, back=PATH)
async def change_role(visit: Visit, sent: Parameters) -> Response:
    """Give a member another role."""
    email, role = sent.text("member"), sent.text("role")
    try:
        await invoke(visit, accounts.change_member, Asked({"role": role}, key=sent.text(KEY)), member=email)
    except REFUSALS as error:
        return await _show(visit, typed_in(sent).refused(error, {}))
    return done(visit, PATH, f"{email} is now {role}.")


@form(REMOVE, back=PATH)
async def remove_member(visit: Visit, sent: Parameters) -> Response:
    """End a membership; whoever ends their own goes on to the first page."""
    email = sent.text("member")
    try:
        await invoke(visit, accounts.remove_member, Asked(key=sent.text(KEY)), member=email)
    except REFUSALS as error:
        return await _show(visit, typed_in(sent).refused(error, {}))
    return done(visit, HOME if email == visit.account.email else PATH, f"{email} is no longer a member.")


@form(WITHDRAW, back=PATH)
async def withdraw_invitation(visit: Visit, sent: Parameters) -> Response:
    """Withdraw an invitation: its link opens nothing."""
    invitation = visit.call.parameters["invitation"]
    await invoke(visit, invitations.withdraw_invitation, Asked(key=sent.text(KEY)), invitation=invitation)
    return done(visit, PATH, "Invitation withdrawn.")


async def _show(visit: Visit, typed: Typed, made: CreatedInvitation | None = None) -> Response:
    members = await invoke(visit, accounts.list_members, Asked(query={"cursor": visit.call.query.get("cursor", "")}))
    may_invite = may(visit, invitations.invite_member)
    values: dict[str, Any] = {
        "members": members.data,
        "cursor": members.cursor,
        "invitations": (await invoke(visit, invitations.list_invitations)).data if may_invite else (),
        "may_invite": may_invite,
        "typed": typed,
        "made": made,
        "roles": ROLES,
        "purposes": {"invite": INVITE, "change": CHANGE, "remove": REMOVE, "withdraw": WITHDRAW},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, Page("console/members", values, status), here="members")
