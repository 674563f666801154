"""Layout of objects and lists of values, one part per line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from templates_server.features.codegen.brightscript.literals import string
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment

INDENT = "    "


def entry(key: str, value: SafeFragment) -> CodeFragment:
    """Return `"key": value`, with the key always quoted to preserve its case."""
    return CodeFragment(f"{string_key(key)}: {value.text}")


def string_key(key: str) -> str:
    """Return a key of an object; a key with characters that no literal can contain is invalid."""
    return string(key).text


def one_line(entries: Iterable[tuple[str, SafeFragment]]) -> CodeFragment:
    """Return an object on one line."""
    return CodeFragment("{ " + ", ".join(entry(key, value).text for key, value in entries) + " }")


def block(opening: str, lines: Sequence[str], closing: str, *, margin: str) -> CodeFragment:
    """Return lines between brackets, or the brackets alone."""
    if not lines:
        return CodeFragment(opening + closing)
    inner = margin + INDENT
    return CodeFragment(f"{opening}\n" + "".join(f"{inner}{line}\n" for line in lines) + f"{margin}{closing}")


def object_block(entries: Iterable[tuple[str, SafeFragment]], *, margin: str) -> CodeFragment:
    """Return an object with one entry per line."""
    return block("{", [entry(key, value).text for key, value in entries], "}", margin=margin)


def list_block(items: Iterable[SafeFragment], *, margin: str) -> CodeFragment:
    """Return a list with one item per line."""
    return block("[", [item.text for item in items], "]", margin=margin)
