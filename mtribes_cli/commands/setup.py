"""`mtribes setup`: from nothing to generated code. Sign in, choose, write mtribes.toml, generate."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from mtribes_cli.code_update import PlanReport, update_code
from mtribes_cli.context import Context
from mtribes_cli.errors import NotSignedInError, ProjectError, UsageError
from mtribes_cli.hosts import host_from
from mtribes_cli.local_files import MAX_PROJECT_FILE_BYTES, read_regular_file
from mtribes_cli.local_server import health_of, started_server
from mtribes_cli.project_file import LOCAL_HOST, PROJECT_FILE_NAME, ProjectFile, parse_project_file
from mtribes_cli.project_file_edit import Answers, project_text
from mtribes_cli.result import Result
from mtribes_cli.setup_answers import (
    LOCAL_ORGANIZATION,
    LOCAL_SPACE,
    TARGET_FLAG,
    Choice,
    Flags,
    asks,
    chosen,
    chosen_targets,
    target_answer,
)
from mtribes_cli.sign_in_way import sign_in_as_seems_best
from mtribes_cli.token_source import from_environment

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command("setup")
def setup_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    organization: Annotated[str | None, typer.Option(metavar="KEY", help="The organization of the Space.")] = None,
    space: Annotated[str | None, typer.Option(metavar="KEY", help="The Space to generate from.")] = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="LANGUAGE:OUTPUT", help="What to generate, and where; repeat for more.")
    ] = None,
    local: Annotated[
        bool, typer.Option("--local", help="Use your own local server; start it where none runs.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> Result:
    """Sign in if needed, choose what to generate, write mtribes.toml, and generate.

    $ mtribes setup --local

    $ mtribes setup --space vod --target typescript:src/vod
    """
    targets = tuple(target_answer(text) for text in target or ())
    return setup(call.obj, Flags(organization, space, targets, local, yes))


def setup(context: Context, flags: Flags) -> Result:
    """What was written, and where it can be seen live."""
    before = context.project
    host = _host(context, flags, before)
    if host == LOCAL_HOST:
        started_server(context)
    world = _talking_to(context, host)
    _sign_in(world)
    answers = _answers(world, flags, before)
    if before is not None and not flags.local and "--host" not in context.arguments.values:
        answers = replace(answers, host=before.host)
    project = _project(context, answers, before)
    report = update_code(world, project)
    return _told(world, project, report)


def _host(context: Context, flags: Flags, before: ProjectFile | None) -> str:
    """A server's URL, or "local"."""
    stated = context.arguments.values.get("--host")
    if flags.local:
        if stated not in (None, LOCAL_HOST):
            raise UsageError("--local and --host name two servers.", "Give one of them.")
        return LOCAL_HOST
    stated = stated or context.environment.get("MTRIBES_HOST") or (before.host if before else None)
    if stated is None:
        stated = _asked_host(context, flags)
    if stated.strip() == LOCAL_HOST:
        return LOCAL_HOST
    return host_from(stated, said_by="--host", server_folder=context.folders.server).url


def _asked_host(context: Context, flags: Flags) -> str:
    known = context.credentials.hosts()
    if len(known) == 1:
        return known[0]
    if not asks(context, flags):
        raise UsageError("Which server is meant is not said.", "Give --host URL, or --local for one on this machine.")
    return context.console.ask("Address of your server, or local", flag="--host", default=LOCAL_HOST)


def _talking_to(context: Context, host: str) -> Context:
    """The same world, in which `--host` says so."""
    arguments = context.arguments
    return context.for_command(replace(arguments, values={**arguments.values, "--host": host}))


def _sign_in(context: Context) -> None:
    try:
        me = context.client.me()
    except NotSignedInError:
        if from_environment(context) or not context.console.is_interactive:
            raise
        sign_in_as_seems_best(context, context.host)
        me = context.client.me()
    context.console.notice(f"Signed in to {context.host.url} as {me.label}.")


def _answers(context: Context, flags: Flags, before: ProjectFile | None) -> Answers:
    organization = chosen(
        context,
        flags,
        Choice(
            "organization",
            sorted(one.key for one in context.client.organizations()),
            given=flags.organization,
            remembered=before.organization if before else None,
            default=LOCAL_ORGANIZATION if flags.local else None,
        ),
    )
    space = chosen(
        context,
        flags,
        Choice(
            "space",
            sorted(one.key for one in context.client.spaces(organization)),
            given=flags.space,
            remembered=before.space if before else None,
            default=LOCAL_SPACE if flags.local else None,
        ),
    )
    host = LOCAL_HOST if context.host.is_local else context.host.url
    return Answers(host, organization, space, chosen_targets(context, flags, before, space))


def _project(context: Context, answers: Answers, before: ProjectFile | None) -> ProjectFile:
    """The project file as it is to be; written together with the code."""
    path = before.path if before else context.working_folder.absolute() / PROJECT_FILE_NAME
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}.", "Make it, or name another by -C DIR.")
    text = read_regular_file(path, MAX_PROJECT_FILE_BYTES).decode("utf-8-sig") if before else None
    try:
        wanted = project_text(text, answers)
    except (ValueError, RecursionError) as error:  # what tomllib reads and tomlkit does not
        raise ProjectError(f"{path} cannot be changed by setup: {error}.", "Change it by hand.") from error
    project = parse_project_file(wanted, path)
    if not project.targets:
        raise UsageError("What to generate is not said.", f"Give {TARGET_FLAG}.")
    return project if wanted == text else project._replace(unsaved_text=wanted)


def _told(context: Context, project: ProjectFile, report: PlanReport) -> Result:
    done = report.result()
    health = health_of(context.host.url)
    live = f"{context.host.url}/demo" if health and health.get("demo") is True else None
    data = {
        "host": context.host.url,
        "organization": project.organization,
        "space": project.space,
        "project_file": str(project.path),
        **(done.data if isinstance(done.data, dict) else {}),
        "live": live,
    }
    return Result(data, (*done.body, *_closing(project, live)))


def _closing(project: ProjectFile, live: str | None) -> Sequence[str]:
    outputs = ", ".join(target.output for target in project.targets)
    written = (
        f"{project.path} says what is generated, mtribes.lock what was; the code is in {outputs}. Commit them all."
    )
    return (written, f"See it live: {live}") if live else (written,)
