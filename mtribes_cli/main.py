"""The entry point: argv in, an exit code out. Joins the words of `commands` without importing those not asked for."""

from __future__ import annotations

import sys

from mtribes_cli import __version__

TYPE_CHECKING = False  # typing itself costs as much as all the rest of `--version`
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from mtribes_cli.context import Context

FULL_NAME = f"mtribes {__version__}"


def run() -> NoReturn:
    """The `mtribes` program."""
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # before there was a command that could be told of it
        sys.exit(130)


def main(argv: Sequence[str], context: Context | None = None) -> int:
    """Do what `argv` asks in `context` (default: this process's world); what the shell is to be told."""
    if context is None and list(argv) == ["--version"]:
        sys.stdout.write(f"{FULL_NAME}\n")
        return 0
    from mtribes_cli.dispatch import dispatch  # noqa: PLC0415 - the version is answered before anything is imported

    return dispatch(argv, context)
