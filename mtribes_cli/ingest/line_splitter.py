"""Text in lines as an editor counts them: CR, LF and CRLF end one. Lines come in blocks, for speed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

MAX_LINE_CHARACTERS = 8 * 1024 * 1024


class OverlongLine(str):
    """Stands for a line beyond all bounds. As CSV and as JSON it is an error, wherever it turns up."""

    __slots__ = ()


TOO_LONG_LINE = "the line is too long"
TOO_LONG = '"\x1a"\x1a'
"""As CSV: a quoted cell, then something that may not follow one; the same inside of a quoted cell."""


def blocks(chunks: Iterable[str]) -> Iterator[list[str]]:
    """The lines of a text, each with its end; blocks are as large as the chunks are."""
    carried = ""
    cut = False  # the line that is being read was too long; its rest is passed over
    for chunk in chunks:
        lines = io.StringIO(carried + chunk, newline="").readlines()
        carried = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        if cut and lines:
            lines[0] = OverlongLine(TOO_LONG + "\n")
            cut = False
        if cut or len(carried) > MAX_LINE_CHARACTERS:
            cut, carried = True, carried[-1:]
        if lines:
            yield lines
    if carried:
        yield [OverlongLine(TOO_LONG)] if cut else [carried]
