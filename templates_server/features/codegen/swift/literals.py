"""Values and comments in Swift; text written by people is always escaped."""

from __future__ import annotations

import math
import re
import textwrap

from templates_server.features.codegen.safe_fragments import Comment, Literal

COMMENT_WIDTH = 96

_UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U0010ffff"
)
"""Characters that editors display misleadingly: control, format, bidirectional, filler, surrogate and private use.

A fixed list rather than `unicodedata`, whose data differs between versions of Python.
"""

_ESCAPED = re.compile(rf'[\\"{_UNSEEN}]')
_DROPPED = re.compile(rf"[{_UNSEEN}]+")
_SHORT_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def string(text: str) -> Literal:
    """Return a string literal. Every backslash is escaped, so that the literal contains no interpolation."""
    return Literal('"' + _ESCAPED.sub(_escape, text) + '"')


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _SHORT_ESCAPES.get(character) or f"\\u{{{ord(character):x}}}"


def number(value: float) -> Literal:
    """Return a Double literal; raise ValueError for infinity and NaN."""
    if not math.isfinite(value):
        raise ValueError("a number must be finite")
    return Literal(repr(float(value)).replace("e+", "e").removesuffix(".0"))


def documentation(name: str, description: str, *, key: str = "", indent: int = 0) -> Comment | None:
    """Return a comment of name and description on one or more lines; of the key, or None, if there is neither."""
    words = [_plain(part) for part in (name, description)]
    text = ": ".join(part for part in words if part) or _plain(key)
    if not text:
        return None
    margin = "\n" + " " * indent
    lines = textwrap.wrap(text, COMMENT_WIDTH - indent, break_on_hyphens=False, break_long_words=False)
    return Comment(margin.join(f"/// {line}" for line in lines))


def _plain(text: str) -> str:
    """Return the text on one line, without invisible characters."""
    return " ".join(_DROPPED.sub(" ", text).split())
