"""Pages of organizations: every path, who may use it, what it reads and gives."""

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
        "The organizations of who is signed in.",
    ),
    form_route(
        CONSOLE_ORGANIZATIONS, organization_list.create_organization, "Create an organization.", OrganizationForm
    ),
    page_route(CONSOLE_ORGANIZATION, organization_pages.organization_page, "The Spaces of an organization."),
    form_route(CONSOLE_ORGANIZATION, organization_pages.create_space, "Create a Space.", SpaceForm),
    form_route(
        f"{CONSOLE_ORGANIZATION}/rename",
        organization_pages.rename_organization,
        "Give an organization another name.",
        OrganizationForm,
    ),
    form_route(
        f"{CONSOLE_ORGANIZATION}/delete",
        organization_pages.delete_organization,
        "Delete an organization that has no Spaces.",
        OrganizationForm,
    ),
    page_route(CONSOLE_MEMBERS, member_pages.members_page, "The members of an organization, and invitations."),
    form_route(
        CONSOLE_MEMBERS,
        member_pages.invite_member,
        "Invite a person; the link is shown this once.",
        InviteForm,
        status=HTTPStatus.OK,
        also=(HTTPStatus.SEE_OTHER,),
    ),
    form_route(f"{CONSOLE_MEMBERS}/role", member_pages.change_role, "Give a member another role.", MemberForm),
    form_route(f"{CONSOLE_MEMBERS}/remove", member_pages.remove_member, "End a membership.", MemberForm),
    form_route(
        f"{CONSOLE_MEMBERS}/invitations/{{invitation}}/withdraw",
        member_pages.withdraw_invitation,
        "Withdraw an invitation.",
        DeedForm,
        path_examples={"invitation": "$INVITATION"},
    ),
    page_route(CONSOLE_SERVICE_ACCOUNTS, service_account_pages.service_accounts_page, "The service accounts."),
    form_route(
        CONSOLE_SERVICE_ACCOUNTS,
        service_account_pages.create_service_account,
        "Create a service account; its secret is shown this once.",
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
        "Who changed what, when and from where.",
        refuses=(Forbidden, ValidationFailed),
    ),
)
