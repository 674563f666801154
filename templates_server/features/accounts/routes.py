"""Accounts, organizations, members and invitations: every path with its permission, input and output."""

from __future__ import annotations

from http import HTTPStatus

from templates_server.errors import Conflict
from templates_server.features.accounts import api as accounts
from templates_server.features.accounts import organizations
from templates_server.features.accounts.invitations import api as invitations
from templates_server.features.accounts.schemas import (
    ChangedMember,
    ChangedOrganization,
    CreatedInvitation,
    InvitationView,
    Me,
    MemberView,
    NewMember,
    NewOrganization,
    OrganizationView,
)
from templates_server.http.paths import ORGANIZATION
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import PAGE
from templates_server.security.authorization import Role, Scope

ROUTES = (
    Route(
        "GET",
        "/v2/me",
        accounts.me,
        Surface.PLATFORM,
        "Get the caller and the permissions of their token.",
        gives=Me,
    ),
    Route(
        "GET",
        "/v2/organizations",
        accounts.list_organizations,
        Surface.PLATFORM,
        "List the caller's organizations.",
        gives=OrganizationView,
    ),
    Route(
        "POST",
        "/v2/organizations",
        organizations.create_organization,
        Surface.PLATFORM,
        "Create an organization and become its administrator. Requires that the caller administers another "
        "organization on this server.",
        scope=Scope.SPACES_WRITE,
        needs_sign_in=True,
        reads=NewOrganization,
        gives=OrganizationView,
        status=HTTPStatus.CREATED,
        refuses=(Conflict,),
        example={"key": "acme-labs", "name": "Acme Labs"},
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}",
        accounts.get_organization,
        Surface.PLATFORM,
        "Get an organization.",
        gives=OrganizationView,
    ),
    Route(
        "PATCH",
        "/v2/organizations/{organization}",
        organizations.rename_organization,
        Surface.PLATFORM,
        "Rename an organization. Its key does not change.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        reads=ChangedOrganization,
        gives=OrganizationView,
        example={"name": "Acme Inc."},
    ),
    Route(
        "DELETE",
        "/v2/organizations/{organization}",
        organizations.delete_organization,
        Surface.PLATFORM,
        "Delete an organization with its members, invitations, service accounts and audit log. Fails if it has Spaces.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        needs_sign_in=True,
        status=HTTPStatus.NO_CONTENT,
        refuses=(Conflict,),
        path_examples={"organization": "acme-labs"},
    ),
    Route(
        "GET",
        f"{ORGANIZATION}/members",
        accounts.list_members,
        Surface.PLATFORM,
        "List the members of an organization.",
        scope=Scope.SPACES_READ,
        role=Role.DEVELOPER,
        gives=MemberView,
        takes=PAGE,
    ),
    Route(
        "POST",
        f"{ORGANIZATION}/members",
        invitations.invite_member,
        Surface.PLATFORM,
        "Invite a person. The response has a link to share, which can be used once within 7 days.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        needs_sign_in=True,
        reads=NewMember,
        gives=CreatedInvitation,
        status=HTTPStatus.CREATED,
        refuses=(Conflict,),
        data_type="invitation",
        example={"email": "grace@example.com", "role": "developer"},
    ),
    Route(
        "PATCH",
        f"{ORGANIZATION}/members/{{member}}",
        accounts.change_member,
        Surface.PLATFORM,
        "Change the role of a member, by e-mail address. The role of the last administrator cannot be changed.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        needs_sign_in=True,
        reads=ChangedMember,
        gives=MemberView,
        refuses=(Conflict,),
        example={"role": "developer"},
        path_examples={"member": "developer@acme.example.com"},
    ),
    Route(
        "DELETE",
        f"{ORGANIZATION}/members/{{member}}",
        accounts.remove_member,
        Surface.PLATFORM,
        "Remove a member. Their tokens lose access to the organization.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        status=HTTPStatus.NO_CONTENT,
        refuses=(Conflict,),
        path_examples={"member": "viewer@acme.example.com"},
    ),
    Route(
        "GET",
        f"{ORGANIZATION}/invitations",
        invitations.list_invitations,
        Surface.PLATFORM,
        "List open invitations.",
        scope=Scope.SPACES_READ,
        role=Role.ADMINISTRATOR,
        gives=InvitationView,
        takes=PAGE,
    ),
    Route(
        "DELETE",
        f"{ORGANIZATION}/invitations/{{invitation}}",
        invitations.withdraw_invitation,
        Surface.PLATFORM,
        "Withdraw an invitation. Its link stops working.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        status=HTTPStatus.NO_CONTENT,
        path_examples={"invitation": "$INVITATION"},
    ),
)
