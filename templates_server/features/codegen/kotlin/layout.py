"""Where the lines break, as ktlint has it: one part a line where it does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment

LINE_WIDTH = 140
INDENT = "    "


def fits(text: str, *, indent: int = 0) -> bool:
    """Whether the line is not too long."""
    return indent + len(text) <= LINE_WIDTH


def enclose(head: str, parts: Sequence[SafeFragment], tail: str, *, indent: int = 0) -> CodeFragment:
    """`head` ends in an opening bracket, `tail` begins with the closing one: `call(` a, b `)`."""
    texts = [part.text for part in parts]
    flat = f"{head}{', '.join(texts)}{tail}"
    if not texts or (fits(flat, indent=indent) and "\n" not in flat):
        return CodeFragment(flat)
    return enclose_on_lines(head, parts, tail, indent=indent)


def enclose_on_lines(head: str, parts: Sequence[SafeFragment], tail: str, *, indent: int = 0) -> CodeFragment:
    """The same, with one part a line whatever its length."""
    inner = "\n" + " " * indent + INDENT
    return CodeFragment(head + "".join(f"{inner}{part.text}," for part in parts) + f"\n{' ' * indent}{tail}")


def define(head: str, call: CodeFragment, *, indent: int = 0) -> CodeFragment:
    """`head =` and what it is: on the same line where that fits, and is one line."""
    flat = f"{head} = {call.text}"
    if "\n" not in flat and fits(flat, indent=indent):
        return CodeFragment(flat)
    return CodeFragment(f"{head} =\n{' ' * indent}{INDENT}{call.text}")
