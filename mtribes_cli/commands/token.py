"""`mtribes token`: personal access tokens, which act for a person where nobody can sign in."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from mtribes_cli.api.models.access import Token
from mtribes_cli.api.request import drop_none
from mtribes_cli.auth.host_trust import require_named_host, require_own_project
from mtribes_cli.auth.token_provider import validate_token
from mtribes_cli.context import Context
from mtribes_cli.errors import UsageError
from mtribes_cli.files.text_encoding import decode_line
from mtribes_cli.parameters.confirm import explain_login_required, require_yes
from mtribes_cli.parameters.options import ScopesOption, TokenScope, YesOption
from mtribes_cli.terminal.result import Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)
DURATION = re.compile(r"([0-9]{1,3})d")
SECRET = re.compile(r"mt[a-z]_[0-9A-Za-z]{20,}")
ALL_SCOPES = frozenset(TokenScope)


@app.command("create")
def create_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Description of its use.")],
    scope: ScopesOption = None,
    organization: Annotated[
        list[str] | None,
        typer.Option("--organization", metavar="KEY", help="Limit the token to this organization. Repeatable."),
    ] = None,
    space: Annotated[
        list[str] | None, typer.Option("--space", metavar="KEY", help="Limit the token to this Space. Repeatable.")
    ] = None,
    expires_in: Annotated[
        str | None,
        typer.Option("--expires-in", metavar="DAYS", help="Lifetime, such as 30d (default 90d, maximum 366d)."),
    ] = None,
) -> Result:
    """Create a token and print it to stdout. It is shown only once.

    $ mtribes token create --name CI --scope code:read --expires-in 30d
    """
    return create_token(call.obj, NewToken(name, scope, organization, space, expires_in))


@app.command("list")
def list_command(
    call: typer.Context,
    organization: Annotated[
        str | None,
        typer.Option(
            "--organization",
            metavar="KEY",
            help="List members' tokens that reach this organization (administrators only).",
        ),
    ] = None,
) -> Result:
    """List your tokens and their last use. The tokens themselves are not shown.

    $ mtribes token list
    """
    return list_tokens(call.obj, organization)


@app.command("revoke")
def revoke_command(
    call: typer.Context,
    token: Annotated[str | None, typer.Argument(metavar="ID", help="Token ID, as shown by `token list`.")] = None,
    *,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Revoke the token whose text is read from stdin. No sign-in is needed.")
    ] = False,
    yes: YesOption = False,
) -> Result:
    """Revoke a token. It stops working immediately.

    $ mtribes token revoke tok_1 --yes

    $ mtribes token revoke --stdin < token.txt
    """
    return revoke_token(call.obj, token, from_stdin=stdin, is_confirmed=yes)


@dataclass(frozen=True)
class NewToken:
    """What a token is to be; None: what the server takes then."""

    name: str
    scopes: list[TokenScope] | None
    organizations: list[str] | None
    spaces: list[str] | None
    expires_in: str | None

    def as_json(self) -> dict[str, object]:
        """What is asked for."""
        days = None if self.expires_in is None else _days(self.expires_in)
        narrowed = drop_none(
            scopes=self.scopes or None,
            organizations=self.organizations or None,
            spaces=self.spaces or None,
            expires_in_days=days,
        )
        return {"name": self.name, **narrowed}


def _days(text: str) -> int:
    match = DURATION.fullmatch(text)
    if match is None:
        raise UsageError(f"Invalid lifetime: --expires-in {text}.", "Use a number of days such as 30d, at most 366d.")
    return int(match[1])


def create_token(context: Context, wanted: NewToken) -> Result:
    """The text of the new token."""
    asked = wanted.as_json()
    with explain_login_required(context):
        created = context.client.create_token(asked)
    token = created.token
    context.console.notice(
        f"Created {token.name} ({token.id}), valid until {token.expires or 'it is revoked'}: {_may(token)}. The "
        "token is shown only once. Run `mtribes token revoke` to revoke it."
    )
    return Result({**asdict(token), "token": created.secret}, (created.secret,))


def _may(token: Token) -> str:
    return f"{_scopes(token)} in {_reach(token)}"


def _scopes(token: Token) -> str:
    return "all scopes" if set(token.scopes) >= ALL_SCOPES else ", ".join(token.scopes) or "-"


def _reach(token: Token) -> str:
    return ", ".join((*token.organizations, *token.spaces)) or "everything you can access"


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
    return Result([asdict(one) for one in tokens], (Table(columns, rows, empty="No tokens found."),))


def revoke_token(context: Context, token: str | None, *, from_stdin: bool, is_confirmed: bool) -> Result:
    """That it is revoked."""
    if (token is None) is not from_stdin:
        raise UsageError("No token specified.", "Pass a token ID, or --stdin with the token's text on stdin.")
    if token is None:
        return _revoke_by_text(context)
    if SECRET.fullmatch(token):
        raise UsageError(
            "This is the text of a token, not its ID. It is now in your shell history.",
            "Pass the ID shown by `mtribes token list`, or pass --stdin with the text on stdin.",
        )
    require_yes(context, f"Revoke {token}? Programs that use it lose access.", is_confirmed=is_confirmed)
    context.client.revoke_personal_token(token)
    return Result({"id": token}, (f"Revoked {token}.",))


def _revoke_by_text(context: Context) -> Result:
    """The server does not say whether the text opened anything: it opens nothing now."""
    secret = validate_token(decode_line(context.console.read_stdin()), "stdin")
    host = context.host  # which may be what a project file names
    require_own_project(context)
    require_named_host(context, host, "The token on stdin")
    context.client.revoke_by_text(secret)
    return Result({"id": None}, ("Token revoked.",))
