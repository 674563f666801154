"""Detects whether Enter was pressed at the terminal, without waiting for it."""

from __future__ import annotations

import sys
from typing import TextIO


def enter_was_pressed(stdin: TextIO) -> bool:
    """Return whether a line was typed since the last call; it is read."""
    try:
        descriptor = stdin.fileno()
    except (OSError, ValueError):  # not a file: reading from it does not wait
        return bool(stdin.readline())
    return _is_typed(descriptor) and bool(stdin.readline())


if sys.platform == "win32":

    def _is_typed(_descriptor: int) -> bool:
        import msvcrt  # noqa: PLC0415 - of this system alone

        return msvcrt.kbhit()

else:

    def _is_typed(descriptor: int) -> bool:
        import select  # noqa: PLC0415 - start-up time

        return bool(select.select([descriptor], [], [], 0)[0])
