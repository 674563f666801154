"""Encodes a row of CSV as a line of JSON, by pieces shared by all rows that have the same cells empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from mtribes_cli.ingest.cell_converters import Converter, escape
from mtribes_cli.ingest.csv_header import ATTRIBUTE, Column
from mtribes_cli.ingest.row_rules import NO_USER_ID, USER_ID, is_blank
from mtribes_cli.numbers import counted

MAX_SHAPES = 4096


class RowEncoder:
    """Encodes rows of some columns. An empty cell is left out: the server keeps its value of that field."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._converted = [(at, one.convert) for at, one in enumerate(columns) if one.convert and one.becomes]
        self._judged = [at for at, one in enumerate(columns) if one.becomes not in {"", USER_ID}]
        self._shapes = _Shapes(columns)
        self._full = self._shapes.of(["-"] * len(columns))

    def encode(self, row: Sequence[str], cells: list[str]) -> str:
        """Return JSON for a row; "" for an empty line. `cells` are those of the row, escaped, and are changed.

        Raises ValueError with the reason why it cannot be encoded.
        """
        if len(row) != len(self._columns):
            return self._mismatch(row)
        shape = self._shapes.of(row) if "" in row else self._full
        if shape is None:
            return self._nobody(row)
        at = 0
        try:
            for at, convert in self._converted:
                if row[at]:
                    cells[at] = convert(row[at])
        except ValueError as error:
            raise ValueError(f"{self._columns[at].name}: This {error}.") from None
        pieces = shape.pieces
        pieces[1::2] = shape.pick(cells)
        return "".join(pieces)

    def encode_rest(self, row: Sequence[str]) -> str:
        """Return JSON for a row whose wrong cells were emptied; "" if nothing is left."""
        cells = [convert(cell) if cell and convert else escape(cell) for cell, convert in self._paired(row)]
        shape = _shape(self._columns, [bool(cell) for cell in row])
        shape.pieces[1::2] = shape.pick(cells)
        return "".join(shape.pieces) if any(row[at] for at in self._judged) else ""

    def _paired(self, row: Sequence[str]) -> Iterator[tuple[str, Converter | None]]:
        return ((cell, column.convert) for cell, column in zip(row, self._columns, strict=True))

    def _mismatch(self, row: Sequence[str]) -> str:
        if is_blank(row):
            return ""
        raise ValueError(
            f"the row has {counted(len(row), 'cell')}, but the header has {counted(len(self._columns), 'column')}"
        )

    def _nobody(self, row: Sequence[str]) -> str:
        if is_blank(row):
            return ""
        raise ValueError(NO_USER_ID)


@dataclass(frozen=True)
class _Shape:
    """How rows are written that have the same cells empty: `pieces` with a gap at each odd place, for `pick(cells)`."""

    pieces: list[str]
    pick: Callable[[Sequence[str]], Sequence[str]]


def _shape(columns: Sequence[Column], is_given: Sequence[bool]) -> _Shape:
    """Return how rows with these empty cells are written."""
    given = [index for index, column in enumerate(columns) if is_given[index] and column.becomes]
    fields = [index for index in given if not columns[index].becomes.startswith(ATTRIBUTE)]
    attributes = [index for index in given if columns[index].becomes.startswith(ATTRIBUTE)]
    pieces: list[str] = []
    before = "{"
    for index in fields:
        before = _gap(pieces, before, columns[index], columns[index].becomes)
    if attributes:
        before += '"attributes":{' if before.endswith("{") else ',"attributes":{'
    for index in attributes:
        before = _gap(pieces, before, columns[index], columns[index].becomes.removeprefix(ATTRIBUTE))
    pieces.append(before + ("}}" if attributes else "}"))
    order = fields + attributes
    if order == list(range(len(columns))):
        return _Shape(pieces, _as_they_are)
    if len(order) > 1:
        return _Shape(pieces, itemgetter(*order))
    return _Shape(pieces, itemgetter(slice(order[0], order[0] + 1) if order else slice(0)))


def _gap(pieces: list[str], before: str, column: Column, name: str) -> str:
    """Add what stands before a cell, and room for it; what stands after it comes back."""
    quote = "" if column.convert else '"'
    comma = "" if before.endswith("{") else ","
    pieces += [f'{before}{comma}"{escape(name)}":{quote}', ""]
    return quote


def _as_they_are(cells: Sequence[str]) -> Sequence[str]:
    return cells


class _Shapes:
    """The shapes seen so far, by which cells are empty."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._known: dict[tuple[bool, ...], _Shape | None] = {}

    def of(self, row: Sequence[str]) -> _Shape | None:
        """Return the shape of a row; None if it has no user ID."""
        is_given = tuple(map(bool, row))
        if is_given not in self._known:
            if len(self._known) >= MAX_SHAPES:
                self._known.clear()
            self._known[is_given] = _shape(self._columns, is_given) if self._has_user_id(is_given) else None
        return self._known[is_given]

    def _has_user_id(self, is_given: Sequence[bool]) -> bool:
        return any(given and one.becomes == USER_ID for given, one in zip(is_given, self._columns, strict=True))
