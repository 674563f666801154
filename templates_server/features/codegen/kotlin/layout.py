"""Line breaks as in ktlint: one part per line if it does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment

LINE_WIDTH = 140
INDENT = "    "


def fits(text: str, *, indent: int = 0) -> bool:
    """Return whether the line is within the limit."""
    return indent + len(text) <= LINE_WIDTH


def enclose(head: str, parts: Sequence[SafeFragment], tail: str, *, indent: int = 0) -> CodeFragment:
    """Return `call(` a, b `)`: `head` ends in an opening bracket, `tail` begins with the closing one."""
    texts = [part.text for part in parts]
    flat = f"{head}{', '.join(texts)}{tail}"
    if not texts or (fits(flat, indent=indent) and "\n" not in flat):
        return CodeFragment(flat)
    return enclose_on_lines(head, parts, tail, indent=indent)


def enclose_on_lines(head: str, parts: Sequence[SafeFragment], tail: str, *, indent: int = 0) -> CodeFragment:
    """Return the same as `enclose`, always with one part per line."""
    inner = "\n" + " " * indent + INDENT
    return CodeFragment(head + "".join(f"{inner}{part.text}," for part in parts) + f"\n{' ' * indent}{tail}")


def define(head: str, call: CodeFragment, *, indent: int = 0) -> CodeFragment:
    """Return `head =` and the value: on the same line if it is a single line and fits."""
    flat = f"{head} = {call.text}"
    if "\n" not in flat and fits(flat, indent=indent):
        return CodeFragment(flat)
    return CodeFragment(f"{head} =\n{' ' * indent}{INDENT}{call.text}")
