"""The entry point: argv in, an exit code out. Joins the words of `commands` without importing those not asked for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from mtribes_cli import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtribes_cli.context import Context

FULL_NAME = f"mtribes {__version__}"


def run() -> NoReturn:
    """The `mtribes` program."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str], context: Context | None = None) -> int:
    """Do what `argv` asks in `context` (default: this process's world); what the shell is to be told."""
    if context is None and list(argv) == ["--version"]:
        sys.stdout.write(f"{FULL_NAME}\n")
        return 0
    from mtribes_cli.dispatch import dispatch  # noqa: PLC0415 - the version is answered before anything is imported

    return dispatch(argv, context)
