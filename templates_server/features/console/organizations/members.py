"""The members of an organization, their roles, and invitations."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.features.accounts import api as accounts
from templates_server.features.accounts.invitations import api as invitations
from templates_server.features.accounts.schemas import CreatedInvitation
from templates_server.features.console.form_state import KEY, REFUSALS, FormState, fields_by_name, prefill, read_form
from templates_server.features.console.navigation import HOME, ORGANIZATION
from templates_server.features.console.platform_api import RouteRequest, invoke, is_permitted
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages.renderer import PageContent
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
    """Show a page of the members, by email address, and the open invitations."""
    query = visit.call.query
    return await _show(visit, prefill(email=query.get("email", ""), role=query.get("role", "")))


@form(INVITE, back=PATH, keeps=("email", "role"))
async def invite_member(visit: Visit, sent: Parameters) -> Response:
    """Create an invitation, and show its link, only once."""
    asked = RouteRequest({"email": sent.text("email"), "role": sent.text("role")}, key=sent.text(KEY))
    try:
        made = await invoke(visit, invitations.invite_member, asked)
    except REFUSALS as error:
        return await _show(visit, read_form(sent).refused(error, fields_by_name("email", "role")))
    return await _show(visit, FormState(), made=made.one)


@form(CHANGE, back=PATH)
async def change_role(visit: Visit, sent: Parameters) -> Response:
    """Change the role of a member."""
    email, role = sent.text("member"), sent.text("role")
    try:
        await invoke(visit, accounts.change_member, RouteRequest({"role": role}, key=sent.text(KEY)), member=email)
    except REFUSALS as error:
        return await _show(visit, read_form(sent).refused(error, {}))
    return redirect_with_notice(visit, PATH, f"{email} is now {role}.")


@form(REMOVE, back=PATH)
async def remove_member(visit: Visit, sent: Parameters) -> Response:
    """Remove a member; a person who removes themselves is redirected to the first page."""
    email = sent.text("member")
    try:
        await invoke(visit, accounts.remove_member, RouteRequest(key=sent.text(KEY)), member=email)
    except REFUSALS as error:
        return await _show(visit, read_form(sent).refused(error, {}))
    return redirect_with_notice(
        visit, HOME if email == visit.account.email else PATH, f"{email} is no longer a member."
    )


@form(WITHDRAW, back=PATH)
async def withdraw_invitation(visit: Visit, sent: Parameters) -> Response:
    """Withdraw an invitation; its link stops working."""
    invitation = visit.call.parameters["invitation"]
    await invoke(visit, invitations.withdraw_invitation, RouteRequest(key=sent.text(KEY)), invitation=invitation)
    return redirect_with_notice(visit, PATH, "Invitation withdrawn.")


async def _show(visit: Visit, typed: FormState, made: CreatedInvitation | None = None) -> Response:
    members = await invoke(
        visit, accounts.list_members, RouteRequest(query={"cursor": visit.call.query.get("cursor", "")})
    )
    may_invite = is_permitted(visit, invitations.invite_member)
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
    return await show(visit, PageContent("console/members", values, status), here="members")
