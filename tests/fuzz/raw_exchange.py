"""Bytes sent to a server as they are, and what comes back."""

from __future__ import annotations

import contextlib
import socket
from urllib.parse import urlsplit


def exchange(url: str, request: bytes, *, seconds: float) -> bytes:
    """Return what the server at a URL answers until it ends the connection, or for so long."""
    parts = urlsplit(url)
    answer = bytearray()
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=seconds) as connection:
        with contextlib.suppress(
            TimeoutError, ConnectionError
        ):  # it has refused before all was sent: the answer is there
            connection.sendall(request)
        with contextlib.suppress(TimeoutError, ConnectionError):  # a stream that is open; an end without a farewell
            while piece := connection.recv(65_536):
                answer += piece
    return bytes(answer)


def status_of(answer: bytes) -> int:
    """Return the status of an answer; 0 for none."""
    lines = answer.split(b"\r\n")
    heads = [line.split(b" ") for line in lines[:3] if line.startswith(b"HTTP/1.1 ")]
    statuses = [int(head[1]) for head in heads if len(head) > 1 and head[1].isdigit()]
    return next((status for status in statuses if status != 100), 0)
