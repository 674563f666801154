"""Who called `start` of the default session, as far as that can be told."""

from __future__ import annotations

from contextvars import ContextVar

from .limits import MOST_SPACES_REMEMBERED


class Caller:
    """Somebody who started a session: a thread, a task, a request."""

    def __init__(self, of: object) -> None:
        self.of = of
        self.is_refused = False
        """Their start was refused: nothing of anybody else may be shown to them."""


_callers: ContextVar[tuple[Caller, ...]] = ContextVar("mtribes callers", default=())


def enter_caller(of: object) -> Caller:
    """The caller of this moment; what they do from here on is theirs."""
    caller = Caller(of)
    others = [other for other in _callers.get() if other.of is not of]
    _callers.set((*others[-MOST_SPACES_REMEMBERED:], caller))
    return caller


def is_refused_here(of: object) -> bool:
    """Whether who looks now was refused."""
    return any(each.of is of and each.is_refused for each in _callers.get())
