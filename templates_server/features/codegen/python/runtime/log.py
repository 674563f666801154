"""Tells developers what they should know."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from .limits import MOST_LOGGED_ONCE
from .monitor import Monitor, Outbox
from .values import MISSING, Nonsense, visible

Logger = Callable[[str], object]
"""Takes a message."""

ResultT = TypeVar("ResultT")


class Log:
    """The log of a space: its messages go to the app's logger, outside the lock."""

    def __init__(self, monitor: Monitor) -> None:
        self.logger: Logger | None = None
        self._monitor = monitor
        self._outbox = Outbox(monitor)
        self._told: set[str] = set()

    def __call__(self, message: str, cause: object = MISSING) -> None:
        """Tell the message, and what was raised or answered."""
        text = visible(message if cause is MISSING else f"{message}: {_text_of(cause)}")
        self._outbox.post(lambda: self._write(text))

    def once(self, message: str) -> None:
        """Tell the message, unless it was told before."""
        if self.is_news(message):
            self(message)

    def is_news(self, message: str) -> bool:
        """Whether it was not told before; from now on it was."""
        with self._monitor:
            if message in self._told or len(self._told) > MOST_LOGGED_ONCE:
                return False
            self._told.add(message)
            return True

    def attempt(self, what: str, call: Callable[[], ResultT]) -> ResultT | None:
        """Call; None where that fails, and a line says what, and why."""
        try:
            return call()
        except Exception as error:  # noqa: BLE001  nothing that an app gives gets through
            self(what, error)
            return None

    def _write(self, text: str) -> None:
        try:
            (self.logger or _report)(text)
        except Exception:  # noqa: BLE001  a logger that fails does no harm
            _report(text)


def _report(text: str) -> None:
    logging.getLogger("mtribes").error("%s", text)


def _text_of(cause: object) -> str:
    try:
        return str(cause) if isinstance(cause, (Nonsense, int)) else repr(cause)
    except Exception:  # noqa: BLE001  what an app raises may raise again
        return type(cause).__name__
