"""Reads bodies within limits of size, time and depth, decompresses them as a stream, and decodes them."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol, TypeVar

import msgspec
import zstandard
from starlette.requests import ClientDisconnect, Request

from templates_server.errors import (
    BadRequest,
    ErrorDetail,
    RequestTimedOut,
    TooLarge,
    UnsupportedMediaType,
    ValidationFailed,
)
from templates_server.primitives.integers import whole_number
from templates_server.primitives.json_depth import check_depth
from templates_server.settings import Limits

Decoded = TypeVar("Decoded")
HAS_ARRIVED = "mtribes.body_has_arrived"  # in the scope: tells whether all of the body is here (`protocol.py`)
GZIP_WINDOW_BITS = 31
INFLATED_CHUNK_BYTES = 64 * 1024
MOST_MEMBERS = 10_000  # of a compressed body; an empty one takes 20 bytes and inflates to none
ESCAPED_NUL = b"\\u0000"
ALL_DIGITS_ZERO = bytes.maketrans(b"123456789", b"000000000")
GIANT = b"0" * 19  # an integer of 64 bits has 19 digits at most
MAX_INTEGER = 2**63 - 1


class Inflater(Protocol):
    """Decompresses a content encoding piece by piece."""

    def inflate(self, chunk: bytes) -> Iterator[bytes]:
        """Decompress a piece, in pieces of limited size."""

    def finish(self) -> None:
        """Raise BadRequest if the stream was truncated."""


class _Identity:
    def inflate(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def finish(self) -> None:
        """Accept any end."""


class _Members:
    """A content of one gzip member or zstd frame after the other, all of which count (RFC 1952, 2.2; RFC 8878, 3).

    What stands behind one must be another. The input is taken in slices, so that none of them can grow without bound
    before it is counted, and none is copied again for each of the members in it.
    """

    coding = ""
    slice_bytes = 0

    def __init__(self) -> None:
        self._stream = self._new_stream()
        self._left = MOST_MEMBERS

    def inflate(self, chunk: bytes) -> Iterator[bytes]:
        for start in range(0, len(chunk), self.slice_bytes):
            rest = chunk[start : start + self.slice_bytes]
            while rest:
                if self._stream.eof:
                    self._next_member()
                piece, rest = self._step(rest)
                yield piece

    def finish(self) -> None:
        if not self._stream.eof:
            raise BadRequest(f"The {self.coding} body is incomplete.")

    def _next_member(self) -> None:
        self._left -= 1
        if not self._left:
            raise BadRequest(
                f"A {self.coding} body can have at most {MOST_MEMBERS:,} members. Compress it as one member."
            )
        self._stream = self._new_stream()

    def _step(self, rest: bytes) -> tuple[bytes, bytes]:
        """Decompress the first part of the input; return the result and the remaining input."""
        raise NotImplementedError

    def _new_stream(self) -> Any:
        """Return a new decompressor for one member."""
        raise NotImplementedError


class _Gzip(_Members):
    coding = "gzip"
    slice_bytes = 4096

    def _new_stream(self) -> Any:
        return zlib.decompressobj(GZIP_WINDOW_BITS)

    def _step(self, rest: bytes) -> tuple[bytes, bytes]:
        try:
            piece = self._stream.decompress(rest, INFLATED_CHUNK_BYTES)
        except zlib.error as error:
            raise BadRequest("The body is not valid gzip.") from error
        return piece, self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail


class _Zstandard(_Members):
    coding = "zstd"
    slice_bytes = 256

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024)
        super().__init__()

    def _new_stream(self) -> Any:
        return self._decompressor.decompressobj()

    def _step(self, rest: bytes) -> tuple[bytes, bytes]:
        try:
            piece = self._stream.decompress(rest)
        except zstandard.ZstdError as error:
            raise BadRequest("The body is not valid zstd.") from error
        return piece, self._stream.unused_data if self._stream.eof else b""


def _inflater(request: Request) -> Inflater:
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding == "identity":
        return _Identity()
    if encoding == "gzip":
        return _Gzip()
    if encoding == "zstd":
        return _Zstandard()
    raise UnsupportedMediaType(f"Unsupported content encoding {encoding!r}. Use gzip or zstd.")


async def read_body(request: Request, max_bytes: int, limits: Limits) -> bytes:
    """Return the whole body, decompressed; TooLarge, RequestTimedOut, BadRequest or UnsupportedMediaType.

    It has the time of the limits, extended as long as it arrives at the least pace.
    """
    if whole_number(request.headers.get("content-length", "0"), most=max_bytes) is None:
        raise TooLarge(f"The body is too large. The maximum is {max_bytes} bytes.")
    has_arrived = request.scope.get(HAS_ARRIVED)
    if has_arrived is not None and has_arrived() and "content-encoding" not in request.headers:
        return await _take_buffered(request, max_bytes)
    try:
        async with asyncio.timeout(limits.body_timeout_seconds) as deadline:
            return await _read_inflated(_read_paced(request, deadline, limits), _inflater(request), max_bytes)
    except TimeoutError:
        raise RequestTimedOut(f"The body did not arrive within {limits.body_timeout_seconds:g} seconds.") from None
    except ClientDisconnect:
        raise BadRequest("The body is incomplete.") from None


async def _take_buffered(request: Request, max_bytes: int) -> bytes:
    """Return a plain body that has arrived whole; nothing is awaited, so nothing needs a deadline."""
    message = await request.receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise BadRequest("The body is incomplete.")
    if len(body) > max_bytes:
        raise TooLarge(f"The body is too large. The maximum is {max_bytes} bytes.")
    return body


async def _read_paced(request: Request, deadline: asyncio.Timeout, limits: Limits) -> AsyncIterator[bytes]:
    """Return the pieces of the body; each extends the deadline by the time that it may take."""
    async for chunk in request.stream():
        deadline.reschedule((deadline.when() or 0) + len(chunk) / limits.min_body_bytes_a_second)
        yield chunk


async def _read_inflated(chunks: AsyncIterator[bytes], inflater: Inflater, max_bytes: int) -> bytes:
    body = bytearray()
    sent_bytes = 0
    async for chunk in chunks:
        sent_bytes += len(chunk)
        if sent_bytes > max_bytes:  # what inflates to nothing has no end otherwise
            raise TooLarge(f"The body is too large. The maximum is {max_bytes} bytes.")
        for piece in inflater.inflate(chunk):
            body += piece
            if len(body) > max_bytes:
                raise TooLarge(f"The decompressed body is too large. The maximum is {max_bytes} bytes.")
    inflater.finish()
    return bytes(body)


def require_media_type(request: Request, *accepted: str) -> str:
    """Return the media type of the body, one of those accepted; UnsupportedMediaType names them."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in accepted:
        raise UnsupportedMediaType(f"Send the body as {' or '.join(accepted)}, not {sent or 'without a Content-Type'}.")
    return sent


