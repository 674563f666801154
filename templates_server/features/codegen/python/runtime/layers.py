"""The layers of an entity's state, and those who are told when it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from .limits import MOST_UNKNOWN
from .log import Log
from .monitor import Monitor, Outbox
from .values import MISSING, Nonsense, Note, read_or, unknown_entry

StateT = TypeVar("StateT")
Listener = Callable[[], object]
Stop = Callable[[], None]
"""Ends what it came from: `stop = header.on_change(...)`."""


class Surroundings(Protocol):
    """What an entity needs of the session that it belongs to."""

    monitor: Monitor
    outbox: Outbox
    log: Log

    def is_locking(self) -> bool:
        """Whether what is read now stays for the session."""
        ...

    def is_hidden(self) -> bool:
        """Whether what is served is somebody else's."""
        ...

    def is_test(self) -> bool:
        """Whether states of a test are served, in which much may be missing."""
        ...


class Listeners(Generic[StateT]):
    """Those who want to be told when a state has changed."""

    def __init__(
        self,
        name: str,
        of: Surroundings,
        first: Callable[[], StateT],
        current: Callable[[], StateT],
    ) -> None:
        self._failed = f"a listener of {name} failed"
        self._of = of
        self._first = first
        self._current = current
        self._all: dict[object, Listener] = {}
        self._told: StateT | None = None
        self._owed: dict[object, Listener] = {}
        """Those who were to be told of a state that changed before their turn."""

    def add(self, call: Listener) -> Stop:
        """Have it called after changes, until the returned function is called."""
        mark = object()
        if _is_function(call):
            with self._of.monitor:
                self._all[mark] = call
        else:
            self._of.log(self._failed, Nonsense("not a function"))

        def stop() -> None:
            with self._of.monitor:
                self._all.pop(mark, None)

        return stop

    def announce(self) -> None:
        """Call them if they were told of something else last."""
        if self._all:
            self._of.outbox.post(self._deliver)
        else:
            self._told = self._current()

    def _deliver(self) -> None:
        """Until one of them changes the state: then all are told of that."""
        with self._of.monitor:
            state = self._current()
            known = self._first() if self._told is None else self._told
            self._told = state
            owed = self._all if state != known else self._owed
            listeners, self._owed = dict(owed), {}
        while listeners:
            with self._of.monitor:
                if self._current() is not state:
                    self._owed = listeners
                    self.announce()
                    return
                mark = next(iter(listeners))
                call = listeners.pop(mark)
                is_here = mark in self._all
            if is_here:
                self._of.log.attempt(self._failed, call)


def _is_function(value: object) -> bool:
    return callable(value)


class Layers(Generic[StateT]):
    """An entity's state: locked by the session, latest, of before, fallback.

    `parse` reads what the server sent; its second argument stands in for what cannot be
    used. All is guarded by the monitor of `of`.
    """

    def __init__(
        self,
        of: Surroundings,
        entity: str,
        parse: Callable[[object, StateT, Note], StateT],
        read_fallback: Callable[[], StateT],
    ) -> None:
        self.unknown: list[str] = []
        """What could not be used of the latest state."""
        self._of = of
        self._entity = entity
        self._parse = parse
        self._read_fallback = read_fallback
        self._made: StateT | None = None
        self._start: StateT | None = None
        self._locked: StateT | None = None
        self._latest: StateT | None = None
        self._before: StateT | None = None
        self._wires: list[tuple[StateT, object]] = []
        self.listeners: Listeners[StateT] = Listeners(
            entity, of, self.fallback, self._current
        )

    def fallback(self) -> StateT:
        """What this code holds itself; it is read when it is first needed."""
        with self._of.monitor:
            if self._made is None:
                self._made = self._read_fallback()
            return self._made

    def initial(self) -> StateT:
        """What a snapshot began with, else the fallback."""
        with self._of.monitor:
            if self._start is None or self._of.is_hidden():
                return self.fallback()
            return self._start

    def read(self) -> StateT:
        """The state to show. While the session locks, it stays what was read first."""
        with self._of.monitor:
            if self._of.is_hidden():
                return self.fallback()
            state = self._current()
            if self._of.is_locking():
                self._locked = state
            return state

    def wire(self) -> Any:
        """What the server sent for what is shown; MISSING: the fallback is shown."""
        state = self._current()
        return next((wire for of, wire in self._wires if of is state), MISSING)

    def serve(self, wire: object) -> None:
        """Take a new state; one that is none at all is as good as no answer."""
        self.unknown = []
        nothing: StateT | None = None
        state = read_or(
            lambda value: self._parse(value, self.fallback(), self._note),
            wire,
            nothing,
            self._entity,
            self._note,
        )
        shown = self._current()
        self._latest = shown if state == shown else state
        self._before = None
        if self._latest is not None:
            self._know(self._latest, wire)

    def begin(self) -> None:
        """Have what is shown now as what it began with."""
        self._start = self._current()

    def keep(self) -> None:
        """The same person starts again: what is shown stays until there is newer."""
        self._before = self._locked or self._latest or self._before
        self._locked = self._latest = None

    def unlock(self) -> None:
        """Let what was read change."""
        self._locked = None

    def drop(self) -> None:
        """Nothing is served any more. What was read stays while the session locks."""
        self._latest = self._before = None
        # Who was served the same may have had more than this code knows.
        self._wires = [each for each in self._wires if each[0] is not self._made]
        self.unknown = []

    def _current(self) -> StateT:
        for state in (self._locked, self._latest, self._before):
            if state is not None:
                return state
        return self.fallback()

    def _know(self, state: StateT, wire: object) -> None:
        used = (self._made, self._locked)
        held = [each for each in self._wires if any(each[0] is of for of in used)]
        self._wires = [(state, wire), *(each for each in held if each[0] is not state)]

    def _note(self, place: str, value: object) -> None:
        if value is MISSING and self._of.is_test():
            return
        if len(self.unknown) < MOST_UNKNOWN:
            self.unknown.append(unknown_entry(place, value))
