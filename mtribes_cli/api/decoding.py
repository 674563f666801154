"""Decodes JSON responses: an error names a field with a wrong type; unknown fields are ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from types import NoneType
from typing import Annotated, Any, Self, TypeVar, cast, get_args, get_origin, get_type_hints

from mtribes_cli.errors import AnswerError

Value = TypeVar("Value")
MAX_WHOLE = 2**63 - 1
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can write what no file can hold
UPGRADE_ADVICE = (
    "Check the host, and that the versions of `mtribes` and the server are compatible. Use --verbose to "
    "see the request."
)


class JsonObject:
    """An object of a response, and its place in the response."""

    def __init__(self, value: object, place: str = "answer") -> None:
        self._values = _mapping(value, place)
        self._place = place

    def text(self, name: str) -> str:
        """Return a required string."""
        return _text(self._values.get(name), f"{self._place}.{name}")

    def secret(self, name: str) -> str:
        """Return a string that can be sent in a header: visible ASCII only (RFC 6749, A.12). Not repeated in errors."""
        text = self.text(name)
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise _not(f"{self._place}.{name}", "a valid token")
        return text

    def optional_secret(self, name: str) -> str | None:
        """Return a secret, or None if it is null, absent or empty."""
        return self.secret(name) if self.optional_text(name) else None

    def identifier(self, name: str) -> str:
        """Return an ID of the server that becomes part of a path: letters, digits, `_` and `-` only."""
        text = self.text(name)
        if not _IDENTIFIER.fullmatch(text):
            raise _not(f"{self._place}.{name}", "a valid ID")
        return text

    def optional_text(self, name: str) -> str | None:
        """Return a string, or None if it is null or absent."""
        return self.text(name) if self._values.get(name) is not None else None

    def whole(self, name: str) -> int:
        """Return a required whole number that fits into 64 bits."""
        value = self._one_of(name, int, "an integer")
        if isinstance(value, bool) or abs(value) > MAX_WHOLE:
            raise _not(f"{self._place}.{name}", "an integer")
        return value

    def optional_whole(self, name: str) -> int | None:
        """Return a whole number, or None if it is null or absent."""
        return self.whole(name) if self._values.get(name) is not None else None

    def number(self, name: str) -> float:
        """Return a required finite number, whole or not."""
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_WHOLE:
            raise _not(f"{self._place}.{name}", "a number")
        return float(value)

    def flag(self, name: str) -> bool:
        """Return a required boolean."""
        return self._one_of(name, bool, "true or false")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings."""
        return self.many(name, _text)

    def any(self, name: str) -> object:
        """Return any value; None if it is null or absent."""
        return self._values.get(name)

    def mapping(self, name: str) -> Mapping[str, object]:
        """Return an object whose shape is not checked here."""
        return _mapping(self._values.get(name), f"{self._place}.{name}")

    def text_mapping(self, name: str) -> Mapping[str, str]:
        """Return an object of strings."""
        return {key: _text(value, f"{self._place}.{name}.{key}") for key, value in self.mapping(name).items()}

    def many(self, name: str, read: Callable[[object, str], Value]) -> tuple[Value, ...]:
        """Return a list, each item decoded by `read(item, place)`."""
        return items(self._values.get(name), read, f"{self._place}.{name}")

    def keyed(self, name: str, read: Callable[[object, str], Value]) -> tuple[Value, ...]:
        """Return an object of objects, each decoded by `read(object, place)` with its key as the field `key`."""
        placed = ((key, value, f"{self._place}.{name}.{key}") for key, value in self.mapping(name).items())
        return tuple(read({**_mapping(value, place), "key": key}, place) for key, value, place in placed)

    def embedded(self, read: Callable[[object, str], Value]) -> Value:
        """Return the object itself, decoded by `read(object, place)`, as a model whose fields are spread over it."""
        return read(self._values, self._place)

    def nested(self, name: str, read: Callable[[object, str], Value]) -> Value:
        """Return an object, decoded by `read(object, place)`."""
        return read(self.mapping(name), f"{self._place}.{name}")

    def optional(self, name: str, read: Callable[[object, str], Value]) -> Value | None:
        """Return an object, decoded by `read(object, place)`; None if it is null or absent."""
        return None if self._values.get(name) is None else self.nested(name, read)

    def _one_of(self, name: str, kind: type[Value], words: str) -> Value:
        value = self._values.get(name)
        if not isinstance(value, kind):
            raise _not(f"{self._place}.{name}", words)
        return value


