"""How a command ends other than well: one line of what happened, one of what to do, and the exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command tells the shell; the same numbers as those of `mtribes`."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_ALL_WELL = 3  # done, and the answer is: not running, not ready
    BUG = 70
    TRY_LATER = 75
    INTERRUPTED = 130


class CommandFailed(Exception):
    """The command could not do it."""

    exit_code = ExitCode.FAILED

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


class WrongUsage(CommandFailed):
    """The command was not given what it needs."""

    exit_code = ExitCode.USAGE


class TryLater(CommandFailed):
    """Something that the command needs does not answer now."""

    exit_code = ExitCode.TRY_LATER
