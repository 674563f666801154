"""Differences in color: of files line by line, of models and deliveries by the kind of each change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mtribes_cli.terminal.result import BREAKS, ChangeLine
from mtribes_cli.terminal.sanitize import display_width, sanitize, sanitize_line, wrap
from mtribes_cli.terminal.styles import Line, Role, Segment, role_of_word

DEEPER = "    "
_HUNK = re.compile(r"@@ -\d+(?:,(\d{1,9}))? \+\d+(?:,(\d{1,9}))? @@")
_ROLES = {"+": Role.ADDED, "-": Role.REMOVED, "\\": Role.MUTED}


def diff_lines(text: str) -> Iterator[Line]:
    """Return the lines of a unified diff, each with the role that its first character gives it.

    Lines are as wide as they are: what is cut could not be read, and a patch could not be copied.
    """
    left = [0, 0]  # lines of the hunk that are to come: of the file before, and after
    for line in sanitize(text).split("\n")[:-1]:
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
    """Return a line about a change: `string -> number`, in red and green; more lines if it is too wide."""
    start: list[Segment] = [(sanitize_line(change.indent + change.kind), role_of_word(change.kind))]
    mark: list[Segment] = [(BREAKS, Role.ERROR)] if change.is_breaking else []
    what = sanitize_line(change.what)
    if change.after is None:
        yield from _named([*start, (what, None), *mark], change.indent, width)
        return
    values = _values(sanitize_line(change.before or ""), sanitize_line(change.after))
    if _width([*start, (f"{what}: ", None), *values, *mark]) <= width:
        yield [*start, (f"{what}: ", None), *values, *mark]
        return
    deeper = change.indent + DEEPER
    yield from _named([*start, (f"{what}:", None), *mark], change.indent, width)
    if _width(values) + len(deeper) <= width:
        yield [(deeper, None), *values]
        return
    for sign, text, role in (("- ", change.before or "", Role.REMOVED), ("+ ", change.after, Role.ADDED)):
        yield from _folded(text, deeper + sign, deeper + " " * len(sign), role, width)


def _values(before: str, after: str) -> Line:
    return [(before, Role.REMOVED), (" -> ", Role.MUTED), (after, Role.ADDED)]


def _width(line: Line) -> int:
    return sum(display_width(text) for text, _ in line)


def _named(line: Line, indent: str, width: int) -> Iterator[Line]:
    """Return the name of what changed, folded if it is too long for the line."""
    if _width(line) <= width:
        yield line
        return
    start, (what, _), *mark = line
    if not start[0].strip() and not mark:
        yield from _folded(what, start[0], indent + DEEPER, None, width)
        return
    yield [start, *mark]
    yield from _folded(what.strip(), indent + DEEPER, indent + DEEPER, None, width)


def _folded(text: str, first: str, others: str, role: Role | None, width: int) -> Iterator[Line]:
    for number, line in enumerate(wrap(text, max(width - len(others), 1))):
        yield [((others if number else first) + line, role)]
