"""The `mtribes-server` program: takes argv and returns an exit code. The commands are in `commands`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from templates_server.commands.main import run_program


def run() -> NoReturn:
    """Run the `mtribes-server` program."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Run the command of `argv` and return the exit code."""
    return run_program(argv)


if __name__ == "__main__":
    run()
