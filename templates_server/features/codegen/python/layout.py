"""Line breaks as in `ruff format`: on one line if it fits, else one part per line with a trailing comma."""

from __future__ import annotations

import re
from collections.abc import Sequence

from templates_server.features.codegen.python.literals import scalar, string
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment
from templates_server.features.spaces.model import Value

LINE_WIDTH = 88
INDENT = "    "

_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff"
    "\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f900-\U0001f9ff"
    "\U00020000-\U0003fffd]"
)


def fits(text: str, *, indent: int = 0) -> bool:
    """Return whether the line is within the limit; wide characters count twice."""
    return indent + len(text) + (0 if text.isascii() else len(_WIDE.findall(text))) <= LINE_WIDTH


def enclose(head: str, parts: Sequence[SafeFragment], tail: str, *, indent: int = 0) -> CodeFragment:
    """Return `call(` a, b `)`: `head` ends in an opening bracket, `tail` begins with the closing one."""
    texts = [part.text for part in parts]
    flat = f"{head}{', '.join(texts)}{tail}"
    if not texts or ("\n" not in flat and fits(flat, indent=indent)):
        return CodeFragment(flat)
    return enclose_on_lines(head, parts, tail, indent=indent)


def enclose_on_lines(head: str, parts: Sequence[SafeFragment], tail: str, *, indent: int = 0) -> CodeFragment:
    """Return the parts one per line, however short; an empty pair of brackets if there are none."""
    margin = " " * indent
    lines = "".join(f"{margin}{INDENT}{part.text},\n" for part in parts)
    return CodeFragment(f"{head}\n{lines}{margin}{tail}" if lines else f"{head}{tail}")


def literal(head: str, options: Sequence[str], tail: str, *, indent: int, is_optional: bool = False) -> CodeFragment:
    """Return `head Literal["a", "b"] tail`; it includes None if the value is optional."""
    parts: list[SafeFragment] = [string(option) for option in dict.fromkeys(options)]
    if is_optional:
        parts.append(CodeFragment("None"))
    return enclose(f"{head}Literal[", parts, f"]{tail}", indent=indent)


def texts(head: str, of: Sequence[str], tail: str, *, indent: int) -> CodeFragment:
    """Return `head ("a", "b") tail`: a tuple of strings, with a trailing comma for a single one."""
    parts = [string(one) for one in of]
    if len(parts) != 1:
        return enclose(f"{head}(", parts, f"){tail}", indent=indent)
    flat = f"{head}({parts[0].text},){tail}"
    return (
        CodeFragment(flat)
        if fits(flat, indent=indent)
        else enclose_on_lines(f"{head}(", parts, f"){tail}", indent=indent)
    )


def value(head: str, of: Value, tail: str, *, indent: int) -> CodeFragment:
    """Return `head value tail` for a model's value."""
    if isinstance(of, tuple):
        return texts(head, of, tail, indent=indent)
    return CodeFragment(f"{head}{scalar(of).text}{tail}")
