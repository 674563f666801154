"""Sentences that fold between words at the width of a terminal, which would break them in the middle of one."""

from __future__ import annotations

from collections.abc import Iterator

from mtribes_cli.safe_text import display_width, made_safe_line

CODE_MARK = "`"


def folded(text: str, width: int) -> Iterator[str]:
    """Return the lines of a sentence, the others as far in as the first one. Words are never cut.

    A sentence with a command in it is left to the terminal: with a line break inside it could not be copied.
    """
    safe = made_safe_line(text)
    words = safe.split(" ")
    indent = " " * (len(safe) - len(safe.lstrip(" ")))
    if display_width(safe) <= width or CODE_MARK in safe:
        yield safe
        return
    line = indent
    for word in words[len(indent) :]:
        joined = line + word if line == indent else f"{line} {word}"
        if line != indent and display_width(joined) > width:
            yield line
            joined = indent + word
        line = joined
    yield line
