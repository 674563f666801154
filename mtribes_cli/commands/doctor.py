"""`mtribes doctor`: what is wrong between here and the server, and what to do; fit to be pasted into a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import typer

from mtribes_cli.context import Context
from mtribes_cli.diagnostics.check import Finding, State, findings
from mtribes_cli.diagnostics.local_checks import checks_of_the_program, checks_of_this_machine
from mtribes_cli.diagnostics.server_checks import ServerChecks
from mtribes_cli.errors import ExitCode, Problem
from mtribes_cli.terminal.result import Block, Result, Table

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command("doctor")
def doctor_command(call: typer.Context) -> Result:
    """Check the installation, the project and the connection to the server. Secrets are not printed.

    $ mtribes doctor
    """
    return doctor(call.obj)


def doctor(context: Context) -> Result:
    """Every finding; exit 3 when something will not work."""
    checks = [*checks_of_the_program(), *ServerChecks(context).checks(), *checks_of_this_machine(context)]
    found = findings(context, checks)
    wrong = [one for one in found if one.state is State.BAD]
    problems = tuple(Problem(one.detail, one.name, "UNWELL") for one in wrong)
    return Result(
        {"checks": [_as_json(one) for one in found]},
        (Table((), [(one.state.value, one.name, one.detail) for one in found]), *_advice(found)),
        ExitCode.NOT_ALL_WELL if wrong else ExitCode.DONE,
        problems if context.console.style.json else (),  # as text they are part of the block
    )


def _as_json(one: Finding) -> dict[str, str | None]:
    return {"name": one.name, "state": one.state.value, "detail": one.detail, "advice": one.advice or None}


def _advice(found: Sequence[Finding]) -> Iterator[Block]:
    """What to do, the worst first."""
    unwell = sorted((one for one in found if one.advice), key=lambda one: one.state is not State.BAD)
    yield ""
    if not unwell:
        yield "All checks passed." if all(one.state is State.OK for one in found) else "No errors found."
        return
    yield "To fix:"
    for one in unwell:
        yield f"  {one.name}: {one.advice}"
