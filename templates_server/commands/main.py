"""Joins the words of `mtribes-server`, and turns every way in which a command can end into an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version

import typer
from sqlalchemy.exc import DatabaseError, DBAPIError
from typer.exceptions import TyperException
from typer.main import get_command

from templates_server.commands import account, backup, logs, migrate, organization, restore, start, status, stop
from templates_server.commands.crash_report import write_traceback
from templates_server.commands.environment_variables import stripped_variables
from templates_server.commands.errors import CommandFailed, ExitCode, TryLater, WrongUsage
from templates_server.errors import ApiError, Unavailable
from templates_server.storage.postgresql_errors import Unreachable

PROGRAM = "mtribes-server"
OWNER_ONLY = 0o077
DAMAGED = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB"})

app = typer.Typer(
    name=PROGRAM,
    help="Run and maintain an mtribes server.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("start", help=start.HELP)(start.start)
app.command("status", help=status.HELP)(status.status)
app.command("stop", help=stop.HELP)(stop.stop)
app.command("logs", help=logs.HELP)(logs.logs)
app.command("migrate", help=migrate.HELP)(migrate.migrate)
app.command("backup", help=backup.HELP)(backup.backup)
app.command("restore", help=restore.HELP)(restore.restore)
app.add_typer(account.app, name="account", help="Manage accounts.")
app.add_typer(organization.app, name="organization", help="Manage organizations.")


def run_program(argv: Sequence[str]) -> int:
    """Run one command; every way in which it can end is told and becomes an exit code."""
    try:
        with _private_files(), stripped_variables():
            return _invoke(argv)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line: told below, a bug is written down
        failure, exit_code = _as_failure(error)
    sys.stderr.write(f"error: {failure.what}\nhint: {failure.advice}\n")
    return exit_code


@contextlib.contextmanager
def _private_files() -> Iterator[None]:
    """Whatever is written is for its owner's eyes: databases, keys, backups."""
    before = os.umask(OWNER_ONLY)
    try:
        yield
    finally:
        os.umask(before)


def _invoke(argv: Sequence[str]) -> int:
    words = list(argv) or ["--help"]
    if words == ["--version"]:
        sys.stdout.write(f"{PROGRAM} {version('mtribes')}\n")
        return ExitCode.DONE
    result = get_command(app).main(words, prog_name=PROGRAM, standalone_mode=False)
    return int(result or ExitCode.DONE)


def _as_failure(error: BaseException) -> tuple[CommandFailed, int]:
    failure = _to_command_failed(error)
    if failure is not None:
        return failure, failure.exit_code
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return CommandFailed(
            "Interrupted.", "No partial files were written. Run the command again."
        ), ExitCode.INTERRUPTED
    return _bug(error), ExitCode.BUG


def _to_command_failed(error: BaseException) -> CommandFailed | None:
    """The error as one with advice; None for an interruption or a bug."""
    match error:
        case CommandFailed():
            return error
        case TyperException():
            path = getattr(getattr(error, "ctx", None), "command_path", PROGRAM)
            return WrongUsage(" ".join(error.format_message().split()), f"Run `{path} --help` for usage.")
        case Unreachable():
            return (CommandFailed if error.is_final else TryLater)(error.reason, error.advice)
        case Unavailable():
            return TryLater(error.problems[0].message, "Check that the database is running, then try again.")
        case ApiError():
            return CommandFailed(error.problems[0].message, "Fix the problem above and run the command again.")
        case DatabaseError() if _is_damaged(error):
            return CommandFailed(
                f"The database file is damaged: {_one_line(error.orig)}.",
                "Stop the server, move the data directory away, and restore the latest backup into a new one.",
            )
        case DBAPIError():
            return TryLater(
                f"The database rejected the operation: {_one_line(error.orig)}",
                "Check that the database is running and that --database is correct.",
            )
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return CommandFailed(
                f"{place}{error.strerror or error}",
                "Check that the path is correct and writable, and that the disk has free space.",
            )
    return None


def _is_damaged(error: DatabaseError) -> bool:
    return getattr(error.orig, "sqlite_errorname", "") in DAMAGED


def _bug(error: BaseException) -> CommandFailed:
    path = write_traceback(error)
    return CommandFailed(
        f"Internal error in mtribes-server: {type(error).__name__}", f"Please report it and attach {path}."
    )


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
