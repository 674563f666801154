"""Where the lines break, as ktlint has it: one part a line where it does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.features.codegen.safe_fragments import Code, Piece

LINE_WIDTH = 140
INDENT = "    "


def fits(text: str, *, indent: int = 0) -> bool:
    """Whether the line is not too long."""
    return indent + len(text) <= LINE_WIDTH


def enclosed(head: str, parts: Sequence[Piece], tail: str, *, indent: int = 0) -> Code:
    """`head` ends in an opening bracket, `tail` begins with the closing one: `call(` a, b `)`."""
    texts = [part.text for part in parts]
    flat = f"{head}{', '.join(texts)}{tail}"
    if not texts or (fits(flat, indent=indent) and "\n" not in flat):
        return Code(flat)
    return broken(head, parts, tail, indent=indent)


def broken(head: str, parts: Sequence[Piece], tail: str, *, indent: int = 0) -> Code:
    """The same, with one part a line whatever its length."""
    inner = "\n" + " " * indent + INDENT
    return Code(head + "".join(f"{inner}{part.text}," for part in parts) + f"\n{' ' * indent}{tail}")


def defined(head: str, call: Code, *, indent: int = 0) -> Code:
    """`head =` and what it is: on the same line where that fits, and is one line."""
    flat = f"{head} = {call.text}"
    if "\n" not in flat and fits(flat, indent=indent):
        return Code(flat)
    return Code(f"{head} =\n{' ' * indent}{INDENT}{call.text}")
