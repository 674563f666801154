"""Rows of CSV from bare cells: what Python's own reader makes of them is what was put in."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from templates_server.features.exports.csv_rows import CELL, add_attributes, csv_rows

CELLS = st.text(st.sampled_from("=+-@\t\r\n,\"'ab\x01\x7fü漢🦄"), max_size=5)
TABLES = st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1))


def read(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))


@given(TABLES)
def test_what_is_read_is_what_was_written_and_no_formula_is_left(table: list[list[str]]) -> None:
    rows = [CELL.join(cell.encode() for cell in row) for row in table]
    assert read(csv_rows(rows, raw=True)) == table
    safe = [[f"'{cell}" if cell[:1] and cell[0] in "=+-@\t\r" else cell for cell in row] for row in table]
    assert read(csv_rows(rows, raw=False)) == safe


def test_a_negative_number_among_attributes_stays_one_and_a_text_like_it_does_not() -> None:
    row = CELL.join([b"ada", b"-1", b'{"age":-5,"note":"-5","ok":true,"quoted":"a \\"b\\", c"}'])
    order = ["age", None, "note", None, "nothing", "ok", "quoted"]
    assert csv_rows([add_attributes(row, order)], raw=False) == b'-5,ada,\'-5,\'-1,,true,"a ""b"", c"'
    assert csv_rows([add_attributes(row, order)], raw=True) == b'-5,ada,-5,-1,,true,"a ""b"", c"'