Reader = Callable[[JsonObject, str], object]
"""Reads the field of that name."""


@dataclass(frozen=True)
class Field:
    """How a field of a model is read where its type alone does not say it, as in `Annotated[str, Field("token")]`."""

    name: str | None = None
    """What it is called in JSON; None: as in the model."""
    reader: Reader | None = None
    """How it is read; None: by its type."""
    default: object = None
    """What it is where it is null or absent; None: then it is read all the same."""
    is_embedded: bool = False
    """Its own fields stand among those of the object around it."""


class Model:
    """A dataclass that the server sends: each field is decoded as its annotated type."""

    @classmethod
    def read(cls, value: object, place: str) -> Self:
        """Decode `value` at `place` of a response. Raises AnswerError with the place of a wrong type."""
        return decode(cls, value, place)


def decode(model: type[Value], value: object, place: str) -> Value:
    """Return `value`, which stands at `place` of an answer, as a dataclass whose annotations say what is in it."""
    fields = JsonObject(value, place)
    return model(**{name: read(fields, name) for name, read in _readers(cast("type", model)).items()})


_READERS: Mapping[object, Reader] = {
    str: JsonObject.text,
    str | None: JsonObject.optional_text,
    int: JsonObject.whole,
    int | None: JsonObject.optional_whole,
    float: JsonObject.number,
    bool: JsonObject.flag,
    object: JsonObject.any,
    tuple[str, ...]: JsonObject.texts,
    Mapping[str, object]: JsonObject.mapping,
    Mapping[str, str]: JsonObject.text_mapping,
}


@cache
def _readers(model: type) -> Mapping[str, Reader]:
    """Return how each field of a model is decoded."""
    return {name: _reader(annotation) for name, annotation in get_type_hints(model, include_extras=True).items()}


def _reader(annotation: Any) -> Reader:
    if get_origin(annotation) is Annotated:
        kind, field = get_args(annotation)
        return _reader_of_field(kind, field)
    if annotation in _READERS:
        return _READERS[annotation]
    if get_origin(annotation) is tuple:
        [item, _] = get_args(annotation)
        read = _mapping if item == Mapping[str, object] else partial(decode, item)
        return lambda fields, name: fields.many(name, read)
    if NoneType in get_args(annotation):
        (kind,) = [one for one in get_args(annotation) if one is not NoneType]
        return lambda fields, name: fields.optional(name, partial(decode, kind))
    return lambda fields, name: fields.nested(name, partial(decode, annotation))


def _reader_of_field(kind: Any, field: Field) -> Reader:
    """Return how a field is decoded that has more rules than its type."""
    if field.is_embedded:
        return lambda fields, _: fields.embedded(partial(decode, kind))
    read = field.reader or _reader(kind)

    def read_field(fields: JsonObject, name: str) -> object:
        sent = field.name or name
        is_absent = field.default is not None and fields.any(sent) is None
        return field.default if is_absent else read(fields, sent)

    return read_field


def items(value: object, read: Callable[[object, str], Value], place: str) -> tuple[Value, ...]:
    """Return a list, each item decoded by `read(item, place)`."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _not(place, "a list")
    return tuple(read(item, f"{place}[{number}]") for number, item in enumerate(value))


def _mapping(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _not(place, "an object")
    return value


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise _not(place, "text")
    if _LONE_SURROGATE.search(value):
        raise _not(place, "valid UTF-8 text")
    return value


def _not(place: str, words: str) -> AnswerError:
    return AnswerError(f"Invalid response from the server: {place} is not {words}.", UPGRADE_ADVICE)
