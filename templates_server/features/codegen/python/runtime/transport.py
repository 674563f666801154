"""How requests go out: with urllib, or as the app has it."""

from __future__ import annotations

import functools
import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


class HttpRequest:
    """A request. Who sends it may have it cut when nobody needs the answer any more."""

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_seconds: float,
    ) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._cutters: list[Callable[[], object]] = []
        self._is_canceled = False

    @property
    def is_canceled(self) -> bool:
        """Whether nobody needs the answer any more."""
        return self._is_canceled

    def cancel(self) -> None:
        """Cut it."""
        with self._lock:
            self._is_canceled = True
            cutters, self._cutters = self._cutters, []
        for cut in cutters:
            cut()

    def when_canceled(self, cut: Callable[[], object]) -> None:
        """Have it called when the request is cut, at once where it was already."""
        with self._lock:
            if not self._is_canceled:
                self._cutters.append(cut)
                return
        cut()


@dataclass(frozen=True)
class HttpResponse:
    """The answer to a request."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Transport = Callable[[HttpRequest], HttpResponse]
"""Sends a request and waits for the answer; raises where there is none."""


def urllib_transport(request: HttpRequest) -> HttpResponse:
    """Send the request with urllib, through the proxies that the system names."""
    opener = urllib.request.build_opener(_Http(request), _Https(request), _NoRedirect())
    asked = urllib.request.Request(  # noqa: S310  the app says where the server is
        request.url,
        data=request.body,
        headers=dict(request.headers),
        method=request.method,
    )
    try:
        with opener.open(asked, timeout=request.timeout_seconds) as answer:
            return _response(answer.status, answer)
    except urllib.error.HTTPError as error:
        with error:
            return _response(error.code, error)


def _response(status: int, answer: Any) -> HttpResponse:
    given: Iterable[tuple[str, str]] = answer.headers.items()
    headers = {name.lower(): text for name, text in given}
    return HttpResponse(status, answer.read(), headers)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key goes to the host that the app names, and to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Leave it at the answer."""


class _Connection(http.client.HTTPConnection):
    asked: HttpRequest

    def connect(self) -> None:
        super().connect()
        self.asked.when_canceled(functools.partial(_shut_down, self.sock))


class _SecureConnection(http.client.HTTPSConnection):
    asked: HttpRequest

    def connect(self) -> None:
        super().connect()
        self.asked.when_canceled(functools.partial(_shut_down, self.sock))


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        connection.shutdown(socket.SHUT_RDWR)


class _Http(urllib.request.HTTPHandler):
    def __init__(self, request: HttpRequest) -> None:
        super().__init__()
        self._request = request

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open a connection that can be cut."""
        return self.do_open(self._connection, req)

    def _connection(self, host: str, **options: Any) -> _Connection:
        connection = _Connection(host, **options)
        connection.asked = self._request
        return connection


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, request: HttpRequest) -> None:
        super().__init__()
        self._request = request

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open a connection that can be cut."""
        return self.do_open(self._connection, req)

    def _connection(self, host: str, **options: Any) -> _SecureConnection:
        connection = _SecureConnection(host, context=_tls(), **options)
        connection.asked = self._request
        return connection


@functools.cache
def _tls() -> ssl.SSLContext:
    """Made once: it reads the certificates of all authorities."""
    return ssl.create_default_context()
