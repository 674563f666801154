"""Folds sentences between words at the width of a terminal, which would break them in the middle of one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mtribes_cli.terminal.sanitize import display_width, sanitize_line

_WORD = re.compile(r"(?:`[^`]*`|[^ ])+")


def folded(text: str, width: int) -> Iterator[str]:
    """Return the lines of a sentence, the others as far in as the first one. Words are never cut.

    A command between backticks is one word: with a line break inside it could not be copied.
    """
    safe = sanitize_line(text)
    if display_width(safe) <= width:
        yield safe
        return
    indent = safe[: len(safe) - len(safe.lstrip(" "))]
    line = ""
    for word in _WORD.findall(safe):
        if line and display_width(f"{line} {word}") > width:
            yield line
            line = ""
        line = f"{line} {word}" if line else indent + word
    yield line
