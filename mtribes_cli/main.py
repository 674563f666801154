"""The entry point: argv in, an exit code out. It imports only the command that is run."""

from __future__ import annotations

import gc
import os
import sys

from mtribes_cli import __version__

TYPE_CHECKING = False  # typing itself costs as much as all the rest of `--version`
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from mtribes_cli.context import Context

FULL_NAME = f"mtribes {__version__}"
ASKED_BY_A_SHELL = "__complete"  # at a TAB
_OBJECTS_BETWEEN_COLLECTIONS = 50_000  # what is imported stays: to look for garbage in it is for nothing


def run() -> NoReturn:
    """Run the `mtribes` program."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # before there was a command that could be told of it
        sys.exit(130)
    finally:
        gc.freeze()  # nor at the end, where the system takes all of it: a tenth of a short command


def main(argv: Sequence[str], context: Context | None = None) -> int:
    """Run `argv` in `context` (default: the context of this process) and return the exit code."""
    if context is None and list(argv) == ["--version"] and _is_version_told():
        return 0
    if context is None and argv[:1] == [ASKED_BY_A_SHELL] and "".join(argv[1:2]).isdecimal():
        from mtribes_cli.completion.engine import reply  # noqa: PLC0415 - a TAB alone needs it, and nothing else

        sys.stdout.write(reply(argv[1:]))
        return 0
    from mtribes_cli.cli import dispatch  # noqa: PLC0415 - what is above is answered before it is imported

    if context is None:
        from mtribes_cli.signals import heeded_signals  # noqa: PLC0415 - start-up time

        with heeded_signals():
            return dispatch(argv, context)
    return dispatch(argv, context)


def _is_version_told() -> bool:
    """Print the version; return False if stdout cannot be written."""
    try:
        os.write(sys.stdout.fileno(), f"{FULL_NAME}\n".encode())  # nothing stays in a buffer when it fails
    except (AttributeError, OSError):  # the first: stdout was closed by the parent, and is None
        return False
    return True
