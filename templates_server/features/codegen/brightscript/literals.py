"""Values and comments in BrightScript and XML; text written by people is always escaped."""

from __future__ import annotations

import math
import re

from templates_server.features.codegen.safe_fragments import CodeFragment, Comment, Literal
from templates_server.features.spaces.model import Color, Value

_UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U0010ffff"
)
"""Characters that editors display misleadingly: control, format, bidirectional, filler, surrogate and private use."""

_SPLIT = re.compile(f"([{_UNSEEN}])")
_DROPPED = re.compile(rf"[{_UNSEEN}]+")
_LARGEST_INTEGER = 2**31 - 1


def string(text: str) -> Literal | CodeFragment:
    """Return a string: a literal, or several joined with the codes of characters that no literal can contain."""
    parts = [part for part in _SPLIT.split(text) if part]
    if len(parts) <= 1 and not _SPLIT.match(text):
        return Literal(_quote(text))
    return CodeFragment(" + ".join(f"Chr({ord(part)})" if _SPLIT.match(part) else _quote(part) for part in parts))


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def number(value: float) -> Literal:
    """Return a number literal; raise ValueError for infinity and NaN."""
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
    """Return a value that fits on one line."""
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
    """Return a one-line comment: name and description, or the key; None if there is neither."""
    words = [_plain(part) for part in (name, description)]
    text = ": ".join(part for part in words if part) or _plain(key)
    return Comment(f"' {text}") if text else None


def _plain(text: str) -> str:
    """Return the text on one line, without misleading characters or directives of BrighterScript."""
    visible = " ".join(_DROPPED.sub(" ", text).split())
    return re.sub(r"\bbs:(?=disable)", "bs: ", visible, flags=re.IGNORECASE)
