"""Asking the server that runs here how it is, over HTTP."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5


@dataclass(frozen=True)
class HealthResponse:
    """What came back; status 0 when nothing did."""

    status: int
    body: bytes


def send_request(url: str) -> HealthResponse:
    """The answer to a GET."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        return HealthResponse(response.status, response.read())
    except (OSError, http.client.HTTPException):
        return HealthResponse(0, b"")
    finally:
        connection.close()
