"""Values and comments in Java; text written by people is always escaped.

Everything is ASCII, so that it compiles with any source encoding.
"""

from __future__ import annotations

import html
import math
import re
import textwrap

from templates_server.features.codegen.safe_fragments import Comment, Literal

LINE_WIDTH = 100

_ESCAPED = re.compile(r"[^ !#-\[\]-~]")
_SHORT_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U0010ffff]+"
)
"""Characters that editors display misleadingly: control, format, bidirectional, filler, surrogate and private use."""

_MARKS = re.compile(r"[&<>@*/\\{}\"'`]|[^ -~]")
_ORDINARY = re.compile(r"[A-Za-z0-9,.;:()?! -]*\Z")


def string(text: str) -> Literal:
    """Return a string literal."""
    return Literal(f'"{_ESCAPED.sub(_escape, text)}"')


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    code = ord(character)
    if code > 0xFFFF:  # noqa: PLR2004  beyond the basic plane Java has a pair of surrogates
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    if code < 0x20 or code == 0x7F:  # noqa: PLR2004  a control character as \u would be one before Java reads the text
        return f"\\{code:03o}"
    return f"\\u{code:04x}"


def number(value: float) -> Literal:
    """Return a number of type `double`; raise ValueError for infinity and NaN."""
    if not math.isfinite(value):
        raise ValueError("a number must be finite")
    return Literal(repr(float(value)).replace("e+", "e").replace("e", "E"))


def documentation(name: str, description: str, *, key: str = "", indent: int = 0) -> Comment | None:
    """Return a comment of name and description on one or more lines; of the key, or None, if there is neither."""
    words = [plain(part) for part in (name, description)]
    text = ": ".join(part for part in words if part) or plain(key)
    if not text:
        return None
    if indent + len(text) + len("/**  */") <= LINE_WIDTH:
        return Comment(f"/** {text} */")
    margin = " " * indent
    width = LINE_WIDTH - indent - len(" * ")
    lines = textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False)
    return Comment("/**\n" + "".join(f"{margin} * {line}\n" for line in lines) + f"{margin} */")


def plain(text: str) -> str:
    """Return the text as one line of ASCII HTML, without comment ends or tags."""
    visible = " ".join(_UNSEEN.sub(" ", text).split())
    if _ORDINARY.match(visible):
        return visible
    return _MARKS.sub(_entity, visible)


def _entity(match: re.Match[str]) -> str:
    character = match.group()
    if character in "'`\"/*" and not _joins_comment(match):
        return character
    return html.escape(character) if character in "&<>" else f"&#{ord(character)};"


def _joins_comment(match: re.Match[str]) -> bool:
    """Return whether a slash or star is next to another, so that they would begin or end a comment."""
    at, text = match.start(), match.string
    return match.group() in "/*" and (text[at + 1 : at + 2] in ("/", "*") or text[at - 1 : at] in ("/", "*") or at == 0)
