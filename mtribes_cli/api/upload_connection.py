"""Large bodies over `http.client`: a part of an import, handed to the socket as it is. Not for use through a proxy.

`transport` decides who is trusted and what a failure means, as for every other request.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from contextlib import suppress
from ssl import SSLContext
from urllib.parse import urlsplit

PIECE_BYTES = 128 * 1024
"""The size of a write; each has the time of the silence timeout, since a slow line is not a dead one."""
_GONE = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ConnectionAbortedError)


class UploadConnection:
    """A connection to one server, kept between requests."""

    def __init__(self, base_url: str, trust: SSLContext, *, connect_seconds: float, silence_seconds: float) -> None:
        parts = urlsplit(base_url)
        is_encrypted = parts.scheme == "https"
        name, port = parts.hostname or "", parts.port
        self._http = (
            http.client.HTTPSConnection(name, port, timeout=connect_seconds, context=trust)
            if is_encrypted
            else http.client.HTTPConnection(name, port, timeout=connect_seconds)
        )
        self._silence_seconds = silence_seconds
        self._connect_seconds = connect_seconds

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def send(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, max_answer_bytes: int
    ) -> tuple[int, dict[str, str], bytes]:
        """Return the status, the headers (names in lower case), and the wanted part of the body and one byte more.

        Raises OSError, ConnectError around it if no connection was made, and HTTPException.
        """
        was_kept = self._http.sock is not None
        try:
            return self._sent(method, url, body, headers, max_answer_bytes)
        except _GONE:
            self._http.close()
            if not was_kept:
                raise
        except BaseException:
            self._http.close()
            raise
        return self._sent(method, url, body, headers, max_answer_bytes)

    def _sent(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], max_answer_bytes: int
    ) -> tuple[int, dict[str, str], bytes]:
        if self._http.sock is None:
            self._connect()
        parts = urlsplit(url)
        self._http.putrequest(
            method, parts.path + (f"?{parts.query}" if parts.query else ""), skip_accept_encoding=True
        )
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self._http.putheader(name, value)
        self._http.endheaders()
        with suppress(BrokenPipeError, ConnectionResetError):  # the server may have answered before it read all
            self._send_body(body)
        answer = self._http.getresponse()
        content = _whole(answer, max_answer_bytes)
        if answer.will_close or not answer.isclosed():
            self._http.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content

    def _connect(self) -> None:
        self._http.timeout = self._connect_seconds
        try:
            self._http.connect()
        except OSError as error:
            raise ConnectError from error
        self._http.sock.settimeout(self._silence_seconds)

    def _send_body(self, body: bytes) -> None:
        view = memoryview(body)
        for start in range(0, len(body), PIECE_BYTES):
            self._http.sock.sendall(view[start : start + PIECE_BYTES])


def _whole(answer: http.client.HTTPResponse, max_bytes: int) -> bytes:
    """Return the complete body. `http.client` takes truncated headers and bodies for complete ones."""
    content = answer.read(max_bytes + 1)
    if len(content) <= max_bytes and not answer.chunked and answer.length != 0:  # None: its length was never told
        raise http.client.IncompleteRead(content)
    return content


class ConnectError(Exception):
    """Raised if no connection was made; the reason is its cause."""
