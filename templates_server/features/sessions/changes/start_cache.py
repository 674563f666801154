"""A per-process cache of session starts: the app's context and the states that were sent.

It holds digests of the sent states, not the states, which would stay in memory in every revision that a session saw.
The outline, common to all sessions of a revision, is held once and counted once.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from dataclasses import dataclass

import msgspec

from templates_server.features.people.last_session import AppFacts
from templates_server.features.sessions.changes.diff import KnownStates
from templates_server.features.sessions.compiled_states import StatesOutline, join_digests
from templates_server.features.sessions.evaluator import SessionEvaluation, StartContext
from templates_server.primitives.memory_size import measure_bytes

MOST_BYTES = 64 * 1024 * 1024
BYTES_OF_A_SESSION = 700  # its id, its entry, and the objects of what was said without the fields
BYTES_OF_AN_OUTLINE = 350  # its entry
BYTES_OF_AN_APP = 64  # the object of what is known of it, without the versions


class StartRecord(msgspec.Struct, frozen=True, gc=False):
    """The start of a session: the digests of the sent states, None if equal to the outline's, and the context.

    `bytes` is its size without the outline.
    """

    outline: StatesOutline
    digests: str | None
    context: StartContext | None
    bytes: int

    @property
    def told(self) -> KnownStates:
        """The states that the app has received."""
        return KnownStates(self.outline.names, self.digests or self.outline.untargeted_digests)


@dataclass(slots=True)
class _Held:
    """An outline, its size, and the number of sessions that hold it."""

    outline: StatesOutline
    bytes: int
    sessions: int = 0


class StartCache:
    """A cache of the latest sessions started in this process, limited by memory."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, StartRecord] = OrderedDict()
        self._outlines: dict[int, _Held] = {}
        self.bytes = 0
        """The memory used, counting each outline once."""

    def save(self, session_id: str, decided: SessionEvaluation) -> None:
        """Store the start of a session, evicting the oldest ones."""
        digests = None if decided.shown is decided.states.untargeted else join_digests(decided.shown)
        size = BYTES_OF_A_SESSION + _bytes_said(decided.context) + (sys.getsizeof(digests) if digests else 0)
        outline = decided.states.outline
        self._kept[session_id] = StartRecord(outline, digests, decided.context, size)
        self._hold(outline)
        self.bytes += size
        while self.bytes > self._most_bytes and self._kept:
            self._forget(self._kept.popitem(last=False)[1])

    def find(self, session_id: str) -> StartRecord | None:
        """Return the start of a session; None if it started elsewhere, or long ago."""
        return self._kept.get(session_id)

    def _hold(self, outline: StatesOutline) -> None:
        held = self._outlines.get(id(outline))
        if held is None:
            held = self._outlines[id(outline)] = _Held(outline, measure_bytes(outline) + BYTES_OF_AN_OUTLINE)
            self.bytes += held.bytes
        held.sessions += 1

    def _forget(self, started: StartRecord) -> None:
        held = self._outlines[id(started.outline)]
        held.sessions -= 1
        self.bytes -= started.bytes
        if not held.sessions:
            self.bytes -= self._outlines.pop(id(started.outline)).bytes


def _bytes_said(context: StartContext | None) -> int:
    """Return the memory used by the fields and the device sent by an app."""
    if context is None:
        return 0
    said, size_of = context.said, sys.getsizeof
    device = sum(size_of(text) for text in (said.device_os, said.device_model) if text) + _bytes_of_app(said.app)
    if not said.fields:
        return device
    return device + size_of(said.fields) + sum(size_of(name) + size_of(value) for name, value in said.fields.items())


def _bytes_of_app(app: AppFacts | None) -> int:
    if app is None:
        return 0
    return BYTES_OF_AN_APP + sum(sys.getsizeof(text) for text in (app.version, app.os_version) if text)
