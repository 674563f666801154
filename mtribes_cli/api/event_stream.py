"""Parses server-sent events (WHATWG HTML, 9.2.6) and remembers where to resume. Nothing is sent from here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mtribes_cli.errors import AnswerError

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_LOOK_AT_HOST = "Check the host, and whether a proxy or sign-in page intercepts the connection."


class Message(NamedTuple):
    """A message: its event type and its data in UTF-8."""

    kind: str
    data: bytes


class EventStreamReader:
    """Reads messages from the streams of one place, one after the other. `last_id` is where to resume.

    A message that the stream before had already, after the same id, is left out.
    """

    def __init__(self) -> None:
        self.last_id = ""
        self._told: list[Message] = []  # since that id
        self.begin()

    def begin(self) -> None:
        """Begin to read another stream; an unfinished message of the previous one is dropped."""
        self._again = list(self._told)
        self._rest = b""
        self._forget_fields()

    def _forget_fields(self) -> None:
        self._kind = ""
        self._id: str | None = None
        self._data: list[bytes] = []

    def messages(self, piece: bytes) -> Iterator[Message]:
        """Yield the messages that end in this piece. Raises AnswerError for one that is too long."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            message = self._message(line.removesuffix(b"\r"))
            if message is not None:
                yield message
        if len(self._rest) + sum(map(len, self._data)) > MAX_MESSAGE_BYTES:
            raise AnswerError("The server sent an unterminated message on the event stream.", _LOOK_AT_HOST)

    def _message(self, line: bytes) -> Message | None:
        """Return the message that ends with a line, unless it was received before; an empty line ends one."""
        if line:
            self._take(line)
            return None
        message = Message(self._kind or "message", b"\n".join(self._data)) if self._data else None
        message = None if message is None or self._was_told(message) else message
        if message is not None:
            self._told.append(message)
        if self._id is not None:
            self.last_id, self._told, self._again = self._id, [], []
        self._forget_fields()
        return message

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._kind = value.decode("utf-8", errors="replace")
        elif name == b"id" and value.isascii() and value.decode("ascii").isprintable():
            self._id = value.decode("ascii")

    def _was_told(self, message: Message) -> bool:
        """Return whether the previous stream had the message; each counts once."""
        if message not in self._again:
            return False
        self._again.remove(message)
        return True
