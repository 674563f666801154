"""Values and docstrings in Python; text written by people is always escaped."""

from __future__ import annotations

import math
import re
import textwrap

from templates_server.features.codegen.safe_fragments import CodeFragment, Comment, Literal
from templates_server.features.spaces.model import Color, Value

DOCSTRING_WIDTH = 88
UNSEEN_NAME = "No name that can be seen."

_UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U0010ffff"
)
"""Characters that editors display misleadingly: control, format, bidirectional, filler, surrogate and private use.

A fixed list rather than `unicodedata`, whose data differs between versions of Python.
"""

_ESCAPED = re.compile(rf"[\\{_UNSEEN}]")
_DROPPED = re.compile(rf"[{_UNSEEN}]+")
_SHORT_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BASIC_PLANE = 0xFFFF


def string(text: str) -> Literal:
    """Return a string literal; in single quotes if that needs fewer backslashes, as the formatter does."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return Literal(quote + _ESCAPED.sub(_escape, text).replace(quote, "\\" + quote) + quote)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if code > _BASIC_PLANE:
        return f"\\U{code:08x}"
    return _SHORT_ESCAPES.get(character) or (f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}")  # noqa: PLR2004


def number(value: float) -> Literal:
    """Return a number literal; raise ValueError for infinity and NaN."""
    if not math.isfinite(value):
        raise ValueError("a number must be finite")
    return Literal(repr(value))


def scalar(value: Value) -> Literal | CodeFragment:
    """Return a value that fits on one line: anything but a list."""
    match value:
        case None | bool():
            return Literal(repr(value))
        case int() | float():
            return number(value)
        case str():
            return string(value)
        case Color():
            return CodeFragment(f"Color({scalar(value.value).text}, {number(value.opacity).text})")
    raise TypeError(f"not a scalar: {value!r}")


def docstring(name: str, description: str, *, key: str = "", indent: int = 0) -> Comment | None:
    """Return a docstring of name and description on one or more lines; of the key, or None, if there is neither."""
    words = [_plain(part) for part in (name, description)]
    text = ": ".join(part for part in words if part) or _plain(key)
    if not text and not name and not description:
        return None
    text = text or UNSEEN_NAME
    margin = " " * indent
    width = DOCSTRING_WIDTH - indent - len('"""')
    if len(text) + len('"""') <= width:
        return Comment(f'"""{text}"""')
    lines = textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False)
    return Comment('"""' + f"\n{margin}".join(lines) + f'\n{margin}"""')


def _plain(text: str) -> str:
    """Return the text on one line, without docstring ends or escapes."""
    visible = " ".join(_DROPPED.sub(" ", text).split())
    return visible.replace('"', "'").replace("\\", "\\\\")
