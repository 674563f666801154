"""The current identity, its organizations and their members. Service accounts: `auth.service_accounts`."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import NotFound
from templates_server.features.accounts import store
from templates_server.features.accounts.invitations import store as invitations_store
from templates_server.features.accounts.schemas import ChangedMember, Me, Membership, MemberView, OrganizationView
from templates_server.features.accounts.store import Member, Organization
from templates_server.features.audit import store as audit_store
from templates_server.http.context import Call
from templates_server.http.pagination import next_link, read_page_request
from templates_server.http.response import ApiResult
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.security.authorization import PrincipalKind, ResourceScope, may_see


async def me(call: Call) -> ApiResult:
    """Return the identity of the caller."""
    principal = call.principal
    kind: Literal["person", "service"] = "service" if principal.kind is PrincipalKind.SERVICE else "person"
    expires = to_rfc3339(principal.expires) if principal.expires is not None else None
    memberships = [Membership(found.key, principal.roles[found.id]) for found in await _visible_organizations(call)]
    scopes = sorted(principal.scopes)
    return ApiResult([Me(kind, principal.email, principal.name, memberships, [*scopes], expires)], "me")


async def list_organizations(call: Call) -> ApiResult:
    """Return the organizations that the caller belongs to, by key."""
    return ApiResult([_to_response(call, found) for found in await _visible_organizations(call)], "organization")


async def get_organization(call: Call) -> ApiResult:
    """Return one organization."""
    ids = {call.place.organization_id}
    found = await call.database.read(lambda connection: store.find_organizations(connection, ids))
    return ApiResult([_to_response(call, organization) for organization in found], "organization")


async def list_members(call: Call) -> ApiResult:
    """Return a page of the members of an organization, by email address."""
    page, organization_id = read_page_request(call), call.place.organization_id
    members = await call.database.read(lambda connection: store.list_members(connection, organization_id, page))
    headers = next_link(call, page, [member.email for member in members])
    return ApiResult([_member_view(member) for member in members], "member", headers=headers)


async def change_member(call: Call) -> Response:
    """Change the role of a member. The organization must keep an administrator."""
    changed: ChangedMember = call.body

    def work(connection: Connection) -> ApiResult:
        organization_id = call.place.organization_id
        member = _member(connection, call)
        store.change_role(connection, organization_id, member=member, role=changed.role)
        details = {"before": member.role.value, "role": changed.role.value}
        audit_store.record(connection, call.deed("member.change", member.account_id, details=details))
        return ApiResult([_member_view(_member(connection, call))], "member")

    return await call.effect(work)


async def remove_member(call: Call) -> Response:
    """Remove a member; their tokens no longer reach the organization. An administrator must remain."""

    def work(connection: Connection) -> ApiResult:
        organization_id = call.place.organization_id
        member = _member(connection, call)
        store.remove_member(connection, organization_id, member)
        invitations_store.withdraw_of(connection, organization_id, email=member.email)
        audit_store.record(
            connection, call.deed("member.remove", member.account_id, details={"role": member.role.value})
        )
        return ApiResult([], "member", HTTPStatus.NO_CONTENT)

    return await call.effect(work)


def _member(connection: Connection, call: Call) -> Member:
    """Return the member that the path names by email address."""
    store.lock_organization(connection, call.place.organization_id)
    member = store.find_member(connection, call.place.organization_id, call.parameters["member"])
    if member is None:
        raise NotFound
    return member


def _member_view(member: Member) -> MemberView:
    return MemberView(member.email, member.name, member.role)


async def _visible_organizations(call: Call) -> Sequence[Organization]:
    """Return the caller's organizations, limited to those that the token reaches."""
    principal = call.principal
    found = await call.database.read(lambda connection: store.find_organizations(connection, principal.roles))
    return [
        organization for organization in found if may_see(principal, ResourceScope(organization.id, organization.key))
    ]


def _to_response(call: Call, organization: Organization) -> OrganizationView:
    role = call.principal.roles[organization.id]
    return OrganizationView(
        organization.id, organization.key, organization.name, role, to_rfc3339(organization.created)
    )
