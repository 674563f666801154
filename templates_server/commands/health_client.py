"""Asking the server that runs here how it is, over HTTP."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5


@dataclass(frozen=True)
class HttpAnswer:
    """What came back; status 0 when nothing did."""

    status: int
    body: bytes


def ask(url: str) -> HttpAnswer:
    """The answer to a GET."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        return HttpAnswer(response.status, response.read())
    except (OSError, http.client.HTTPException):
        return HttpAnswer(0, b"")
    finally:
        connection.close()
