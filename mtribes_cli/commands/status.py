"""`mtribes status`: signed in as whom, where; Space and revision; are the generated files in step."""

from dataclasses import dataclass

import typer

from mtribes_cli.context import Context
from mtribes_cli.errors import ExitCode, MtribesError
from mtribes_cli.generate.drift import Drift, find_drift
from mtribes_cli.project.lock_file import LOCK_FILE_NAME, LockFile, read_lock_file
from mtribes_cli.project.project_file import ProjectFile
from mtribes_cli.terminal.result import Result

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@dataclass(frozen=True, slots=True)
class Server:
    """What the server says, or why it says nothing."""

    url: str | None = None
    account: str | None = None
    revisions: tuple[tuple[str, int], ...] = ()  # by Space
    silence: str | None = None


@app.command("status")
def status_command(call: typer.Context) -> Result:
    """Show your sign-in, and whether the generated code is up to date.

    $ mtribes status
    """
    return status(call.obj)


def status(context: Context) -> Result:
    """What is known; exit 3 when the files here are out of step. A server that is away is told, and is no failure."""
    project = context.project
    lock = read_lock_file(project.root / LOCK_FILE_NAME) if project else None
    drift = find_drift(project) if project else None
    server = _server(context, project)
    is_well = drift is None or drift.is_in_step
    return Result(
        _data(project, lock, drift, server),
        (_server_line(server), *_project_lines(project, lock, drift, server)),
        ExitCode.DONE if is_well else ExitCode.NOT_ALL_WELL,
        drift.disagreements if drift else (),
    )


def _server(context: Context, project: ProjectFile | None) -> Server:
    url = None
    try:
        url = context.host.url
        account = context.client.me().label
        spaces = sorted({target.space for target in project.targets}) if project else []
        return Server(url, account, tuple((space, context.client.space(space).revision) for space in spaces))
    except MtribesError as error:
        return Server(url, silence=f"{error.what} {error.advice}")


def _data(project: ProjectFile | None, lock: LockFile | None, drift: Drift | None, server: Server) -> dict[str, object]:
    return {
        "host": server.url,
        "signed_in_as": server.account,
        "project_file": str(project.path) if project else None,
        "organization": project.organization if project else None,
        "in_step": drift.is_in_step if drift else None,
        "changes": [{"path": change.path, "change": change.kind.value} for change in drift.changes] if drift else [],
        "targets": [
            {
                "language": target.language,
                "output": target.output,
                "space": target.space,
                "revision": _locked_revision(lock, target.output),
                "server_revision": dict(server.revisions).get(target.space),
            }
            for target in (project.targets if project else ())
        ],
    }


def _server_line(server: Server) -> str:
    if server.account is not None:
        return f"Signed in to {server.url} as {server.account}."
    return f"Could not connect to {server.url or 'a server'}: {server.silence}"


def _project_lines(
    project: ProjectFile | None, lock: LockFile | None, drift: Drift | None, server: Server
) -> list[str]:
    if project is None or drift is None:
        return ["No mtribes.toml in this folder or a parent folder. Run `mtribes setup` to create one."]
    lines = [f"{project.path}: organization {project.organization or '-'}"]
    for target in project.targets:
        here = _locked_revision(lock, target.output)
        there = dict(server.revisions).get(target.space)
        known = f", {there} on the server" if there is not None and there != here else ""
        at = f"revision {here}{known}" if here is not None else "not generated yet"
        lines.append(f"  {target.language} in {target.output}: Space {target.space}, {at}")
    return [*lines, *(f"{change.kind.value:<9} {change.path}" for change in drift.changes), drift.verdict]


def _locked_revision(lock: LockFile | None, output: str) -> int | None:
    locked = lock.target(output) if lock else None
    return locked.source.revision if locked else None
