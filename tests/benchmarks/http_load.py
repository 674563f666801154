"""Requests over a number of connections, each sent as soon as the one before is answered; how many a second."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import uvloop

LENGTH = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: (\d+)")
END_OF_HEAD = b"\r\n\r\n"


@dataclass
class Load:
    """What is sent where: requests as their bytes, one after the other and over again, by `connections` at once.

    It takes `seconds`.
    """

    url: str
    requests: Sequence[bytes]
    expected_status: bytes = b"200"
    connections: int = 16
    seconds: float = 3.0
    warm_up_seconds: float = 0.5
    answered: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Begin with the first."""
        self.next_request = itertools.cycle(self.requests).__next__

    def per_second(self) -> float:
        """Answers a second, once it is warm; RuntimeError at the first answer of another status."""
        return uvloop.run(self._run())

    async def _run(self) -> float:
        parts, loop = urlsplit(self.url), asyncio.get_running_loop()
        finished: asyncio.Future[None] = loop.create_future()
        for _ in range(self.connections):
            await loop.create_connection(lambda: _Connection(self, finished), parts.hostname or "", parts.port or 0)
        await asyncio.wait((finished,), timeout=self.warm_up_seconds)
        before, began = self.answered, time.perf_counter()
        await asyncio.wait((finished,), timeout=self.seconds)
        taken = time.perf_counter() - began
        if finished.done():
            finished.result()
        return (self.answered - before) / taken


class _Connection(asyncio.Protocol):
    def __init__(self, load: Load, finished: asyncio.Future[None]) -> None:
        self._load, self._finished = load, finished
        self._buffer = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._load.next_request())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(END_OF_HEAD)
        if not found:
            return
        length = LENGTH.search(head)
        if length and len(body) < int(length[1]):
            return
        if head[9:12] != self._load.expected_status:
            if not self._finished.done():
                self._finished.set_exception(RuntimeError(f"answered {head!r} {body!r}"))
            return
        self._buffer = b""
        self._load.answered += 1
        self._transport.write(self._load.next_request())


def post(path: str, body: bytes, *, bearer: str = "") -> bytes:
    """A POST of JSON as its bytes."""
    credentials = f"Authorization: Bearer {bearer}\r\n" if bearer else ""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{credentials}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
