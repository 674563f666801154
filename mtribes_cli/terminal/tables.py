"""Tables that fit the width of a terminal. Pure: nothing is printed here, and all text is made safe first.

The least important columns shrink first: text folds between words, from the right-most column on, and a word that is
longer than its column ends in an ellipsis. Times fold too, identifiers and numbers never: where they do not fit, each
row becomes a block of lines, one a column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mtribes_cli.terminal.result import Kind, Table
from mtribes_cli.terminal.sanitize import display_width, sanitize_line, shorten, wrap
from mtribes_cli.terminal.styles import Line, Role, Segment, role_of_word
from mtribes_cli.terminal.times import relative_time, with_relative_time

GAP = "  "
NARROWEST_WIDTH = 8  # of a column of text
NARROWEST_VALUE_WIDTH = 20
Row = Sequence[str]


def table_lines(table: Table, width: int, now_seconds: float, *, ellipsis: str = "…") -> Iterator[Line]:
    """Return the lines of a table, none wider than `width`."""
    if not table.columns:
        yield from _facts(table, width, now_seconds)
        return
    rows = [_shown(row, table.all_kinds, now_seconds) for row in table.rows]
    headings = [sanitize_line(heading) for heading in table.columns]
    widths = _fitted([headings, *rows], table.all_kinds, width)
    if widths is None:
        yield from _blocks(headings, rows, table.all_kinds, width)
        return
    layout = _Layout(table.all_kinds, widths, ellipsis)
    yield from layout.heading(headings)
    for row in rows:
        yield from layout.row(row)


def _shown(row: Row, kinds: Sequence[Kind], now_seconds: float) -> Row:
    return [
        sanitize_line(relative_time(cell, now_seconds) if kind is Kind.TIME else cell)
        for cell, kind in zip(row, kinds, strict=True)
    ]


# Widths


def _fitted(rows: Sequence[Row], kinds: Sequence[Kind], width: int) -> list[int] | None:
    """Return a width for each column; None if no widths fit."""
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    too_much = sum(widths) + len(GAP) * (len(widths) - 1) - width
    texts, times = (_columns_of(kind, kinds) for kind in (Kind.TEXT, Kind.TIME))
    for columns, floors in (([*texts, *times], _folded_widths(rows)), (texts, [NARROWEST_WIDTH] * len(widths))):
        for at in columns:
            taken = max(0, min(too_much, widths[at] - floors[at]))
            widths[at] -= taken
            too_much -= taken
    return widths if too_much <= 0 else None


def _columns_of(kind: Kind, kinds: Sequence[Kind]) -> Sequence[int]:
    """Return the positions of such columns, the right-most first."""
    return [at for at, other in enumerate(kinds) if other is kind][::-1]


def _folded_widths(rows: Sequence[Row]) -> list[int]:
    """Return how narrow each column gets if no word is cut."""
    return [max(NARROWEST_WIDTH, *map(_longest_word, column)) for column in zip(*rows, strict=True)]


def _longest_word(cell: str) -> int:
    return max(map(display_width, cell.split(" ")))


# Lines under headings


class _Layout:
    """Columns of fixed widths."""

    def __init__(self, kinds: Sequence[Kind], widths: Sequence[int], ellipsis: str) -> None:
        self._kinds, self._widths, self._ellipsis = kinds, widths, ellipsis

    def heading(self, headings: Row) -> Iterator[Line]:
        """Return the line of headings; more lines if one folds."""
        return self._lines(headings, [Role.HEADING] * len(headings))

    def row(self, row: Row) -> Iterator[Line]:
        """Return the lines of a row."""
        return self._lines(row, [_role(cell, kind) for cell, kind in zip(row, self._kinds, strict=True)])

    def _lines(self, row: Row, roles: Sequence[Role | None]) -> Iterator[Line]:
        columns = [_folded(cell, width, self._ellipsis) for cell, width in zip(row, self._widths, strict=True)]
        for number in range(max(map(len, columns))):
            cells = [column[number] if number < len(column) else "" for column in columns]
            yield self._joined(cells, roles)

    def _joined(self, cells: Row, roles: Sequence[Role | None]) -> Line:
        line: list[Segment] = []
        for cell, role, kind, width in zip(cells, roles, self._kinds, self._widths, strict=True):
            blanks = " " * (width - display_width(cell))
            before, after = (blanks, "") if kind is Kind.NUMBER else ("", blanks)
            line += [(before, None), (cell, role), (after + GAP, None)]
        return line


def _folded(cell: str, width: int, ellipsis: str) -> Sequence[str]:
    """Return the cell in lines, folded between words; a word that is too long ends in an ellipsis."""
    if display_width(cell) <= width:
        return [cell]
    return wrap(" ".join(shorten(word, width, ellipsis) for word in cell.split(" ")), width)


def _role(cell: str, kind: Kind) -> Role | None:
    if kind is Kind.STATE:
        return role_of_word(cell)
    return Role.MUTED if kind is Kind.TIME else None


# A block of lines a row


def _blocks(headings: Row, rows: Iterable[Row], kinds: Sequence[Kind], width: int) -> Iterator[Line]:
    label_width = max(map(display_width, headings))
    for number, row in enumerate(rows):
        if number:
            yield []
        for heading, cell, kind in zip(headings, row, kinds, strict=True):
            yield from _labelled(heading, label_width, (cell, _role(cell, kind)), width)


def _labelled(label: str, label_width: int, value: Segment, width: int) -> Iterator[Line]:
    """Return a label with a value beside it, or below it if a word of the value would be broken."""
    text, role = value
    start = label_width + len(GAP)
    if _fits(text, width - start):
        first, *rest = wrap(text, width - start)
        yield [(label + " " * (start - display_width(label)), Role.HEADING), (first, role)]
        yield from ([(" " * start, None), (line, role)] for line in rest)
        return
    yield [(shorten(label, width), Role.HEADING)]
    yield from ([(line, role)] for line in _cut(text, width))


def _fits(text: str, room: int) -> bool:
    return display_width(text) <= room or (room >= NARROWEST_VALUE_WIDTH and _longest_word(text) <= room)


def _cut(text: str, width: int) -> Iterator[str]:
    """Return the text in lines, without losing any character."""
    line, taken = "", 0
    for character in text:
        cells = display_width(character)
        if taken + cells > width:
            yield line
            line, taken = "", 0
        line += character
        taken += cells
    yield line


# Facts: rows without headings, the last column is what they say


def _facts(table: Table, width: int, now_seconds: float) -> Iterator[Line]:
    rows = [
        [*map(sanitize_line, row[:-1]), sanitize_line(with_relative_time(row[-1], now_seconds))] for row in table.rows
    ]
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)][:-1]
    start = sum(widths) + len(GAP) * len(widths)
    for row in rows:
        yield from _fact(row, widths, start, width)


def _fact(row: Row, widths: Sequence[int], start: int, width: int) -> Iterator[Line]:
    labels: list[Segment] = [
        (cell + " " * (room - display_width(cell)) + GAP, role_of_word(cell) or Role.HEADING)
        for cell, room in zip(row[:-1], widths, strict=True)
    ]
    value = row[-1]
    if _fits(value, width - start):
        first, *rest = wrap(value, width - start)
        yield [*labels, (first, None)]
        yield from ([(" " * start, None), (line, None)] for line in rest)
        return
    yield from ([(line, Role.HEADING)] for line in wrap(GAP.join(row[:-1]), width))
    yield from ([(line, None)] for line in _cut(value, width))
