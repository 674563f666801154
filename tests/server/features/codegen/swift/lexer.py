"""Reads Swift as tokens: what kinds they are of, and what its string literals hold.

Small, and of its own: neither the generator's encoder nor a lenient parser says what a text is here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>//[^\n\r]*)
  | (?P<string>"(?:\\u\{[0-9a-fA-F]{1,8}\}|\\[0\\tnr"']|[^"\\\n\r])*")
  | (?P<number>-?\d[\w.]*(?:(?<=e)-\d+)?)
  | (?P<name>`[A-Za-z_]\w*`|\$?[A-Za-z_]\w*|\$\d+)
  | (?P<sign>[-+*/%=<>!&|^~?:.,;(){}\[\]@\#])
    """,
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|(.))")
_SHORT = {"0": "\0", "\\": "\\", "t": "\t", "n": "\n", "r": "\r", '"': '"', "'": "'"}


class NotSwift(ValueError):
    """A text in which something begins that is no token."""


@dataclass(frozen=True)
class Token:
    """A token, and of which kind it is."""

    kind: str
    text: str

    @property
    def value(self) -> str:
        """What a string literal holds."""
        return _ESCAPE.sub(_unescape, self.text[1:-1])


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _SHORT[match[2]]


def tokens(text: str) -> Iterator[Token]:
    """The tokens but white space; NotSwift where there is none."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise NotSwift(text[at : at + 40])
        if found.lastgroup != "space":
            yield Token(str(found.lastgroup), found.group())
        at = found.end()


def structure(text: str) -> list[str]:
    """What a harmless twin must have in common: kinds, and the texts of all but names, numbers, strings and comments.

    Comments are left out, as each says how many lines it has, and so is a comma before a closing bracket, which stands
    where a line was broken.
    """
    kinds = [token.text if token.kind == "sign" else token.kind for token in tokens(text) if token.kind != "comment"]
    return [kind for kind, after in zip(kinds, [*kinds[1:], ""], strict=True) if kind != "," or after not in {")", "]"}]


def strings(text: str) -> list[str]:
    """What its string literals hold, in their order."""
    return [token.value for token in tokens(text) if token.kind == "string"]
