"""Values and comments as BrightScript and XML write them: whatever a person wrote stays data."""

from __future__ import annotations

import math
import re

from templates_server.features.codegen.safe_fragments import CodeFragment, Comment, Literal
from templates_server.features.spaces.model import Color, Value

_UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U0010ffff"
)
"""Control, format and bidirectional characters, fillers, surrogates and private use: what an editor shows wrongly."""

_SPLIT = re.compile(f"([{_UNSEEN}])")
_DROPPED = re.compile(rf"[{_UNSEEN}]+")
_LARGEST_INTEGER = 2**31 - 1


def string(text: str) -> Literal | CodeFragment:
    """A string: a literal, or several with the characters between them that no literal holds, by their codes."""
    parts = [part for part in _SPLIT.split(text) if part]
    if len(parts) <= 1 and not _SPLIT.match(text):
        return Literal(_quote(text))
    return CodeFragment(" + ".join(f"Chr({ord(part)})" if _SPLIT.match(part) else _quote(part) for part in parts))


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def number(value: float) -> Literal:
    """A number literal; ValueError for infinity and NaN."""
    if not math.isfinite(value):
        raise ValueError("a number must be finite")
    text = repr(value).removesuffix(".0")
    if re.fullmatch(r"-?\d+", text):
        if abs(int(text)) <= _LARGEST_INTEGER:
            return Literal(text)
        return Literal(f"{text}#")
    if "e" in text:
        mantissa, exponent = text.split("e")
        return Literal(f"{mantissa}D{int(exponent):+d}")
    return Literal(f"{text}#")


def scalar(value: Value) -> Literal | CodeFragment:
    """A value that stands on one line."""
    match value:
        case None:
            return Literal("invalid")
        case bool():
            return Literal("true" if value else "false")
        case int() | float():
            return number(value)
        case str():
            return string(value)
        case Color():
            return CodeFragment(f'{{ "value": {scalar(value.value).text}, "opacity": {number(value.opacity).text} }}')
        case tuple():
            return CodeFragment(f"[{', '.join(scalar(item).text for item in value)}]")
    raise TypeError(f"not a value: {value!r}")


def documentation(name: str, description: str, *, key: str = "") -> Comment | None:
    """A comment of one line: name and description, or the key; None where there is neither."""
    words = [_plain(part) for part in (name, description)]
    text = ": ".join(part for part in words if part) or _plain(key)
    return Comment(f"' {text}") if text else None


def _plain(text: str) -> str:
    """On one line, without what an editor shows wrongly or BrighterScript reads as an order."""
    visible = " ".join(_DROPPED.sub(" ", text).split())
    return re.sub(r"\bbs:(?=disable)", "bs: ", visible, flags=re.IGNORECASE)
