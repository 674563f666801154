"""Who one is, one's organizations, their members and service accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from templates_server.access import Place, PrincipalKind, may_see
from templates_server.accounts import store
from templates_server.accounts.models import Me, Membership, MemberView, OrganizationView, ServiceAccountView
from templates_server.accounts.store import Organization
from templates_server.endpoint import Answer, Call
from templates_server.times import to_rfc3339


async def me(call: Call) -> Answer:
    """Who asks."""
    principal = call.principal
    kind: Literal["person", "service"] = "service" if principal.kind is PrincipalKind.SERVICE else "person"
    expires = to_rfc3339(principal.expires) if principal.expires is not None else None
    memberships = [Membership(found.key, principal.roles[found.id]) for found in await _visible_organizations(call)]
    scopes = sorted(principal.scopes)
    return Answer([Me(kind, principal.email, principal.name, memberships, [*scopes], expires)], "me")


async def list_organizations(call: Call) -> Answer:
    """The organizations that the caller belongs to, by key."""
    return Answer([_view(call, found) for found in await _visible_organizations(call)], "organization")


async def get_organization(call: Call) -> Answer:
    """One organization."""
    ids = {call.place.organization_id}
    found = await call.database.read(lambda connection: store.organizations_by_id(connection, ids))
    return Answer([_view(call, organization) for organization in found], "organization")


async def list_members(call: Call) -> Answer:
    """The members of an organization, by e-mail address."""
    organization_id = call.place.organization_id
    members = await call.database.read(lambda connection: store.members_of(connection, organization_id))
    return Answer([MemberView(member.email, member.name, member.role) for member in members], "member")


async def list_service_accounts(call: Call) -> Answer:
    """The service accounts of an organization that are not revoked, by name."""
    organization_id = call.place.organization_id
    found = await call.database.read(lambda connection: store.service_accounts_of(connection, organization_id))
    views = [
        ServiceAccountView(account.id, account.name, account.id, [*sorted(account.scopes)], to_rfc3339(account.created))
        for account in found
    ]
    return Answer(views, "service_account")


async def _visible_organizations(call: Call) -> Sequence[Organization]:
    """The caller's organizations, less those that the token is not narrowed to."""
    principal = call.principal
    found = await call.database.read(lambda connection: store.organizations_by_id(connection, principal.roles))
    return [organization for organization in found if may_see(principal, Place(organization.id, organization.key))]


def _view(call: Call, organization: Organization) -> OrganizationView:
    role = call.principal.roles[organization.id]
    return OrganizationView(
        organization.id, organization.key, organization.name, role, to_rfc3339(organization.created)
    )
