"""Signals other than Ctrl-C that end the program: they become an exception, so that nothing is half-written."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

NAMES = ("SIGTERM", "SIGHUP")  # the second: the terminal was closed; not on Windows


class EndedBySignal(KeyboardInterrupt):
    """Raised wherever the program is; its text is the signal's name."""


@contextmanager
def heeded_signals() -> Iterator[None]:
    """Let the signals that would end this process at once raise; those that the parent had ignored stay ignored.

    When all is done they no longer count: the program is about to end anyway, and its exit code stands.
    """
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _raise)
    yield
    for name in ("SIGINT", *NAMES):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    raise EndedBySignal(signal.Signals(number).name)