def decode_text(body: bytes) -> str:
    """Return the body as text; BadRequest unless it is UTF-8 (RFC 8259, 8.1)."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not valid UTF-8 at byte {error.start}.") from None


def decode_json(body: bytes, kind: type[Decoded], *, max_depth: int) -> Decoded:
    """Decode the body as a type; BadRequest if it is not JSON, ValidationFailed if it does not match the type."""
    decode_text(body)
    check_depth(body, max_depth)
    try:
        decoded = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        _readable(body)  # the decoder stops where the type is wrong: behind that it may not be JSON at all
        message, _, path = str(error).partition(" - at `")
        raise ValidationFailed(
            [ErrorDetail(path.rstrip("`").removeprefix("$").removeprefix("."), message + ".")]
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"The request body is not valid JSON: {error}.") from None
    if ESCAPED_NUL in body or GIANT in body.translate(ALL_DIGITS_ZERO):
        refuse_unstorable(_readable(body))
    return decoded


def _readable(body: bytes) -> Any:
    """Return the body; BadRequest unless all of it is JSON with numbers in range."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"The request body is not valid JSON: {error}.") from None


def group_problems_by_field(value: Any, kind: type[msgspec.Struct], path: str = "") -> list[ErrorDetail]:
    """Return the problems of each field of a decoded object; the decoder itself stops at the first one.

    Null counts as not given.
    """
    if not isinstance(value, dict):
        return [ErrorDetail(path, "This must be an object.")]
    problems = []
    for field in msgspec.structs.fields(kind):
        try:
            msgspec.convert(value.get(field.encode_name), field.type)
        except msgspec.ValidationError as error:
            message, _, inner = str(error).partition(" - at `$")
            name = f"{path}.{field.encode_name}" if path else field.encode_name
            problems.append(ErrorDetail(name + inner.rstrip("`"), f"{message}."))
    return problems


def refuse_unstorable(value: Any) -> None:
    """Raise ValidationFailed if a decoded value contains a NUL character or a number that is too large."""
    found = _unstorable(value)
    if found is not None:
        path, message = found
        raise ValidationFailed([ErrorDetail(path.removeprefix("."), message)])


def _unstorable(value: Any) -> tuple[str, str] | None:
    """Return the path of the first value that cannot be stored, and the reason."""
    if isinstance(value, str):
        return ("", "Text must not contain a NUL character.") if "\0" in value else None
    if isinstance(value, int):
        return ("", "A whole number must fit in 64 bits.") if abs(value) > MAX_INTEGER else None
    if isinstance(value, dict):
        for key, item in value.items():
            if "\0" in key:
                return f".{key!r}", "Text must not contain a NUL character."
            if (found := _unstorable(item)) is not None:
                return f".{key}{found[0]}", found[1]
    if isinstance(value, list):
        for number, item in enumerate(value):
            if (found := _unstorable(item)) is not None:
                return f"[{number}]{found[0]}", found[1]
    return None
