"""Objects and lists of values, one part a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from templates_server.features.codegen.brightscript.literals import string
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment

INDENT = "    "


def entry(key: str, value: SafeFragment) -> CodeFragment:
    """`"key": value`, the key always quoted: its case is kept."""
    return CodeFragment(f"{string_key(key)}: {value.text}")


def string_key(key: str) -> str:
    """A key of an object; one with characters that no literal holds cannot be one."""
    return string(key).text


def one_line(entries: Iterable[tuple[str, SafeFragment]]) -> CodeFragment:
    """An object on one line."""
    return CodeFragment("{ " + ", ".join(entry(key, value).text for key, value in entries) + " }")


def block(opening: str, lines: Sequence[str], closing: str, *, margin: str) -> CodeFragment:
    """Lines between brackets, or the brackets alone."""
    if not lines:
        return CodeFragment(opening + closing)
    inner = margin + INDENT
    return CodeFragment(f"{opening}\n" + "".join(f"{inner}{line}\n" for line in lines) + f"{margin}{closing}")


def object_block(entries: Iterable[tuple[str, SafeFragment]], *, margin: str) -> CodeFragment:
    """An object, an entry a line."""
    return block("{", [entry(key, value).text for key, value in entries], "}", margin=margin)


def list_block(items: Iterable[SafeFragment], *, margin: str) -> CodeFragment:
    """A list, an item a line."""
    return block("[", [item.text for item in items], "]", margin=margin)
