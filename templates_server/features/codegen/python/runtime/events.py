"""Events are collected, and sent in batches until the server has them."""

from __future__ import annotations

import atexit
import json
import math
import re
import time
import weakref
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from .client import Client
from .clock import after
from .limits import (
    AT_EXIT_SECONDS,
    COLLECTING_MSEC,
    LONGEST_UNKNOWN,
    MOST_BYTES_AT_ONCE,
    MOST_EVENT_BYTES,
    MOST_EVENTS_AT_ONCE,
    MOST_EVENTS_QUEUED,
    MOST_REFUSALS_AT_ONCE,
)
from .log import Log
from .monitor import Monitor
from .retry import Cancel, Pauses
from .sender import Reply, Sender
from .values import ensure

Done = Future[None]
_PATH = re.compile(r'"path": *"\[?(\d{1,9})(?!\d)')


class EventQueue:
    """The events of a space; the oldest go when there are too many."""

    def __init__(
        self, sender: Sender, pauses: Pauses, client: Client, log: Log, monitor: Monitor
    ) -> None:
        self._sender = sender
        self._pauses = pauses
        self._client = client
        self._log = log
        self._monitor = monitor
        self._waiting: dict[str, str] = {}
        """The events as they will be sent, with whom each is for; "": the first key."""
        self._at_once = MOST_EVENTS_AT_ONCE
        self._failures = 0
        self._refusals = 0
        self._is_closed = False
        self._cancel: Cancel | None = None
        self._sending: Done | None = None

    def add(self, event: Mapping[str, object]) -> None:
        """Take an event; Nonsense where it is too large."""
        given = {name: part for name, part in event.items() if part is not None}
        text = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
        size = len(text.encode("utf-8"))
        ensure(size <= MOST_EVENT_BYTES, f"more than {MOST_EVENT_BYTES} bytes")
        with self._monitor:
            if self._client.tracking:
                self._waiting[text] = self._sender.destination
                self._collect()

    def flush(self) -> Done:
        """Send what is waiting; done when that is so or has failed."""
        with self._monitor:
            self._wake()
            self._claim()
            if self._sending:
                return self._sending
            done = Done()
            if self._next():
                self._sending = done
                self._send()
            else:
                done.set_result(None)
            return done

    def drop_all(self) -> None:
        """Consent is withdrawn: what waits is dropped."""
        self._wake()
        self._waiting.clear()

    def close(self) -> Done:
        """Send what is waiting, and then no more."""
        with self._monitor:
            self._is_closed = True
            done = Done()
            self.flush().add_done_callback(lambda _: self._end(done))
            return done

    def finish(self, deadline: float) -> None:
        """The program ends: send what is waiting from this thread."""
        while (seconds := deadline - time.monotonic()) > 0:
            with self._monitor:
                self._claim()
                batch = self._next()
            if not batch:
                return
            body = f"[{','.join(batch)}]"
            if not self._sender.post_now("/events", body, seconds).is_success:
                return
            with self._monitor:
                self._drop(batch)

    def _end(self, done: Done) -> None:
        with self._monitor:
            self._wake()
            if self._waiting:
                self._log(f"events not sent: {len(self._waiting)}")
            done.set_result(None)

    def _claim(self) -> None:
        """Events that were recorded before there was a key are for the first."""
        to = self._sender.destination
        for event, known in self._waiting.items():
            if not known:
                self._waiting[event] = to

    def _drop(self, events: list[str]) -> None:
        for event in events:
            self._waiting.pop(event, None)

    def _wake(self) -> None:
        """End a pause."""
        if self._cancel:
            self._cancel()
        self._cancel = None

    def _collect(self) -> None:
        over = list(self._waiting)[: max(0, len(self._waiting) - MOST_EVENTS_QUEUED)]
        if over:
            self._log.once(f"dropped events: more than {MOST_EVENTS_QUEUED}")
            self._drop(over)
        if self._is_closed or self._cancel or self._sending or not self._waiting:
            return
        _send_at_exit(self)
        self._cancel = after(COLLECTING_MSEC, self._flush_now).cancel

    def _flush_now(self) -> None:
        self.flush()

    def _next(self) -> list[str]:
        """The oldest events that are for where it sends now, and fit."""
        batch: list[str] = []
        room = MOST_BYTES_AT_ONCE
        to = self._sender.destination
        for event, known in self._waiting.items():
            if len(batch) == self._at_once:
                break
            size = len(event.encode("utf-8")) + 1
            if known == to != "" and size <= room:
                room -= size
                batch.append(event)
        return batch

    def _send(self) -> None:
        batch = [] if self._cancel else self._next()
        if not batch:
            done, self._sending = self._sending, None
            if done:
                done.set_result(None)
            return
        self._sender.post(
            "/events", f"[{','.join(batch)}]", lambda reply: self._take(batch, reply)
        )

    def _take(self, batch: list[str], reply: Reply) -> None:
        with self._monitor:
            if reply.is_success:
                self._drop(batch)
                # Where something in between takes no more, so many it takes.
                self._at_once = min(2 * self._at_once, MOST_EVENTS_AT_ONCE)
                self._failures = self._refusals = 0
            elif not reply.is_refusal or not self._refuse(batch, reply.text):
                self._failures += 1
                self._cancel = self._pauses.begin(
                    self._failures,
                    reply.status,
                    reply.retry_after_msec,
                    self._flush_now,
                )
            self._send()

    def _refuse(self, batch: list[str], text: str) -> bool:
        """Drop those that are named, or find them by halves; False: too often."""
        named = {int(place) for place in _PATH.findall(text)}
        is_alone = len(batch) == 1
        bad = [event for at, event in enumerate(batch) if at in named or is_alone]
        self._at_once = math.ceil(len(batch) / 2)
        if bad:
            self._at_once = MOST_EVENTS_AT_ONCE
            names = ", ".join(map(_name_of, bad))[:LONGEST_UNKNOWN]
            told = text[:LONGEST_UNKNOWN]
            self._log(f"refused events: {len(bad)}, such as {names}: {told}")
            self._drop(bad)
        self._failures = 0
        self._refusals += 1
        return self._refusals <= MOST_REFUSALS_AT_ONCE


def _name_of(event: str) -> Any:
    return json.loads(event)["name"]


_queues: weakref.WeakSet[EventQueue] = weakref.WeakSet()


def _send_at_exit(queue: EventQueue) -> None:
    if not _queues:
        atexit.unregister(_finish_all)
        atexit.register(_finish_all)
    _queues.add(queue)


def _finish_all() -> None:
    deadline = time.monotonic() + AT_EXIT_SECONDS
    for queue in list(_queues):
        queue.finish(deadline)
