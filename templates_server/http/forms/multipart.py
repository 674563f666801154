"""Forms with files (`multipart/form-data`, RFC 7578), decoded from a body whose size was limited before."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from templates_server.errors import BadRequest
from templates_server.http.forms.urlencoded import Parameters, SentFile

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # what it warns of, the answer says
NOT_A_FORM = "The body is not a valid form, or it is incomplete."
MAX_FIELD_BYTES = 64 * 1024


def decode_multipart(content_type: str, body: bytes, *, most: int) -> Parameters:
    """Decode the fields and the files of a form; BadRequest if it is invalid, or has more than `most` parts.

    Of files with the same name the first counts. A file that was not chosen, which has no name, is ignored.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise BadRequest("The Content-Type of a form with files must have a boundary.")
    parts = _Parts(most)
    try:
        parser = MultipartParser(boundary, parts.callbacks)
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise BadRequest(NOT_A_FORM) from None
    if not parts.is_whole:
        raise BadRequest(NOT_A_FORM)
    return parts.parameters()


@dataclass
class _Part:
    """A field or a file while it is being parsed."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)

    @property
    def names(self) -> tuple[str, str | None]:
        """Return the name of the field and, if it is a file, of the file."""
        options = parse_options_header(self.headers.get(b"content-disposition", b""))[1]
        if b"name" not in options:
            raise BadRequest("A part of the form has no name.")
        file = options.get(b"filename")
        return _text(options[b"name"]), None if file is None else file.decode("utf-8", "replace")


class _Parts:
    """Collects parts from the callbacks of the parser."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._parts: list[_Part] = []
        self._header, self._value = bytearray(), bytearray()
        self.is_whole = False

    @property
    def callbacks(self) -> MultipartCallbacks:
        """Return the callbacks for the parser."""
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._add,
            "on_header_field": self._add_header,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_end": self._end,
        }

    def parameters(self) -> Parameters:
        """Return all parameters."""
        values: dict[str, list[str]] = {}
        files: dict[str, SentFile] = {}
        for part in self._parts:
            name, file = part.names
            if file is None:
                values.setdefault(name, []).append(_text(part.content))
            elif file:
                files.setdefault(name, SentFile(file, bytes(part.content)))
        return Parameters(values, files)

    def _begin(self) -> None:
        if len(self._parts) >= self._most:
            raise BadRequest("The form has too many fields.")
        self._parts.append(_Part())

    def _add(self, data: bytes, start: int, end: int) -> None:
        self._parts[-1].content += memoryview(data)[start:end]

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._parts[-1].headers[bytes(self._header).lower()] = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _end(self) -> None:
        self.is_whole = True


def _text(content: bytes | bytearray) -> str:
    """Return a field as text; BadRequest if it is not text, or too long."""
    if len(content) > MAX_FIELD_BYTES:
        raise BadRequest("A form field is too long.")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise BadRequest("A form field is not valid UTF-8.") from None
    if "\0" in text:
        raise BadRequest("A form field contains a NUL character.")
    return text
