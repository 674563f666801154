"""Checks of this machine: program, folders, keyring, project, terminal, completion. No request is sent."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mtribes_cli import __version__
from mtribes_cli.diagnostics.check import Check, Finding, bad, ok, warning
from mtribes_cli.errors import UsageError
from mtribes_cli.files.bounded_reader import MAX_SHELL_FILE_BYTES, read_regular_file

if TYPE_CHECKING:
    from mtribes_cli.context import Context

PRIVATE_BITS = 0o077


def checks_of_the_program() -> list[Check]:
    """Return the checks of the program: its version and installation."""
    return [Check("program", _program), Check("installed", _installed)]


def checks_of_this_machine(context: Context) -> list[Check]:
    """Return the checks of what the program works with on this machine."""
    return [
        Check("keyring", lambda: _keyring(context)),
        Check("project", lambda: _project(context)),
        Check("folders", lambda: _folders(context)),
        Check("terminal", lambda: _terminal(context)),
        Check("completion", lambda: _completion(context)),
    ]


def _program() -> Finding:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return ok(f"mtribes {__version__}, {python}, {platform.platform()}")


def _installed() -> Finding:
    from mtribes_cli.installation import installation  # noqa: PLC0415 - start-up time

    found = installation()
    return ok(f"{found.by}; upgrade: {found.upgrade}")


def _keyring(context: Context) -> Finding:
    """Test the keyring in a separate process, which is killed if it hangs."""
    from mtribes_cli.auth import keyring_store  # noqa: PLC0415 - start-up time

    path = context.credentials.path
    hosts = context.credentials.hosts()  # raises where the file is damaged
    kept = f"; signed in to {', '.join(hosts)}" if hosts else ""
    if path.exists() and sys.platform != "win32" and path.stat().st_mode & PRIVATE_BITS:
        return bad(
            f"{path} is readable by other users", f"Run `chmod 600 {path}`, then `mtribes logout` and `mtribes login`."
        )
    if keyring_store.works():
        return ok(f"the system keyring works{kept}")
    return ok(f"no keyring is available. Credentials are stored in {path}{kept}")


def _project(context: Context) -> Finding:
    from mtribes_cli.generate.drift import find_drift  # noqa: PLC0415 - start-up time

    project = context.project
    if project is None:
        return ok("no mtribes.toml in this folder or a parent folder")
    drift = find_drift(project)
    targets = ", ".join(f"{target.language} in {target.output}" for target in project.targets) or "no targets"
    what = f"{project.path}: {targets}"
    if drift.is_in_step:
        return ok(f"{what}; up to date")
    wrong = len(drift.changes) + len(drift.disagreements)
    return warning(f"{what}; {wrong} {'item is' if wrong == 1 else 'items are'} out of date", drift.verdict)


def _folders(context: Context) -> Finding:
    folders = {"settings": context.folders.config, "state": context.folders.state, "work": context.working_folder}
    for folder in folders.values():
        _try_to_write(folder)
    return ok("writable: " + ", ".join(f"{name} {folder}" for name, folder in folders.items()))


def _try_to_write(folder: Path) -> None:
    """Try to write into a folder, or where it would be created. Raises FileError or an OSError."""
    from mtribes_cli.files.errors import file_error  # noqa: PLC0415 - start-up time

    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    try:
        with tempfile.TemporaryFile(dir=there, prefix=".mtribes-doctor-") as file:
            file.write(b"x" * 4096)
            file.flush()
    except OSError as error:
        raise file_error(error, str(folder), cannot_be="written") from error


def _terminal(context: Context) -> Finding:
    stdin, stdout, stderr = context.streams
    names = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    terminals = [name for name, stream in names.items() if not stream.closed and stream.isatty()]
    environment = context.environment
    said = [
        f"{name}={environment[name]}" for name in ("TERM", "NO_COLOR", "CI", "LC_ALL", "LANG") if name in environment
    ]
    size = shutil.get_terminal_size()
    what = f"{' and '.join(terminals)} ({size.columns}x{size.lines})" if terminals else "none: no prompts, no color"
    return ok(", ".join([what, str(getattr(stderr, "encoding", "")), *said]))


def _completion(context: Context) -> Finding:
    from mtribes_cli.completion.install_paths import install_path, shell_of  # noqa: PLC0415 - start-up time
    from mtribes_cli.completion.scripts import SCRIPTS  # noqa: PLC0415 - start-up time

    try:
        shell = shell_of(context.environment)
        path = install_path(shell, context.environment, context.folders.config).path
    except UsageError as error:
        return ok(f"unknown: {error.what}")
    if not path.is_file():
        return ok(f"not installed for {shell}. Run `mtribes completion install` to install it")
    if read_regular_file(path, MAX_SHELL_FILE_BYTES) != SCRIPTS[shell].text.encode():
        return warning(f"the script for {shell} is from another version: {path}", "Run `mtribes completion install`.")
    return ok(f"installed for {shell}: {path}")
