"""Line breaks as in swift-format: on one line if it fits into 100 columns."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment

LINE_WIDTH = 100
INDENT = 2


def fits(text: str, *, indent: int) -> bool:
    """Return whether the line is within the limit."""
    return indent + len(text) <= LINE_WIDTH


def enclose(head: str, parts: Sequence[SafeFragment], tail: str, *, indent: int) -> CodeFragment:
    """Return `head`, which ends in an opening bracket, parts and `tail`: on one line, or the parts on lines below."""
    texts = [part.text for part in parts]
    flat = f"{head}{', '.join(texts)}{tail}"
    if not texts or fits(flat, indent=indent):
        return CodeFragment(flat)
    margin = " " * (indent + INDENT)
    lines = [""]
    for at, text in enumerate(texts):
        part = text + (tail if at == len(texts) - 1 else ",")
        if lines[-1] and fits(f"{lines[-1]} {part}", indent=len(margin)):
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return CodeFragment(head + "".join(f"\n{margin}{line}" for line in lines[1:]))


def signature(head: str, parameters: Sequence[SafeFragment], tail: str, *, indent: int) -> CodeFragment:
    """Return the signature of a function; if it is too long, the closing bracket is on a line of its own."""
    texts = [parameter.text for parameter in parameters]
    flat = f"{head}{', '.join(texts)}{tail}"
    if not texts or fits(flat, indent=indent):
        return CodeFragment(flat)
    margin, inner = " " * indent, " " * (indent + INDENT)
    joined = ", ".join(texts)
    if fits(joined, indent=len(inner)):
        return CodeFragment(f"{head}\n{inner}{joined}\n{margin}{tail}")
    lines = f",\n{inner}".join(texts)
    return CodeFragment(f"{head}\n{inner}{lines}\n{margin}{tail}")
