"""`mtribes setup`: from nothing to generated code. Sign in, choose, write mtribes.toml, generate."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from mtribes_cli.api.server_url import NAMED_BY_PROJECT, Host, host_from
from mtribes_cli.auth.flow_selection import ensure_signed_in
from mtribes_cli.auth.host_trust import remember_host
from mtribes_cli.context import Context
from mtribes_cli.errors import ProjectError, UsageError
from mtribes_cli.files.bounded_reader import MAX_PROJECT_FILE_BYTES, read_regular_file
from mtribes_cli.generate.updater import PlanReport, update_code
from mtribes_cli.local_server import health_of, started_server
from mtribes_cli.parameters.setup_prompts import (
    LOCAL_ORGANIZATION,
    LOCAL_SPACE,
    TARGET_FLAG,
    Choice,
    Flags,
    asks,
    chosen,
    chosen_targets,
    target_answers,
)
from mtribes_cli.project.editor import SetupAnswers, project_text
from mtribes_cli.project.project_file import LOCAL_HOST, PROJECT_FILE_NAME, ProjectFile, parse_project_file
from mtribes_cli.terminal.result import Result

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command("setup")
def setup_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    organization: Annotated[str | None, typer.Option(metavar="KEY", help="Organization of the Space.")] = None,
    space: Annotated[str | None, typer.Option(metavar="KEY", help="Space to generate code from.")] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="LANGUAGE:OUTPUT", help="Language and output folder to generate. Repeatable."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Option of a target, where supported. Repeatable."),
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="Use a local server. Starts one if none is running.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Never prompt.")] = False,
) -> Result:
    """Sign in if needed, choose what to generate, create mtribes.toml, and generate code.

    $ mtribes setup --local

    $ mtribes setup --space vod --target typescript:src/vod

    $ mtribes setup --target kotlin:src/acme/vod --option package=acme.vod
    """
    targets = target_answers(target or (), option or ())
    return setup(call.obj, Flags(organization, space, targets, local, yes))


def setup(context: Context, flags: Flags) -> Result:
    """What was written, and where it can be seen live."""
    before = context.project
    world = context.talking_to(_host(context, flags, before))
    _sign_in(world)
    if world.host.said_by != NAMED_BY_PROJECT:
        remember_host(world, world.host)  # by what setup writes the next command finds it
    answers = _answers(world, flags, before)
    if before is not None and not flags.local and "--host" not in context.arguments.values:
        answers = replace(answers, host=before.host)
    project = _project(context, answers, before)
    report = update_code(world, project)
    return _summary(world, project, report)


def _host(context: Context, flags: Flags, before: ProjectFile | None) -> Host:
    """The server; a local one runs by then."""
    stated, said_by = _stated_host(context, flags, before)
    if stated.strip() == LOCAL_HOST:
        started_server(context)
    return host_from(stated, said_by=said_by, server_folder=context.folders.server)


def _stated_host(context: Context, flags: Flags, before: ProjectFile | None) -> tuple[str, str]:
    """A server's URL or "local", and who said so."""
    flag = context.arguments.values.get("--host")
    if flags.local:
        if flag not in (None, LOCAL_HOST):
            raise UsageError("--local and --host cannot be used together.", "Pass one of them.")
        return LOCAL_HOST, "--local"
    if flag:
        return flag, "--host"
    if variable := context.variable("MTRIBES_HOST"):
        return variable, "MTRIBES_HOST"
    return (before.host, NAMED_BY_PROJECT) if before else (_asked_host(context, flags), "you")


def _asked_host(context: Context, flags: Flags) -> str:
    known = context.credentials.hosts()
    if len(known) == 1:
        return known[0]
    if not asks(context, flags):
        raise UsageError("No server specified.", "Pass --host URL, or --local for a server on this machine.")
    return context.console.ask("Server URL, or local", flag="--host", default=LOCAL_HOST)


def _sign_in(context: Context) -> None:
    me = ensure_signed_in(context, context.client.me)
    context.console.notice(f"Signed in to {context.host.url} as {me.label}.")


def _answers(context: Context, flags: Flags, before: ProjectFile | None) -> SetupAnswers:
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
            "Space",
            sorted(one.key for one in context.client.spaces(organization)),
            given=flags.space,
            remembered=before.space if before else None,
            default=LOCAL_SPACE if flags.local else None,
        ),
    )
    host = LOCAL_HOST if context.host.is_local else context.host.url
    return SetupAnswers(host, organization, space, chosen_targets(context, flags, before, space))


def _project(context: Context, answers: SetupAnswers, before: ProjectFile | None) -> ProjectFile:
    """The project file as it is to be; written together with the code."""
    path = before.path if before else context.working_folder.absolute() / PROJECT_FILE_NAME
    if not path.parent.is_dir():
        raise UsageError(f"No folder {path.parent}.", "Create it, or choose another one with -C DIR.")
    text = read_regular_file(path, MAX_PROJECT_FILE_BYTES).decode("utf-8-sig") if before else None
    try:
        wanted = project_text(text, answers)
    except (ValueError, RecursionError) as error:  # what tomllib reads and tomlkit does not
        raise ProjectError(f"Setup cannot change {path}: {error}.", "Edit it by hand.") from error
    project = parse_project_file(wanted, path)
    if not project.targets:
        raise UsageError("No target specified.", f"Pass {TARGET_FLAG}.")
    return project if wanted == text else project._replace(unsaved_text=wanted)


def _summary(context: Context, project: ProjectFile, report: PlanReport) -> Result:
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
    written = f"Wrote {project.path}, mtribes.lock and the code in {outputs}. Commit them all."
    return (written, f"See it live: {live}") if live else (written,)
