"""Invitations over HTTP: an administrator creates a link and passes it on. Accepting is a page: `pages.invitations`."""

from __future__ import annotations

from http import HTTPStatus

from msgspec.structs import asdict
from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import ErrorDetail, NotFound, ValidationFailed
from templates_server.features.accounts import email_address
from templates_server.features.accounts.invitations import store
from templates_server.features.accounts.invitations.codes import invitation_link
from templates_server.features.accounts.invitations.store import Invitation, InvitationRequest
from templates_server.features.accounts.schemas import CreatedInvitation, InvitationView, NewMember
from templates_server.features.audit import store as audit_store
from templates_server.http.context import Call
from templates_server.http.pagination import next_link, read_page_request
from templates_server.http.response import ApiResult
from templates_server.primitives.timestamps import to_rfc3339


async def invite_member(call: Call) -> Response:
    """Create an invitation and return it with its link, which is shown only once. No email is sent."""
    new: NewMember = call.body
    if not email_address.is_email(new.email.strip()):
        raise ValidationFailed([ErrorDetail("email", "is not an e-mail address")])
    organization_id, principal = call.place.organization_id, call.principal

    def work(connection: Connection) -> ApiResult:
        invited = InvitationRequest(new.email.strip(), new.role, principal.id)
        created, code = store.invite(connection, organization_id, invited=invited, now=call.now)
        audit_store.record(connection, call.deed("member.invite", created.id, details={"role": created.role.value}))
        told = CreatedInvitation(**asdict(_to_response(created)), link=invitation_link(call.settings.public_url, code))
        return ApiResult([told], "invitation", HTTPStatus.CREATED)

    return await call.effect(work)


async def list_invitations(call: Call) -> ApiResult:
    """Return a page of the open invitations, without their links."""
    page, organization_id, now = read_page_request(call), call.place.organization_id, call.now
    found = await call.database.read(
        lambda connection: store.list_open(connection, organization_id, page=page, now=now)
    )
    places = [f"{invitation.id} {invitation.email}" for invitation in found]
    return ApiResult(
        [_to_response(invitation) for invitation in found], "invitation", headers=next_link(call, page, places)
    )


async def withdraw_invitation(call: Call) -> Response:
    """Withdraw an invitation; its link stops working."""
    organization_id, invitation_id = call.place.organization_id, call.parameters["invitation"]

    def work(connection: Connection) -> ApiResult:
        if not store.withdraw(connection, organization_id, invitation_id, now=call.now):
            raise NotFound
        audit_store.record(connection, call.deed("member.uninvite", invitation_id))
        return ApiResult([], "invitation", HTTPStatus.NO_CONTENT)

    return await call.effect(work)


def _to_response(invitation: Invitation) -> InvitationView:
    return InvitationView(
        invitation.id,
        invitation.email,
        invitation.role,
        to_rfc3339(invitation.created),
        to_rfc3339(invitation.expires),
    )
