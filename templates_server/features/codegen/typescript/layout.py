"""Line breaks as in Prettier: on one line if it fits into 80 columns, else one part per line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment
from templates_server.features.codegen.typescript.literals import scalar
from templates_server.features.spaces.model import Value

LINE_WIDTH = 80
INDENT = "  "

_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff"
    "\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f900-\U0001f9ff"
    "\U00020000-\U0003fffd]"
)
_COMBINING = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]")


def fits(text: str, *, indent: int = 0) -> bool:
    """Return whether the line is within the limit; wide characters count twice, combining ones not at all."""
    columns = len(text)
    if not text.isascii():
        columns += len(_WIDE.findall(text)) - len(_COMBINING.findall(text))
    return indent + columns <= LINE_WIDTH


def enclose(
    head: str, parts: Sequence[SafeFragment], tail: str, *, indent: int = 0, last_comma: bool = True
) -> CodeFragment:
    """Return `call(` a, b `);`: `head` ends in an opening bracket, `tail` begins with the closing one."""
    texts = [part.text for part in parts]
    padding = " " if head.endswith("{") and texts else ""
    flat = f"{head}{padding}{', '.join(texts)}{padding}{tail}"
    if not texts or fits(flat, indent=indent):
        return CodeFragment(flat)
    inner = "\n" + " " * indent + INDENT
    comma = "," if last_comma else ""
    return CodeFragment(f"{head}{inner}{(',' + inner).join(texts)}{comma}\n{' ' * indent}{tail}")


def union(head: str, members: Sequence[SafeFragment], *, indent: int = 0) -> CodeFragment:
    """Return `head: a | b;`, with the members on the next line or on lines of their own if they do not fit."""
    texts = [member.text for member in members]
    joined = " | ".join(texts)
    inner = "\n" + " " * indent + INDENT
    if fits(f"{head} {joined};", indent=indent):
        return CodeFragment(f"{head} {joined};")
    if len(texts) == 1 or fits(f"{joined};", indent=indent + len(INDENT)):
        return CodeFragment(f"{head}{inner}{joined};")
    return CodeFragment(f"{head}{''.join(f'{inner}| {text}' for text in texts)};")


def value(head: str, of: Value, tail: str, *, indent: int) -> CodeFragment:
    """Return `head value tail` for a value of a model or state; a long string goes on the next line."""
    if isinstance(of, tuple):
        return enclose(f"{head} [", [scalar(item) for item in of], f"]{tail}", indent=indent)
    text = scalar(of).text + tail
    if isinstance(of, str) and not fits(f"{head} {text}", indent=indent):
        return CodeFragment(f"{head}\n{' ' * indent}{INDENT}{text}")
    return CodeFragment(f"{head} {text}")
