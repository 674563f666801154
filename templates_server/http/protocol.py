"""HTTP/1.1 as uvicorn speaks it, within bounds that uvicorn leaves open: of time, size, number and form.

A connection is in one of a few states, each with a deadline: the head of a request is awaited or arrives, a body
arrives that nobody reads any more, an answer waits to be taken, or nothing happens. Bytes alone never move a deadline.
The time for a body that is read is in `request_body.py`; how many connections there may be in `connection_limits.py`.

What a proxy in front might read differently is refused before the application sees it: lengths stated twice or in two
ways, codings other than `chunked`, targets that are not paths. Trailers are dropped: they must not become headers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from templates_server.http.connection_limits import ConnectionLimiter, ConnectionRefusal
from templates_server.http.request_body import HAS_ARRIVED

HTTP_VERSIONS = frozenset({"1.0", "1.1"})
CHUNKED = b"chunked"
MALFORMED = ConnectionRefusal("400 Bad Request", "Invalid HTTP/1.1 request.")
TARGET_TOO_LONG = ConnectionRefusal("414 URI Too Long", "The URL is too long.")
HEAD_TOO_LARGE = ConnectionRefusal("431 Request Header Fields Too Large", "The headers are too large or too many.")
WHEN_STOPPING = "mtribes.when_stopping"
"""In the scope of a request: takes a callback for when the server is stopped while the request is served."""
TOO_MANY_CONNECTIONS = ConnectionRefusal("503 Service Unavailable", "Too many connections are open.")


class RefusedRequest(Exception):
    """Raised in a callback of the parser to stop it."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """A connection that keeps to the limits, or is closed."""

    transport: Any  # declared by uvicorn as set, while it is not before `connection_made`

    def __init__(self, connections: ConnectionLimiter, **made: Any) -> None:
        super().__init__(**made)
        self._all = connections
        self._limits = connections.limits
        self._address = ""
        self._running: RequestResponseCycle | None = None
        self._refusal: ConnectionRefusal | None = None  # for what the parser is stopped by
        self._is_refused = False
        self._in_head = True
        self._in_body = False
        self._head_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._write_deadline: asyncio.TimerHandle | None = None
        self._is_stopping = False
        self._on_stop: Callable[[], None] | None = None

    # What the transport calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock: a client that connects and sends nothing is disconnected."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        if self._all.admits(self._address):
            self._close_in(self._limits.head_timeout_seconds)
        else:
            self._refuse(TOO_MANY_CONNECTIONS)

    def data_received(self, data: bytes) -> None:
        """Parse further data, unless the head has grown too large or everything was received."""
        if self._is_refused:
            return
        was_in_head = self._in_head
        super().data_received(data)
        if self._in_head and was_in_head and not self._is_refused:
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.max_head_bytes:
                self._refuse(HEAD_TOO_LARGE)

    def pause_writing(self) -> None:
        """The client reads its response more slowly than it is written; the deadline begins."""
        super().pause_writing()
        self._write_deadline = self.loop.call_later(self._limits.write_timeout_seconds, self._abort)

    def resume_writing(self) -> None:
        """The client has read a good part; the deadline ends."""
        super().resume_writing()
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection was lost: cancel all deadlines."""
        self._all.release(self._address)
        self._stop_waiting()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Continue until the current response is complete; notify the handler of a response that has no end."""
        super().shutdown()
        self._is_stopping = True
        if self._on_stop is not None:
            self._on_stop()

    # What the parser calls

    def on_message_begin(self) -> None:
        """A request begins: its head is expected."""
        if len(self.pipeline) >= self._limits.max_pipelined:
            self._stop_parser(MALFORMED)
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self._close_in(self._limits.head_timeout_seconds)

    def on_url(self, url: bytes) -> None:
        """Receive a piece of the target."""
        super().on_url(url)
        if len(self.url) > self._limits.max_target_bytes:
            self._stop_parser(TARGET_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Receive a header; after the body it is a trailer, which is dropped."""
        if not self._in_head:
            return
        super().on_header(name, value)
        if len(self.headers) > self._limits.max_headers:
            self._stop_parser(HEAD_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """The head is complete: handle the request if it is unambiguous."""
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self._limits.max_head_bytes:
            self._stop_parser(HEAD_TOO_LARGE)
        if not self._is_plain():
            self._stop_parser(MALFORMED)
        self._in_head = False
        self._in_body = True
        self._stop_waiting()
        super().on_headers_complete()
        if self.parser.should_upgrade():  # ignored (RFC 9110, 7.8), but the parser is of no more use
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """The request is complete."""
        super().on_message_complete()
        self._in_body = False
        if self.cycle.response_complete:
            self._close_in(self._limits.idle_timeout_seconds)

    def on_response_complete(self) -> None:
        """The response was written: continue with the next request, or wait a while for one."""
        super().on_response_complete()
        if self.transport.is_closing():  # once the client has taken the answer
            self._do_in(self._limits.write_timeout_seconds, self._abort)
        elif self._in_body and self.cycle.response_complete:
            self._close_in(self._limits.linger_seconds)
        elif not self._in_head and self.cycle.response_complete:
            self._close_in(self._limits.idle_timeout_seconds)

    # How it is done

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        scope: MutableMapping[str, Any] = cycle.scope  # type: ignore[assignment]  # more than the standard's own names
        scope[HAS_ARRIVED] = lambda: not cycle.more_body
        self._on_stop = None
        scope[WHEN_STOPPING] = self._call_when_stopping
        super()._start_asgi_task(cycle, app)

    def _call_when_stopping(self, act: Callable[[], None]) -> None:
        self._on_stop = act
        if self._is_stopping:
            act()

    def _is_plain(self) -> bool:
        """Return whether the request is unambiguous (RFC 9112, 3.2, 6.1 and 6.3)."""
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        version = self.parser.get_http_version()
        is_upgrade_with_body = self.parser.should_upgrade() and any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
            for name, value in self.headers
        )
        return (
            version in HTTP_VERSIONS
            and self.url.startswith(b"/")
            and (not codings or (version != "1.0" and [coding.lower() for coding in codings] == [CHUNKED]))
            and not is_upgrade_with_body
        )

    def _stop_parser(self, refusal: ConnectionRefusal) -> None:
        """Have the parser raise, so that `send_400_response` says why."""
        self._refusal = refusal
        raise RefusedRequest(refusal.reason)

    def send_400_response(self, _message: str) -> None:
        """Reject the request that stopped the parser."""
        self._refuse(self._refusal or MALFORMED)

    def _refuse(self, refusal: ConnectionRefusal) -> None:
        """Serve nothing more and say why, but never in the middle of another response."""
        self._is_refused = True
        self.pipeline.clear()
        running = self._running
        if running is None or running.response_complete:
            self._say_last(refusal)
        elif running is self.cycle and self._in_body:
            self._abandon(running, refusal)
        else:
            running.keep_alive = False

    def _abandon(self, running: RequestResponseCycle, refusal: ConnectionRefusal) -> None:
        """Reject the request that is being handled: its body is malformed."""
        running.disconnected = True
        running.message_event.set()
        if running.response_started:
            self.transport.close()
        else:
            self._say_last(refusal)

    def _say_last(self, refusal: ConnectionRefusal) -> None:
        if not self.transport.is_closing():
            self.transport.write(refusal.encoded())
            self.transport.close()
            self._do_in(self._limits.linger_seconds, self._abort)

    def _close_in(self, seconds: float) -> None:
        self._do_in(seconds, self._close)

    def _do_in(self, seconds: float, act: Callable[[], None]) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(seconds, act)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self) -> None:
        """Close the connection; at once if the client does not read what was written."""
        self.transport.close()
        self._do_in(self._limits.linger_seconds, self._abort)

    def _abort(self) -> None:
        self.transport.abort()
