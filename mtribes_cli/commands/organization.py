"""`mtribes org`: organizations, who belongs to them, and the service accounts of programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from mtribes_cli.api.models.access import AuditEntry, Invitation
from mtribes_cli.api.request import drop_none
from mtribes_cli.context import Context
from mtribes_cli.errors import NotAllowedError, NotFoundError
from mtribes_cli.parameters.confirm import explain_login_required, require_key, require_yes
from mtribes_cli.parameters.history import DEFAULT_LIMIT, WHO_WIDTH, tell_limit, to_the_minute
from mtribes_cli.parameters.options import HistoryLimitOption, OrganizationOption, ScopesOption, TokenScope, YesOption
from mtribes_cli.terminal.result import Kind, Result, Table
from mtribes_cli.terminal.sanitize import shorten

app = typer.Typer(rich_markup_mode=None, add_completion=False)
member_app = typer.Typer(rich_markup_mode=None, help="Manage the members of an organization.")
service_account_app = typer.Typer(rich_markup_mode=None, help="Manage the service accounts of an organization.")
app.add_typer(member_app, name="member")
app.add_typer(service_account_app, name="service-account")
AUDIT_COLUMNS = ("WHEN (UTC)", "WHO", "ACTION", "WHERE", "TARGET")
AUDIT_COLUMNS_AT_TERMINAL = ("WHEN", *AUDIT_COLUMNS[1:])
AUDIT_KINDS = (Kind.TIME, Kind.TEXT, Kind.TEXT, Kind.TEXT, Kind.ID)
MEMBER_KINDS = (Kind.ID, Kind.TEXT, Kind.TEXT, Kind.STATE, Kind.TIME)
ACTION_WIDTH = 22
Role = Literal["administrator", "developer", "viewer"]
OrganizationArgument = Annotated[str, typer.Argument(metavar="ORGANIZATION", help="Organization key.")]
EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="E-mail address that the person signs in with.")]


@app.command("list")
def list_command(call: typer.Context) -> Result:
    """List the organizations that you belong to.

    $ mtribes org list
    """
    return list_organizations(call.obj)


@app.command("create")
def create_command(
    call: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="Organization key, such as acme: lowercase letters, digits and dashes.")
    ],
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Display name (default: the key).")] = None,
) -> Result:
    """Create an organization with you as its administrator. Its key cannot be changed.

    You must be an administrator of another organization on the server and signed in with `mtribes login`.

    $ mtribes org create acme-labs --name "Acme Labs"
    """
    return create_organization(call.obj, key, name=name)


@app.command("rename")
def rename_command(
    call: typer.Context,
    organization: OrganizationArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="New display name.")],
) -> Result:
    """Rename an organization. Its key does not change. Requires the administrator role.

    $ mtribes org rename acme "Acme Inc."
    """
    return rename_organization(call.obj, organization, name=name)


@app.command("delete")
def delete_command(call: typer.Context, organization: OrganizationArgument, *, yes: YesOption = False) -> Result:
    """Permanently delete an organization without Spaces. Requires the administrator role.

    Deletes its memberships, invitations, service accounts and audit log, and revokes tokens that are limited to it.
    To keep the log, save it first: `mtribes org audit --limit 10000 --json`.

    $ mtribes org delete acme-labs
    """
    return delete_organization(call.obj, organization, is_confirmed=yes)


@member_app.command("list")
def list_members_command(call: typer.Context, organization: OrganizationOption = None) -> Result:
    """List the members of an organization. Administrators also see invitations.

    $ mtribes org member list --organization acme
    """
    return list_members(call.obj, organization)


@member_app.command("invite")
def invite_command(
    call: typer.Context,
    email: EmailArgument,
    *,
    role: Annotated[Role, typer.Option("--role", help="Role of the person in the organization.")],
    organization: OrganizationOption = None,
) -> Result:
    """Invite a person and print the invitation link to stdout. No e-mail is sent: send the link yourself.

    $ mtribes org member invite grace@example.com --role viewer --org acme
    """
    return invite_member(call.obj, organization, email=email, role=role)


@member_app.command("set-role")
def set_role_command(
    call: typer.Context,
    email: EmailArgument,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="New role: administrator, developer or viewer.")],
    organization: OrganizationOption = None,
) -> Result:
    """Change the role of a member. The last administrator cannot be changed.

    $ mtribes org member set-role grace@example.com developer --org acme
    """
    return set_role(call.obj, organization, email, role=role)


@member_app.command("remove")
def remove_command(
    call: typer.Context, email: EmailArgument, *, organization: OrganizationOption = None, yes: YesOption = False
) -> Result:
    """Remove a member or withdraw an invitation. The member's tokens lose access immediately.

    $ mtribes org member remove grace@example.com --organization acme
    """
    return remove_member(call.obj, organization, email, is_confirmed=yes)


@app.command("audit")
def audit_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    actor: Annotated[
        str | None,
        typer.Option("--actor", metavar="NAME", help="Only entries by this e-mail address, service account or ID."),
    ] = None,
    action: Annotated[
        str | None,
        typer.Option("--action", metavar="NAME", help="Action such as key.create, or key for all key actions."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Date or time such as 2026-11-21 or 2026-11-21T20:35:00Z."),
    ] = None,
    limit: HistoryLimitOption = DEFAULT_LIMIT,
    organization: OrganizationOption = None,
) -> Result:
    """Show the audit log of an organization, newest first. Requires the administrator role.

    $ mtribes org audit --action key --since 2026-11-01 --organization acme
    """
    filters = drop_none(actor=actor, action=action, since=since)
    return list_audit(call.obj, organization, filters, limit=limit)


@service_account_app.command("create")
def create_service_account_command(
    call: typer.Context,
    *,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Name of the program that uses it.")],
    scope: ScopesOption = None,
    organization: OrganizationOption = None,
) -> Result:
    """Create a service account and print its ID and secret to stdout as two variables. They are shown only once.

    $ mtribes org service-account create --name CRM --scope users:write
    """
    return create_service_account(call.obj, organization, name=name, scopes=scope)


@service_account_app.command("list")
def list_service_accounts_command(call: typer.Context, organization: OrganizationOption = None) -> Result:
    """List the service accounts of an organization. Secrets are not shown.

    $ mtribes org service-account list --organization acme
    """
    return list_service_accounts(call.obj, organization)


@service_account_app.command("revoke")
def revoke_service_account_command(
    call: typer.Context,
    account: Annotated[
        str, typer.Argument(metavar="ID", help="Service account ID, as shown by `org service-account list`.")
    ],
    *,
    organization: OrganizationOption = None,
    yes: YesOption = False,
) -> Result:
    """Revoke a service account. Its tokens stop working immediately.

    $ mtribes org service-account revoke svc_1 --organization acme --yes
    """
    return revoke_service_account(call.obj, organization, account, is_confirmed=yes)


def list_organizations(context: Context) -> Result:
    """Key, name and role of each."""
    organizations = context.client.organizations()
    rows = [(one.key, one.name, one.role or "") for one in organizations]
    table = Table(
        ("KEY", "NAME", "ROLE"), rows, "You are not a member of any organization.", (Kind.ID, Kind.TEXT, Kind.TEXT)
    )
    return Result([asdict(one) for one in organizations], (table,))


def create_organization(context: Context, key: str, *, name: str | None) -> Result:
    """The new organization."""
    with explain_login_required(context):
        created = context.client.create_organization(key=key, name=name)
    return Result(asdict(created), (f"Created {created.key}. You are its administrator.",))


def rename_organization(context: Context, organization: str, *, name: str) -> Result:
    """The organization with its new name."""
    renamed = context.client.rename_organization(organization, name=name)
    return Result(asdict(renamed), (f"Organization {renamed.key} is now called {renamed.name}.",))


def delete_organization(context: Context, organization: str, *, is_confirmed: bool) -> Result:
    """Delete an organization once its key was typed."""
    found = context.client.organization(organization)
    warning = (
        f"This permanently deletes the organization {found.key} ({found.name}), its members, invitations, "
        "service accounts and audit log, and the tokens that are limited to it."
    )
    require_key(context, "organization", found.key, warning=warning, is_confirmed=is_confirmed)
    with explain_login_required(context):
        context.client.delete_organization(found.id)
    return Result({"organization": found.key, "id": found.id, "deleted": True}, (f"Deleted {found.key}.",))


def list_members(context: Context, organization: str | None) -> Result:
    """E-mail address, name and role of each, and whether they have joined."""
    key = context.settings.organization(organization)
    people = [{**asdict(one), "state": "member", "expires": None} for one in context.client.members(key)]
    people += [
        {"email": one.email, "name": None, "role": one.role, "state": "invited", "expires": one.expires}
        for one in _invitations(context, key)
    ]
    rows = [(one["email"], one["name"] or "-", one["role"], _state(one["state"], one["expires"])) for one in people]
    shown = [(one["email"], one["name"] or "-", one["role"], one["state"], one["expires"] or "-") for one in people]
    at_terminal = Table(("EMAIL", "NAME", "ROLE", "STATE", "EXPIRES"), shown, kinds=MEMBER_KINDS)
    columns = ("EMAIL", "NAME", "ROLE", "STATE")
    return Result(people, (Table(columns, rows, "No members found.", at_terminal=at_terminal),))


def _invitations(context: Context, organization: str) -> tuple[Invitation, ...]:
    """Who is invited, as far as one may know."""
    try:
        return context.client.invitations(organization)
    except NotAllowedError:
        return ()


def _state(state: str, expires: str | None) -> str:
    return f"{state} until {expires}" if expires else state


def invite_member(context: Context, organization: str | None, *, email: str, role: str) -> Result:
    """The link to hand over."""
    key = context.settings.organization(organization)
    with explain_login_required(context):
        invited = context.client.invite(key, email=email, role=role)
    context.console.notice(
        f"Send this link only to {invited.email}: whoever opens it becomes {role} of {key}. The link can be "
        f"used once and expires on {invited.expires}."
    )
    return Result({"organization": key, **asdict(invited)}, (invited.link or "",))


def set_role(context: Context, organization: str | None, email: str, *, role: str) -> Result:
    """Change the role of a member."""
    key = context.settings.organization(organization)
    with explain_login_required(context):
        member = context.client.change_member(key, email, role=role)
    said = f"{member.email} is now {member.role} of {key}."
    return Result({"organization": key, **asdict(member)}, (said,))


def list_audit(context: Context, organization: str | None, filters: Mapping[str, object], *, limit: int) -> Result:
    """Return the newest entries, at most so many; where there are more, say that on stderr."""
    key = context.settings.organization(organization)
    found = context.client.audit(key, filters=filters, limit=limit)
    if len(found) > limit:
        tell_limit(context, limit, "newest", "entry", "entries")
    listed = found[:limit]
    kind = "No matching entries" if filters else "No entries"
    at_terminal = Table(AUDIT_COLUMNS_AT_TERMINAL, [_whole_audit_row(one) for one in listed], kinds=AUDIT_KINDS)
    rows, empty = [_audit_row(one) for one in listed], f"{kind} in the audit log of {key}."
    table = Table(AUDIT_COLUMNS, rows, empty, at_terminal=at_terminal)
    return Result([asdict(one) for one in listed], (table,))


def _audit_row(entry: AuditEntry) -> tuple[str, ...]:
    at, who, action, where, target = _whole_audit_row(entry)
    return to_the_minute(at), shorten(who, WHO_WIDTH), shorten(action, ACTION_WIDTH), where, target


def _whole_audit_row(entry: AuditEntry) -> tuple[str, ...]:
    where = "/".join(text for text in (entry.space, entry.environment) if text)
    return entry.at, entry.actor.name or entry.actor.id, entry.action, where, entry.target


def remove_member(context: Context, organization: str | None, email: str, *, is_confirmed: bool) -> Result:
    """That they are out."""
    key = context.settings.organization(organization)
    require_yes(context, f"Remove {email} from {key}?", is_confirmed=is_confirmed)
    try:
        context.client.remove_member(key, email)
    except NotFoundError:
        invited = [one for one in _invitations(context, key) if one.email == email.strip().casefold()]
        if not invited:
            raise
        context.client.withdraw_invitation(key, invited[0].id)
        return Result(_removed(key, email, "invited"), (f"Withdrew the invitation of {email} to {key}.",))
    return Result(_removed(key, email, "member"), (f"Removed {email} from {key}.",))


def _removed(organization: str, email: str, state: str) -> dict[str, str]:
    return {"organization": organization, "email": email, "state": state}


def create_service_account(
    context: Context, organization: str | None, *, name: str, scopes: list[TokenScope] | None
) -> Result:
    """The two variables that a program needs."""
    key = context.settings.organization(organization)
    with explain_login_required(context):
        created = context.client.create_service_account(key, {"name": name, **drop_none(scopes=scopes or None)})
    account = created.account
    context.console.notice(
        f"Created {account.name} of {key}: {', '.join(account.scopes)}. Set both variables in the environment "
        "of the program, and `mtribes` uses them. The secret is shown only once."
    )
    variables = (f"MTRIBES_CLIENT_ID={account.client_id}", f"MTRIBES_CLIENT_SECRET={created.secret}")
    return Result({"organization": key, **asdict(account), "client_secret": created.secret}, variables)


def list_service_accounts(context: Context, organization: str | None) -> Result:
    """Id, name, scopes and age of each."""
    accounts = context.client.service_accounts(context.settings.organization(organization))
    rows = [(one.id, one.name, ", ".join(one.scopes) or "-", one.created or "-") for one in accounts]
    kinds = (Kind.ID, Kind.TEXT, Kind.TEXT, Kind.TIME)
    table = Table(("ID", "NAME", "SCOPES", "CREATED"), rows, "No service accounts found.", kinds)
    return Result([asdict(one) for one in accounts], (table,))


def revoke_service_account(context: Context, organization: str | None, account: str, *, is_confirmed: bool) -> Result:
    """That it is revoked."""
    key = context.settings.organization(organization)
    question = f"Revoke {account} of {key}? Programs that use it lose access."
    require_yes(context, question, is_confirmed=is_confirmed)
    context.client.revoke_service_account(key, account)
    return Result({"organization": key, "id": account}, (f"Revoked {account} of {key}.",))
