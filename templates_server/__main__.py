"""The `mtribes-server` program: argv in, an exit code out. The words themselves are in `commands`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from templates_server.commands.main import run_program


def run() -> NoReturn:
    """The `mtribes-server` program."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Do what `argv` asks; what the shell is to be told."""
    return run_program(argv)


if __name__ == "__main__":
    run()
