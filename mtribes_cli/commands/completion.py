"""`mtribes completion`: let the shell complete words of `mtribes`."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated, Literal

import typer

from mtribes_cli.completion.install_paths import install_path, shell_of
from mtribes_cli.completion.scripts import SCRIPTS
from mtribes_cli.context import Context
from mtribes_cli.errors import FileError
from mtribes_cli.files.atomic_file import write_whole
from mtribes_cli.files.bounded_reader import MAX_SHELL_FILE_BYTES, read_regular_file
from mtribes_cli.terminal.result import Document, Result

app = typer.Typer(rich_markup_mode=None, add_completion=False)
Shell = Literal["bash", "zsh", "fish", "powershell"]
_MARK = b"Made by `mtribes completion show "


@app.command("install")
def install_command(
    call: typer.Context,
    shell: Annotated[
        Shell | None, typer.Argument(metavar="[SHELL]", help="Shell (default: the current shell).")
    ] = None,
) -> Result:
    """Install the completion script for your shell. Shell settings are not changed.

    $ mtribes completion install
    """
    return install(call.obj, shell)


@app.command("show")
def show_command(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")],
) -> Result:
    """Print the completion script of a shell.

    $ source <(mtribes completion show bash)
    """
    return show(shell)


def install(context: Context, shell: str | None) -> Result:
    """Where the script is now, what it still needs, and how to undo it."""
    name = shell or shell_of(context.environment)
    place = install_path(name, context.environment, context.folders.config)
    is_changed = _written(place.path, SCRIPTS[name].text.encode())
    said = f"{'Wrote' if is_changed else 'Already installed:'} {place.path}"
    undo = f"To uninstall: rm {quote(str(place.path))}"
    if len(place.advice) > 1:
        undo += " , and remove the lines that you added to your settings"
    data = {"shell": name, "path": str(place.path), "changed": is_changed, "advice": list(place.advice)}
    return Result(data, (said, *place.advice, undo))


def show(shell: str) -> Result:
    """The script, as it is installed."""
    text = SCRIPTS[shell].text
    return Result({"shell": shell, "script": text}, (Document(text),))


def _written(path: Path, script: bytes) -> bool:
    """Whether the file had to be written. Raises FileError for one that we did not make."""
    try:
        before = read_regular_file(path, MAX_SHELL_FILE_BYTES)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    else:
        if before == script:
            return False
        if _MARK not in before:
            raise FileError(
                f"{path} already exists and was not created by mtribes.", "Move it, then run the command again."
            )
    write_whole(path, script)
    return True
