"""Parameters of a query or a form, decoded strictly, with every value, so that repeated ones can be rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

from templates_server.errors import BadRequest
from templates_server.http import request_body

MAX_PARAMETERS = 64
FORM_TYPE = "application/x-www-form-urlencoded"
FILES_TYPE = "multipart/form-data"


@dataclass(frozen=True)
class SentFile:
    """A file of a form: its name at the sender, and its content."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Parameters:
    """Values by name, in the order in which they were sent, and files by name if the form has some."""

    values: Mapping[str, Sequence[str]]
    files: Mapping[str, SentFile] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        """Return the first value of a name; an empty one counts as not sent (RFC 6749, 3.1)."""
        return next(iter(self.values.get(name, ())), None) or None

    def text(self, name: str) -> str:
        """Return the first value of a name; empty if it was not sent."""
        return self.get(name) or ""

    @property
    def repeated(self) -> frozenset[str]:
        """Return the names that were sent more than once."""
        return frozenset(name for name, values in self.values.items() if len(values) > 1)


def decode(encoded: bytes, *, most: int = MAX_PARAMETERS) -> Parameters:
    """Decode the parameters of `a=b&c=d`; BadRequest if they are not UTF-8, contain NUL, or are too many."""
    try:
        pairs = parse_qsl(encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError:
        raise BadRequest("The parameters are not percent-encoded UTF-8, or there are too many.") from None
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise BadRequest("A parameter contains a NUL character.")
        values.setdefault(name, []).append(value)
    return Parameters(values)


def decode_form(request: Request, body: bytes, *, most: int = MAX_PARAMETERS) -> Parameters:
    """Decode the parameters of a form in the body; UnsupportedMediaType if the body is something else."""
    request_body.require_media_type(request, FORM_TYPE)
    return decode(body, most=most)
