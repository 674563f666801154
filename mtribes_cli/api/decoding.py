"""Reading JSON that came over the wire: a field of a wrong type is named, a field nobody asks for is ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

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
    """An object of an answer, and where in the answer it stands."""

    def __init__(self, value: object, place: str = "answer") -> None:
        self._values = _mapping(value, place)
        self._place = place

    def text(self, name: str) -> str:
        """A string that must be there."""
        return _text(self._values.get(name), f"{self._place}.{name}")

    def secret(self, name: str) -> str:
        """A string that can be sent in a header: visible ASCII alone (RFC 6749, A.12). It is not repeated."""
        text = self.text(name)
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise _not(f"{self._place}.{name}", "a valid token")
        return text

    def identifier(self, name: str) -> str:
        """An id of the server's that becomes a part of a path here: letters, digits, `_` and `-` alone."""
        text = self.text(name)
        if not _IDENTIFIER.fullmatch(text):
            raise _not(f"{self._place}.{name}", "a valid ID")
        return text

    def optional_text(self, name: str) -> str | None:
        """A string, or None where it is null or absent."""
        return self.text(name) if self._values.get(name) is not None else None

    def whole(self, name: str) -> int:
        """A whole number that must be there, and that fits into 64 bits."""
        value = self._one_of(name, int, "an integer")
        if isinstance(value, bool) or abs(value) > MAX_WHOLE:
            raise _not(f"{self._place}.{name}", "an integer")
        return value

    def optional_whole(self, name: str) -> int | None:
        """A whole number, or None where it is null or absent."""
        return self.whole(name) if self._values.get(name) is not None else None

    def flag(self, name: str) -> bool:
        """True or false; it must be there."""
        return self._one_of(name, bool, "true or false")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        return self.many(name, _text)

    def any(self, name: str) -> object:
        """Whatever is there; None where it is null or absent."""
        return self._values.get(name)

    def mapping(self, name: str) -> Mapping[str, object]:
        """An object whose shape is not ours to check."""
        return _mapping(self._values.get(name), f"{self._place}.{name}")

    def text_mapping(self, name: str) -> Mapping[str, str]:
        """An object of strings."""
        return {key: _text(value, f"{self._place}.{name}.{key}") for key, value in self.mapping(name).items()}

    def many(self, name: str, read: Callable[[object, str], Value]) -> tuple[Value, ...]:
        """A list, each item read by `read(item, place)`."""
        return items(self._values.get(name), read, f"{self._place}.{name}")

    def _one_of(self, name: str, kind: type[Value], words: str) -> Value:
        value = self._values.get(name)
        if not isinstance(value, kind):
            raise _not(f"{self._place}.{name}", words)
        return value


def items(value: object, read: Callable[[object, str], Value], place: str) -> tuple[Value, ...]:
    """A list, each item read by `read(item, place)`."""
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
