"""What all sessions of a space share."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from .client import Changes, Client
from .events import EventQueue
from .log import Log
from .monitor import Monitor
from .report import Report
from .retry import Pauses
from .sender import Sender
from .served import GeneratedCode
from .storage import Store

if TYPE_CHECKING:
    from .session import SessionOf


class Core:
    """The client, the events and the connections of a space."""

    def __init__(self, key: str, host: str, code: GeneratedCode) -> None:
        self.key = key
        self.code = code
        self.monitor = Monitor()
        self.log = Log(self.monitor)
        self.client = Client(host, self.monitor, self.log, self._changes())
        self.pauses = Pauses()
        self.sender = Sender(self.client, self.monitor)
        self.events = EventQueue(
            self.sender, self.pauses, self.client, self.log, self.monitor
        )
        self.report = Report(
            Store(key, self.client, lambda: self.client.storage),
            self.client,
            lambda: code.hash + self.sender.destination,
        )
        self.sessions: weakref.WeakSet[SessionOf[Any, Any]] = weakref.WeakSet()
        self.states: Mapping[str, Any] | None = None
        """What a test says that is served; then there is no server."""
        self.is_bare = False
        """The server has refused what sessions say besides: they start without it."""
        self.closing: Future[None] | None = None

    @property
    def is_closed(self) -> bool:
        """Whether all is over."""
        return self.closing is not None

    def close(self) -> Future[None]:
        """End all that is under way, and send the events."""
        with self.monitor:
            if self.closing is None:
                # Nothing may begin from here on, so this is set before anybody is told.
                closing = self.closing = Future()
                for session in list(self.sessions):
                    session.close()
                self.events.close().add_done_callback(
                    lambda _: closing.set_result(None)
                )
            return self.closing

    def _changes(self) -> Changes:
        changes = Changes()
        changes.key = self._key_changed
        changes.lock = self._lock_changed
        changes.tracking = self._tracking_changed
        changes.network = self._network_is_back
        return changes

    def _network_is_back(self) -> None:
        self.pauses.hurry()

    def _key_changed(self) -> None:
        if not self.is_closed:
            self.events.flush()
            for session in list(self.sessions):
                session.key_changed()

    def _lock_changed(self) -> None:
        for session in list(self.sessions):
            session.lock_changed()

    def _tracking_changed(self) -> None:
        if not self.client.tracking:
            self.events.drop_all()
            self.report.clear()
        for session in list(self.sessions):
            session.tracking_changed()
