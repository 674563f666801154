"""A file over HTTP, complete or in part (RFC 9110, 14), read in pieces outside the event loop."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from templates_server.errors import RangeNotSatisfiable
from templates_server.primitives.integers import whole_number

PIECE_BYTES = 512 * 1024
LAST_PLACE = 10**18 - 1
ONE_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))")


def file_response(path: Path, headers: Mapping[str, str], *, entity_tag: str, media_type: str) -> Response:
    """Return a response to `Range` and `If-Range`; for several ranges or an unreadable one, the complete file."""
    size = path.stat().st_size
    start, end = 0, size
    status = HTTPStatus.OK
    asked = ONE_RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    if asked and headers.get("if-range", entity_tag) == entity_tag and not _is_backwards(asked):
        start, end = _bounds(asked, size)
        status = HTTPStatus.PARTIAL_CONTENT
    said = {"Accept-Ranges": "bytes", "ETag": entity_tag, "Content-Length": str(end - start)}
    if status is HTTPStatus.PARTIAL_CONTENT:
        said["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return _FilePart(_pieces(path, start, end), status, said, media_type)


class _FilePart(StreamingResponse):
    """A file read in pieces and closed when the client disconnects."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces."""
        async with aclosing(self.body_iterator):  # type: ignore[type-var]  # what `_pieces` gives can be closed
            await super().__call__(scope, receive, send)


def _is_backwards(asked: re.Match[str]) -> bool:
    first, last = _place(asked[1]), _place(asked[2])
    return first is not None and last is not None and last < first


def _place(digits: str | None) -> int | None:
    return None if digits is None else whole_number(digits, most=LAST_PLACE)


def _bounds(asked: re.Match[str], size: int) -> tuple[int, int]:
    """Return the start and the exclusive end. Raise RangeNotSatisfiable when the range is outside the file."""
    first, last, suffix = map(_place, asked.groups())
    start = first if first is not None else max(size - (suffix or 0), 0)
    end = min(last + 1, size) if last is not None else size
    if start >= end:
        raise RangeNotSatisfiable(size)
    return start, end


def _open_now(path: Path) -> BinaryIO:
    """Open the file synchronously: if a client disconnected while a thread opened it, it would stay open."""
    return path.open("rb", 0)


async def _pieces(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    file = _open_now(path)
    reading: asyncio.Future[bytes] | None = None
    try:
        file.seek(start)
        left = end - start
        while left > 0:
            reading = asyncio.get_running_loop().run_in_executor(None, file.read, min(PIECE_BYTES, left))
            piece = await asyncio.shield(reading)
            if not piece:
                raise OSError(f"{path} was truncated")
            left -= len(piece)
            yield piece
    finally:
        if reading is None or reading.done():
            file.close()
        else:  # whoever fetches it went away: the thread is still at it, and must find the file open
            reading.add_done_callback(lambda _: file.close())
