"""`mtribes update`: bring the generated code in step with its Spaces, or with `--check` only look."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from mtribes_cli.context import Context
from mtribes_cli.errors import ExitCode, UsageError
from mtribes_cli.generate.drift import NOT_IN_STEP, find_drift
from mtribes_cli.generate.worktree import Change, ChangeKind
from mtribes_cli.project.project_file import ProjectFile, needed_project, normal_output
from mtribes_cli.terminal.result import Result

if TYPE_CHECKING:
    from mtribes_cli.generate.fetch import GeneratedOutput, GenerationScope

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class UpdateOptions(NamedTuple):
    """The options of one run."""

    outputs: tuple[str, ...] = ()
    force: bool = False
    dry_run: bool = False
    diff: bool = False
    revision: int | None = None
    latest: bool = False
    offline: bool = False
    discard_recovery: bool = False


@app.command()
def update(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="OUTPUT", help="Only the target with this output folder. Repeatable."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite generated files that were edited.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the changes without writing files.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the changes in each file without writing files.")] = False,
    revision: Annotated[
        int | None, typer.Option("--revision", metavar="N", min=0, help="Generate from this revision of the Space.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing. Exit with 3 if files or mtribes.toml are out of date.")
    ] = False,
    latest: Annotated[
        bool, typer.Option("--latest", help="With --check, also exit with 3 if the server has newer code.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="With --check, do not contact the server.")] = False,
    discard_recovery: Annotated[
        bool,
        typer.Option(
            "--discard-recovery", help="Delete the leftovers of an interrupted write instead of rolling it back."
        ),
    ] = False,
) -> Result:
    """Regenerate all targets of mtribes.toml. Either all files are written or none.

    $ mtribes update

    $ mtribes update --check --offline
    """
    context: Context = call.obj
    project = needed_project(context.project, context.working_folder)
    outputs = _known_outputs(project, target or ())
    wishes = UpdateOptions(outputs, force, dry_run, diff, revision, latest, offline, discard_recovery)
    _refuse_contradictions(wishes, check=check)
    if check and offline:
        return _check(context, project, wishes)
    from mtribes_cli.auth.flow_selection import ensure_signed_in  # noqa: PLC0415 - start-up time

    work = _check if check else _preview if dry_run or diff else _write
    return ensure_signed_in(context, lambda: work(context, project, wishes))


def _known_outputs(project: ProjectFile, outputs: Sequence[str]) -> tuple[str, ...]:
    known = [target.output for target in project.targets]
    wanted = tuple(normal_output(output) for output in outputs)
    for output in wanted:
        if output not in known:
            raise UsageError(
                f"No target '{output}' in mtribes.toml.", f"Pass one of these to --target: {', '.join(known)}."
            )
    return wanted


def _refuse_contradictions(wishes: UpdateOptions, *, check: bool) -> None:
    if not check and (wishes.latest or wishes.offline):
        raise UsageError("--latest and --offline require --check.", "Add --check, or remove them.")
    if check and (wishes.force or wishes.dry_run or wishes.diff):
        raise UsageError("--check, --dry-run and --diff cannot be used together.", "Pass only --check.")
    if wishes.discard_recovery and (check or wishes.dry_run or wishes.diff):
        raise UsageError("--discard-recovery cannot be used with --check, --dry-run or --diff.", "Pass one of them.")
    if wishes.offline and (wishes.latest or wishes.revision is not None):
        raise UsageError("--offline cannot be used with --latest or --revision.", "Remove one of them.")


def _write(context: Context, project: ProjectFile, wishes: UpdateOptions) -> Result:
    from mtribes_cli.generate.updater import update_code  # noqa: PLC0415 - start-up time

    written = update_code(
        context,
        project,
        wishes.outputs,
        is_forced=wishes.force,
        is_discarding=wishes.discard_recovery,
        revision=wishes.revision,
    )
    return written.result()


def _preview(context: Context, project: ProjectFile, wishes: UpdateOptions) -> Result:
    """What `_write` would do; FileError where it would refuse."""
    from mtribes_cli.generate.fetch import check_ownership, plan_of  # noqa: PLC0415 - start-up time
    from mtribes_cli.generate.updater import PlanReport, differences  # noqa: PLC0415 - start-up time

    scope, outputs = _ask(context, project, wishes)
    found = plan_of(scope, outputs, is_forced=wishes.force)
    if not wishes.diff:
        check_ownership(found)
    report = PlanReport.of(found, outputs)
    return report.preview(differences(scope.tree, found) if wishes.diff else None)


def _ask(
    context: Context, project: ProjectFile, wishes: UpdateOptions
) -> "tuple[GenerationScope, list[GeneratedOutput]]":
    from mtribes_cli.generate.fetch import scope_of  # noqa: PLC0415 - start-up time
    from mtribes_cli.generate.updater import fetch_code, warn_local_port_mismatch  # noqa: PLC0415 - start-up time

    scope = scope_of(project, wishes.outputs)
    warn_local_port_mismatch(context, project)
    return scope, fetch_code(context, scope, wishes.revision)


def _check(context: Context, project: ProjectFile, wishes: UpdateOptions) -> Result:
    drift = find_drift(project, wishes.outputs)
    available: list[Change] = [] if wishes.offline else _available(context, project, wishes)
    counted = [*drift.changes, *available] if wishes.latest else [*drift.changes]
    is_well = drift.is_in_step and not (wishes.latest and available)
    data = {
        "in_step": is_well,
        "counts": {kind.value: sum(change.kind is kind for change in counted) for kind in ChangeKind},
        "changes": _as_json(counted),
        "available": _as_json(available),
    }
    return Result(
        data,
        (*_lines(counted), NOT_IN_STEP if drift.is_in_step and not is_well else drift.verdict),
        ExitCode.DONE if is_well else ExitCode.NOT_ALL_WELL,
        drift.disagreements,
    )


def _available(context: Context, project: ProjectFile, wishes: UpdateOptions) -> list[Change]:
    """What the server would change of files that are as they were written; said as a notice."""
    from mtribes_cli.generate.updater import available_changes, newer_notices  # noqa: PLC0415 - start-up time

    scope, outputs = _ask(context, project, wishes)
    changes = available_changes(scope, outputs)
    for notice in newer_notices(scope, outputs, changes):
        context.console.notice(notice)
    return changes


def _lines(changes: Sequence[Change]) -> list[str]:
    return [f"{change.kind.value:<9} {change.path}" for change in changes]


def _as_json(changes: Sequence[Change]) -> list[dict[str, str]]:
    return [{"path": change.path, "change": change.kind.value} for change in changes]
