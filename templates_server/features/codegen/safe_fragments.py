"""The typed fragments that a template may print. A plain `str`, such as a person's text, never reaches generated code.

Each language encodes its own literals and comments; the fragments here are safe by their alphabet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PATH = re.compile(r"[A-Za-z0-9._/-]+\Z")


class SafeFragment:
    """A text that is safe in the context of its kind."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"


class Identifier(SafeFragment):
    """A name in generated code: ASCII letters, digits and `_`."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        if not _IDENTIFIER.match(text):
            raise ValueError(f"not an identifier: {text!r}")
        super().__init__(text)


class Path(SafeFragment):
    """A path between generated files."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        if not _PATH.match(text):
            raise ValueError(f"not a path: {text!r}")
        super().__init__(text)


class Literal(SafeFragment):
    """A value, encoded by the language."""

    __slots__ = ()


class Comment(SafeFragment):
    """The text of a comment, encoded by the language."""

    __slots__ = ()


class CodeFragment(SafeFragment):
    """Source code made of other fragments and fixed text."""

    __slots__ = ()


def join(pieces: Iterable[SafeFragment], separator: str) -> CodeFragment:
    """Join the fragments."""
    return CodeFragment(separator.join(piece.text for piece in pieces))


def finalize(value: object) -> str:
    """Return the text that Jinja prints for a value; raise TypeError for anything but a fragment."""
    if isinstance(value, SafeFragment):
        return value.text
    raise TypeError(f"a template may print pieces only, not {type(value).__name__}")
