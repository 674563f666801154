"""Organizations, their members, invitations, service accounts and audit log."""

from __future__ import annotations

from collections.abc import Mapping

from mtribes_cli.api.client.authorized_session import AuthorizedSession
from mtribes_cli.api.models.access import AuditEntry, CreatedServiceAccount, Invitation, Member, ServiceAccount
from mtribes_cli.api.models.accounts import Me, Organization
from mtribes_cli.api.request import Request, drop_none, get, page_query, patch, path_of, post


class OrganizationsClient(AuthorizedSession):
    """Calls about organizations, their members, invitations, service accounts and audit log."""

    def me(self) -> Me:
        """Return who is signed in."""
        return self.fetch_one(get("v2", "me"), Me.read)

    def organizations(self) -> tuple[Organization, ...]:
        """Return the organizations of the signed-in person."""
        return self.fetch_all(("v2", "organizations"), Organization.read)

    def organization(self, organization: str) -> Organization:
        """Return one organization, by key or ID."""
        return self.fetch_one(get("v2", "organizations", organization), Organization.read)

    def create_organization(self, *, key: str, name: str | None) -> Organization:
        """Create an organization."""
        body = {"key": key} | drop_none(name=name)
        return self.fetch_one(post(("v2", "organizations"), body, once=True), Organization.read)

    def rename_organization(self, organization: str, *, name: str) -> Organization:
        """Rename an organization."""
        return self.fetch_one(patch(("v2", "organizations", organization), {"name": name}), Organization.read)

    def delete_organization(self, organization: str) -> None:
        """Delete an organization that has no Spaces."""
        self.entities(Request("DELETE", path_of("v2", "organizations", organization)))

    def members(self, organization: str) -> tuple[Member, ...]:
        """Return the members of an organization."""
        return self.fetch_all(("v2", "organizations", organization, "members"), Member.read)

    def change_member(self, organization: str, email: str, *, role: str) -> Member:
        """Change the role of a member."""
        request = patch(("v2", "organizations", organization, "members", email), {"role": role})
        return self.fetch_one(request, Member.read)

    def remove_member(self, organization: str, email: str) -> None:
        """Remove a member."""
        self.entities(Request("DELETE", path_of("v2", "organizations", organization, "members", email)))

    def audit(self, organization: str, *, filters: Mapping[str, object], limit: int) -> tuple[AuditEntry, ...]:
        """Return the newest entries of the audit log; more than the limit if there are more."""
        query = {**page_query(limit), **filters}
        path = ("v2", "organizations", organization, "audit")
        return self.fetch_some(path, AuditEntry.read, query, limit=limit, has_empty_pages=True)

    def invitations(self, organization: str) -> tuple[Invitation, ...]:
        """Return the open invitations."""
        return self.fetch_all(("v2", "organizations", organization, "invitations"), Invitation.read)

    def invite(self, organization: str, *, email: str, role: str) -> Invitation:
        """Create an invitation link."""
        request = post(("v2", "organizations", organization, "members"), {"email": email, "role": role}, once=True)
        return self.fetch_one(request, Invitation.read)

    def withdraw_invitation(self, organization: str, invitation_id: str) -> None:
        """Withdraw an invitation; its link stops working."""
        path = path_of("v2", "organizations", organization, "invitations", invitation_id)
        self.entities(Request("DELETE", path))

    def service_accounts(self, organization: str) -> tuple[ServiceAccount, ...]:
        """Return the service accounts of an organization."""
        return self.fetch_all(("v2", "organizations", organization, "service-accounts"), ServiceAccount.read)

    def create_service_account(self, organization: str, wanted: Mapping[str, object]) -> CreatedServiceAccount:
        """Create a service account."""
        request = post(("v2", "organizations", organization, "service-accounts"), wanted, once=True)
        return self.fetch_one(request, CreatedServiceAccount.read)

    def revoke_service_account(self, organization: str, account_id: str) -> None:
        """Revoke a service account and its tokens."""
        path = path_of("v2", "organizations", organization, "service-accounts", account_id)
        self.entities(Request("DELETE", path, may_repeat=True))
