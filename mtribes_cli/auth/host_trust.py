"""Which server a secret may be sent to, where a file in the working tree is what names the server.

`mtribes.toml` is looked for upwards, and a checkout or another user of the machine may have put it there. As git does
with repositories of other users (`safe.directory`), nothing is sent by a file that belongs to somebody else; and
secrets of the environment go only to servers that the environment, `--host` or this user's own sign-ins name.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from mtribes_cli.api.server_url import LOCAL, NAMED_BY_PROJECT, Host, host_from, validate_url
from mtribes_cli.errors import AccessError, FileError, MtribesError
from mtribes_cli.files.atomic_file import write_private
from mtribes_cli.files.bounded_reader import MAX_STATE_FILE_BYTES, read_regular_file
from mtribes_cli.numbers import whole_number
from mtribes_cli.terminal.sanitize import sanitize_line

if TYPE_CHECKING:
    from mtribes_cli.auth.context import AuthContext
    from mtribes_cli.project.project_file import ProjectFile

FORMAT_VERSION = 1
TRUSTED_HOSTS = "trusted-hosts.json"
ROOT_USER = 0
MAX_USER = 2**32 - 1


def require_own_project(context: AuthContext) -> None:
    """Continue if no `mtribes.toml` was read, or it is this user's; called before a secret is sent.

    Raises FileError for one of another user, unless MTRIBES_HOST or `--host` names the same server.
    """
    project = context.project_in_use
    if project is None or not project.owners:
        return
    strangers = sorted(project.owners - _own_users(context))
    if not strangers or _is_named_besides(context, project):
        return
    raise FileError(
        f"{project.path} belongs to another user ({_user_name(strangers[0])}), so nothing was sent to {project.host}.",
        f"If you trust the file, set MTRIBES_HOST={quote(project.host)}. Otherwise, use a file of your own.",
    )


def require_named_host(context: AuthContext, host: Host, secret: str) -> None:
    """Continue if this user named `host`, or agrees at the terminal to send `secret` there, which is remembered.

    Raises AccessError, with the variable to set, if nobody can be asked or the answer is no.
    """
    refusal = refusal_of(context, host, secret)
    if refusal is None:
        return
    console = context.console
    if not console.is_interactive:
        raise refusal
    named_by = sanitize_line(_named_by(context))  # a folder of a checkout may have line ends in its name
    console.instruction(f"{named_by} specifies a server that you have not used before:\n\n  {host.url}\n")
    if not console.confirm(f"Send {secret} to it?", flag="--host", default=False):
        raise refusal
    remember_host(context, host)


def refusal_of(context: AuthContext, host: Host, secret: str) -> AccessError | None:
    """Return why `secret` is not sent to `host`, and what to do; None if this user named the host."""
    if _is_named(context, host):
        return None
    return AccessError(
        f"{secret} was not sent to {host.url}: only {_named_by(context)} specifies that server.",
        f"If you trust the server, add this to the environment: MTRIBES_HOST={quote(host.url)}",
    )


def _named_by(context: AuthContext) -> str:
    project = context.project_in_use
    return str(project.path) if project else NAMED_BY_PROJECT


def trusted_hosts(config_folder: Path) -> list[str]:
    """Return the servers that this user agreed to; none if the file is missing or damaged."""
    try:
        hosts = json.loads(read_regular_file(config_folder / TRUSTED_HOSTS, MAX_STATE_FILE_BYTES))["hosts"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return [host for host in hosts if isinstance(host, str)] if isinstance(hosts, list) else []


def remember_host(context: AuthContext, host: Host) -> None:
    """Remember that this user named `host`. If nothing can be stored, the question is asked again."""
    known = trusted_hosts(context.folders.config)
    if host.is_local or host.url in known:
        return
    document = {"version": FORMAT_VERSION, "hosts": sorted({*known, host.url})}
    try:
        write_private(context.folders.config / TRUSTED_HOSTS, json.dumps(document, indent=2).encode())
    except OSError as error:
        context.console.trace(f"Could not save the trust decision for {host.url}: {error.strerror}")


def _is_named(context: AuthContext, host: Host) -> bool:
    """Return whether something other than a project file names `host`: a flag, a variable, a sign-in, an answer."""
    if host.said_by != NAMED_BY_PROJECT or host.is_local:
        return True
    return host.url in (*_signed_in_hosts(context), *trusted_hosts(context.folders.config), _local_server(context))


def _signed_in_hosts(context: AuthContext) -> list[str]:
    try:
        return context.credentials.hosts()
    except (MtribesError, OSError):
        return []


def _local_server(context: AuthContext) -> str | None:
    """Return the address of this user's own local server, from its data folder."""
    try:
        return host_from(LOCAL, said_by="server.json", server_folder=context.folders.server).url
    except MtribesError:
        return None


def _own_users(context: AuthContext) -> frozenset[int]:
    """Return whose files count as one's own: the user's, root's, and under sudo those of the calling user."""
    user = os.geteuid()
    called_by = whole_number(context.variable("SUDO_UID") or "", most=MAX_USER) if user == ROOT_USER else None
    return frozenset({user, ROOT_USER, *([] if called_by is None else [called_by])})


def _user_name(user: int) -> str:
    import pwd  # noqa: PLC0415 - not on Windows, where files have no owners

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _is_named_besides(context: AuthContext, project: ProjectFile) -> bool:
    """Return whether MTRIBES_HOST or --host names the server that the project names."""
    named = (context.variable("MTRIBES_HOST"), context.arguments.values.get("--host"))
    return any(_is_same(text, project.host) for text in named if text)


def _is_same(one: str, other: str) -> bool:
    if LOCAL in (one.strip(), other.strip()):
        return one.strip() == other.strip()
    try:
        return validate_url(one, said_by="MTRIBES_HOST") == validate_url(other, said_by=NAMED_BY_PROJECT)
    except MtribesError:
        return False
