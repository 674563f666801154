"""Differences in color: of files line by line, of models and deliveries by the kind of each change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mtribes_cli.result import BREAKS, ChangeLine
from mtribes_cli.safe_text import display_width, made_safe, made_safe_line, wrapped
from mtribes_cli.terminal.styles import Line, Role, Segment, role_of_word

INDENT = "  "
_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_ROLES = {"+": Role.ADDED, "-": Role.REMOVED, "\\": Role.MUTED}


def diff_lines(text: str) -> Iterator[Line]:
    """Return the lines of a unified diff, each with the role that its first character gives it.

    Lines are as wide as they are: what is cut could not be read, and a patch could not be copied.
    """
    left = [0, 0]  # lines of the hunk that are to come: of the file before, and after
    for line in made_safe(text).split("\n")[:-1]:
        if left == [0, 0] and (hunk := _HUNK.match(line)):
            left = [_length(hunk[1]), _length(hunk[2])]
            yield [(line, Role.PLACE)]
        elif left == [0, 0] and not line.startswith("\\"):
            yield [(line, Role.HEADING)]
        else:
            left = [max(0, count - (line[:1] in {" ", sign})) for count, sign in zip(left, "-+", strict=True)]
            yield [(line, _ROLES.get(line[:1]))]


def _length(stated: str | None) -> int:
    return 1 if stated is None else int(stated)


def change_lines(change: ChangeLine, width: int) -> Iterator[Line]:
    """Return a line about a change: `string -> number`, in red and green; more where it is wider than the terminal."""
    start: list[Segment] = [(made_safe_line(change.indent + change.kind), role_of_word(change.kind))]
    what = made_safe_line(change.what)
    room = width - display_width(made_safe_line(change.text))
    mark: list[Segment] = [(BREAKS, Role.ERROR)] if change.is_breaking else []
    if change.after is None:
        yield from _folded(start, what, mark, room, width)
    elif room >= 0:
        before, after = made_safe_line(change.before or ""), made_safe_line(change.after)
        values: list[Segment] = [(before, Role.REMOVED), (" -> ", Role.MUTED), (after, Role.ADDED)]
        yield [*start, (f"{what}: ", None), *values, *mark]
    else:
        yield from _folded(start, f"{what}:", mark, room, width)
        yield from _value("- ", change.before or "", change.indent, Role.REMOVED, width)
        yield from _value("+ ", change.after, change.indent, Role.ADDED, width)


def _folded(start: list[Segment], what: str, mark: list[Segment], room: int, width: int) -> Iterator[Line]:
    """Return the name of what changed; where it is too long for the line, it has lines of its own."""
    if room >= 0 or display_width(what) + sum(display_width(text) for text, _ in (*start, *mark)) <= width:
        yield [*start, (what, None), *mark]
        return
    yield [*start, *mark]
    yield from ([(INDENT + line, None)] for line in wrapped(what.strip(), width - len(INDENT)))


def _value(sign: str, value: str, indent: str, role: Role, width: int) -> Iterator[Line]:
    start = indent + INDENT
    for number, line in enumerate(wrapped(value, width - len(start) - len(sign))):
        yield [(start + (sign if number == 0 else " " * len(sign)) + line, role)]
