"""Values and comments in Kotlin; text written by people is always escaped."""

from __future__ import annotations

import math
import re
import textwrap

from templates_server.features.codegen.safe_fragments import Comment, Literal

COMMENT_WIDTH = 100

_UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U0010ffff"
)
"""Characters that editors display misleadingly: control, format, bidirectional, filler, surrogate and private use.

A fixed list rather than `unicodedata`, whose data differs between versions of Python.
"""

_ESCAPED = re.compile(rf'[\\"${_UNSEEN}]')
_DROPPED = re.compile(rf"[{_UNSEEN}]+")
_SHORT_ESCAPES = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b"}
_TAG = re.compile(r"(?<![A-Za-z0-9])@")
_ORDINARY = re.compile(r"[A-Za-z0-9,.;:'()?! -]*\Z")


def string(text: str) -> Literal:
    """Return a string literal, with `$` escaped."""
    return Literal(f'"{_ESCAPED.sub(_escape, text)}"')


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    code = ord(character)
    if code > 0xFFFF:  # noqa: PLR2004  beyond the basic plane an escape has a pair of surrogates
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"


def number(value: float) -> Literal:
    """Return a Double literal; raise ValueError for infinity and NaN."""
    if not math.isfinite(value):
        raise ValueError("a number must be finite")
    return Literal(f"{value!r}.0" if isinstance(value, int) else repr(value))


def boolean(value: bool) -> Literal:  # noqa: FBT001 - the value itself
    """Return a Boolean literal."""
    return Literal("true" if value else "false")


def documentation(name: str, description: str, *, key: str = "", indent: int = 0) -> Comment | None:
    """Return a comment of name and description on one or more lines; of the key, or None, if there is neither."""
    words = [_plain(part) for part in (name, description)]
    text = ": ".join(part for part in words if part) or _plain(key)
    if not text:
        return None
    if len(text) <= COMMENT_WIDTH - indent:
        return Comment(f"/** {text} */")
    margin = " " * indent
    lines = textwrap.wrap(text, COMMENT_WIDTH - indent, break_on_hyphens=False, break_long_words=False)
    return Comment("/**\n" + "".join(f"{margin} * {line}\n" for line in lines) + f"{margin} */")


def _plain(text: str) -> str:
    """Return the text on one line, without comment delimiters or tags."""
    if _ORDINARY.match(text):
        return " ".join(text.split())
    visible = " ".join(_DROPPED.sub(" ", text).split())
    return _TAG.sub("&#64;", visible.replace("*/", "*&#47;").replace("/*", "/&#42;"))
