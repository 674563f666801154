"""`mtribes-server account add`: let a person sign in."""

from __future__ import annotations

import getpass
import sys
from dataclasses import dataclass
from typing import Annotated

import typer
from sqlalchemy import Connection

from templates_server.commands.database import store
from templates_server.commands.errors import CommandFailed, ExitCode, WrongUsage
from templates_server.commands.options import Data, DatabaseUrl
from templates_server.features.accounts import email_address
from templates_server.features.accounts import store as accounts_store
from templates_server.features.spaces import store as spaces_store
from templates_server.primitives.timestamps import system_clock
from templates_server.security import passwords
from templates_server.security.authorization import Role

app = typer.Typer(no_args_is_help=False)
HELP = """Create an account, or add an existing account to another organization.

Prompts for the password of a new account unless --password-stdin is given."""


@app.callback()
def account() -> None:
    """The people who sign in."""


@dataclass(frozen=True)
class AccountMembership:
    """A role in an organization, by its key."""

    organization: str
    role: Role


@app.command("add", help=HELP)
def add(  # noqa: PLR0913 - one parameter an option
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="E-mail address to sign in with.")],
    *,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Display name (default: the e-mail address).")
    ] = None,
    organization: Annotated[str | None, typer.Option(metavar="KEY", help="Key of the organization to join.")] = None,
    role: Annotated[Role, typer.Option(help="Role in the organization.")] = Role.DEVELOPER,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> int:
    """Store the account, and the membership when one is wanted."""
    if not email_address.is_email(email.strip()):
        raise WrongUsage(f"Invalid e-mail address: {email!r}.", "Use the form name@example.com.")
    membership = AccountMembership(organization, role) if organization else None
    with store(data, database) as opened:
        known = opened.read(lambda connection: accounts_store.find_account_by_email(connection, email))
        if known is not None and membership is None:
            raise CommandFailed(
                f"{email} already has an account.", "Pass --organization to add the account to an organization."
            )
        password_hash = "" if known else _password_hash(email, name or email, from_stdin=password_stdin)
        opened.write(lambda connection: _add(connection, email, name or email, password_hash, membership))
    sys.stdout.write(f"{email} can sign in{f' ({role} of {organization})' if organization else ''}.\n")
    return ExitCode.DONE


def _add(
    connection: Connection, email: str, name: str, password_hash: str, membership: AccountMembership | None
) -> None:
    known = accounts_store.find_account_by_email(connection, email)
    account_id = (
        known.id
        if known
        else accounts_store.create_account(
            connection, email, name=name, password_hash=password_hash, now=system_clock()
        )
    )
    if membership is not None:
        organization_id = _organization_id(connection, membership.organization)
        accounts_store.add_member(connection, organization_id, account_id=account_id, role=membership.role)


def _organization_id(connection: Connection, key: str) -> str:
    found = spaces_store.locate(connection, {"organization": key})
    if found is None:
        raise CommandFailed(f"No organization {key!r}.", f"Create it first: `mtribes-server organization add {key}`.")
    return found.organization_id


def _password_hash(email: str, name: str, *, from_stdin: bool) -> str:
    password = sys.stdin.readline().rstrip("\r\n") if from_stdin else _asked_password()
    problems = passwords.find_password_problems(password, email=email, name=name)
    if problems:
        raise WrongUsage(f"Password rejected. {' '.join(problems)}", "Choose another password.")
    return passwords.Passwords().hash_now(password)


def _asked_password() -> str:
    if not sys.stdin.isatty():
        raise WrongUsage(
            "Cannot prompt for the password without a terminal.",
            "Pass --password-stdin and write the password to standard input.",
        )
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise WrongUsage("The passwords do not match.", "Run the command again.")
    return password
