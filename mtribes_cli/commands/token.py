"""`mtribes token`: personal access tokens, which act for a person where nobody can sign in."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from mtribes_cli.confirming import require_yes, takes_a_sign_in
from mtribes_cli.context import Context
from mtribes_cli.errors import UsageError
from mtribes_cli.given_text import given_line
from mtribes_cli.host_trust import require_named_host, require_own_project
from mtribes_cli.options import Scope, ScopesOption, YesOption
from mtribes_cli.request import given
from mtribes_cli.result import Kind, Result, Table
from mtribes_cli.token_source import checked_token
from mtribes_cli.wire_access import Token

app = typer.Typer(rich_markup_mode=None, add_completion=False)
DURATION = re.compile(r"([0-9]{1,3})d")
SECRET = re.compile(r"mt[a-z]_[0-9A-Za-z]{20,}")
ALL_SCOPES = frozenset(Scope)


@app.command("create")
def create_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What it is for.")],
    scope: ScopesOption = None,
    organization: Annotated[
        list[str] | None,
        typer.Option("--organization", metavar="KEY", help="Only this organization; repeat for more."),
    ] = None,
    space: Annotated[
        list[str] | None, typer.Option("--space", metavar="KEY", help="Only this Space; repeat for more.")
    ] = None,
    expires_in: Annotated[
        str | None, typer.Option("--expires-in", metavar="DAYS", help="How long it is good: 90d unless said, to 366d.")
    ] = None,
) -> Result:
    """Create a token; it stands alone on stdout, and is shown this once.

    $ mtribes token create --name CI --scope code:read --expires-in 30d
    """
    return create_token(call.obj, NewToken(name, scope, organization, space, expires_in))


@app.command("list")
def list_command(
    call: typer.Context,
    organization: Annotated[
        str | None,
        typer.Option("--organization", metavar="KEY", help="Those of its members that reach it, for administrators."),
    ] = None,
) -> Result:
    """List your tokens, and when each was last used; never their text.

    $ mtribes token list
    """
    return list_tokens(call.obj, organization)


@app.command("revoke")
def revoke_command(
    call: typer.Context,
    token: Annotated[str | None, typer.Argument(metavar="ID", help="Its id, as `token list` shows it.")] = None,
    *,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="The token is the one whose text is read from stdin; no sign-in is needed.")
    ] = False,
    yes: YesOption = False,
) -> Result:
    """End a token, at once.

    $ mtribes token revoke tok_1 --yes

    $ mtribes token revoke --stdin < token.txt
    """
    return revoke_token(call.obj, token, from_stdin=stdin, is_confirmed=yes)


@dataclass(frozen=True)
class NewToken:
    """What a token is to be; None: what the server takes then."""

    name: str
    scopes: list[Scope] | None
    organizations: list[str] | None
    spaces: list[str] | None
    expires_in: str | None

    def as_json(self) -> dict[str, object]:
        """What is asked for."""
        days = None if self.expires_in is None else _days(self.expires_in)
        narrowed = given(
            scopes=self.scopes or None,
            organizations=self.organizations or None,
            spaces=self.spaces or None,
            expires_in_days=days,
        )
        return {"name": self.name, **narrowed}


def _days(text: str) -> int:
    match = DURATION.fullmatch(text)
    if match is None:
        raise UsageError(f"--expires-in {text} is not a number of days.", "Give it as 30d; 366d is the most.")
    return int(match[1])


def create_token(context: Context, wanted: NewToken) -> Result:
    """The text of the new token."""
    asked = wanted.as_json()
    with takes_a_sign_in(context):
        created = context.client.create_token(asked)
    token = created.token
    context.console.notice(
        f"Created {token.name} ({token.id}), good until {token.expires or 'it is revoked'}: {_may(token)}."
        " Its text is shown this once; `mtribes token revoke` ends it."
    )
    return Result({**asdict(token), "token": created.secret}, (created.secret,))


def _may(token: Token) -> str:
    return f"{_scopes(token)} in {_reach(token)}"


def _scopes(token: Token) -> str:
    return "all scopes" if set(token.scopes) >= ALL_SCOPES else ", ".join(token.scopes) or "-"


def _reach(token: Token) -> str:
    return ", ".join((*token.organizations, *token.spaces)) or "all that you reach"


def list_tokens(context: Context, organization: str | None) -> Result:
    """Id, name, rights and times of each."""
    tokens = context.client.tokens(organization)
    owner = ("OWNER",) if organization else ()
    rows = [
        (
            one.id,
            one.name,
            *((one.owner or "-",) if owner else ()),
            _scopes(one),
            ", ".join((*one.organizations, *one.spaces)) or "everything",
            one.expires or "-",
            one.last_used or "never",
        )
        for one in tokens
    ]
    columns = ("ID", "NAME", *owner, "SCOPES", "REACHES", "EXPIRES", "LAST USED")
    kinds = (Kind.ID, Kind.TEXT, *(Kind.TEXT for _ in owner), Kind.TEXT, Kind.TEXT, Kind.TIME, Kind.TIME)
    return Result([asdict(one) for one in tokens], (Table(columns, rows, "There is no token.", kinds),))


def revoke_token(context: Context, token: str | None, *, from_stdin: bool, is_confirmed: bool) -> Result:
    """That it is revoked."""
    if (token is None) is not from_stdin:
        raise UsageError("Which token is meant is not said.", "Give its id, or --stdin and its text on stdin.")
    if token is None:
        return _revoke_by_text(context)
    if SECRET.fullmatch(token):
        raise UsageError(
            "That is the text of a token, and by now it is in the history of your shell.",
            "Give the id that `mtribes token list` shows; or --stdin, and the text on stdin.",
        )
    require_yes(context, f"Revoke {token}? Whatever uses it is refused from then on.", is_confirmed=is_confirmed)
    context.client.revoke_personal_token(token)
    return Result({"id": token}, (f"Revoked {token}.",))


def _revoke_by_text(context: Context) -> Result:
    """The server does not say whether the text opened anything: it opens nothing now."""
    secret = checked_token(given_line(context.console.read_stdin()), "stdin")
    host = context.host  # which may be what a project file names
    require_own_project(context)
    require_named_host(context, host, "The token on stdin")
    context.client.revoke_by_text(secret)
    return Result({"id": None}, ("Revoked: the token opens nothing any more.",))
