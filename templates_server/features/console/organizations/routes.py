"""Pages of organizations: every path with its permission, input and output."""

from __future__ import annotations

from http import HTTPStatus

from templates_server.errors import Forbidden, ValidationFailed
from templates_server.features.console.organizations import audit as audit_pages
from templates_server.features.console.organizations import members as member_pages
from templates_server.features.console.organizations import organization as organization_pages
from templates_server.features.console.organizations import overview as organization_list
from templates_server.features.console.organizations import service_accounts as service_account_pages
from templates_server.features.console.page_routes import CONSOLE, form_route, page_route
from templates_server.features.pages.schemas import (
    DeedForm,
    InviteForm,
    MemberForm,
    OrganizationForm,
    ServiceAccountForm,
    SpaceForm,
)

CONSOLE_ORGANIZATIONS = f"{CONSOLE}/organizations"
CONSOLE_ORGANIZATION = f"{CONSOLE_ORGANIZATIONS}/{{organization}}"
CONSOLE_MEMBERS = f"{CONSOLE_ORGANIZATION}/members"
CONSOLE_SERVICE_ACCOUNTS = f"{CONSOLE_ORGANIZATION}/service-accounts"


ROUTES = (
    page_route(
        CONSOLE_ORGANIZATIONS,
        organization_list.organizations_page,
        "List the organizations of the signed-in user.",
    ),
    form_route(
        CONSOLE_ORGANIZATIONS, organization_list.create_organization, "Create an organization.", OrganizationForm
    ),
    page_route(CONSOLE_ORGANIZATION, organization_pages.organization_page, "List the Spaces of an organization."),
    form_route(CONSOLE_ORGANIZATION, organization_pages.create_space, "Create a Space.", SpaceForm),
    form_route(
        f"{CONSOLE_ORGANIZATION}/rename",
        organization_pages.rename_organization,
        "Rename an organization.",
        OrganizationForm,
    ),
    form_route(
        f"{CONSOLE_ORGANIZATION}/delete",
        organization_pages.delete_organization,
        "Delete an organization that has no Spaces.",
        OrganizationForm,
    ),
    page_route(CONSOLE_MEMBERS, member_pages.members_page, "List the members and invitations of an organization."),
    form_route(
        CONSOLE_MEMBERS,
        member_pages.invite_member,
        "Invite a person. The link is shown only once.",
        InviteForm,
        status=HTTPStatus.OK,
        also=(HTTPStatus.SEE_OTHER,),
    ),
    form_route(f"{CONSOLE_MEMBERS}/role", member_pages.change_role, "Change the role of a member.", MemberForm),
    form_route(f"{CONSOLE_MEMBERS}/remove", member_pages.remove_member, "Remove a member.", MemberForm),
    form_route(
        f"{CONSOLE_MEMBERS}/invitations/{{invitation}}/withdraw",
        member_pages.withdraw_invitation,
        "Withdraw an invitation.",
        DeedForm,
        path_examples={"invitation": "$INVITATION"},
    ),
    page_route(CONSOLE_SERVICE_ACCOUNTS, service_account_pages.service_accounts_page, "List the service accounts."),
    form_route(
        CONSOLE_SERVICE_ACCOUNTS,
        service_account_pages.create_service_account,
        "Create a service account. Its secret is shown only once.",
        ServiceAccountForm,
        status=HTTPStatus.OK,
        also=(HTTPStatus.SEE_OTHER,),
    ),
    form_route(
        f"{CONSOLE_SERVICE_ACCOUNTS}/{{service_account}}/revoke",
        service_account_pages.revoke_service_account,
        "Revoke a service account.",
        DeedForm,
        path_examples={"service_account": "$SERVICE_ACCOUNT"},
    ),
    page_route(
        f"{CONSOLE_ORGANIZATION}/audit",
        audit_pages.audit_page,
        "Show the audit log.",
        refuses=(Forbidden, ValidationFailed),
    ),
)
