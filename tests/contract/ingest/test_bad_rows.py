"""Bad rows of twenty kinds among good ones: exit 3, each by its line; mended and fed back, all is in.

A twentieth of the full scale, and a hundredth by default; MTRIBES_FULL_SCALE=1 takes 10,000 bad rows among 200,000.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.ingest.world import COLUMNS, Place, as_csv, loaded, model_of, row_of, totals_of

IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
ROWS = 200_000 if IS_FULL_SCALE else 2_000
EVERY = 20  # one row in so many is bad
BAD_BYTE = "\udcff"

Spoil = Callable[[list[str]], list[str]]


def put(column: str, cell: str) -> Spoil:
    """A cell in place of another."""
    at = COLUMNS.index(column)
    return lambda row: [*row[:at], cell, *row[at + 1 :]]


KINDS: dict[str, Spoil | Callable[[str], str]] = {
    "no user id": put("user_id", ""),
    "an id too long": put("user_id", "x" * 257),
    "an id of our own": put("user_id", "per_" + "A" * 22),
    "an id that is a step of a path": put("user_id", ".."),
    "a control character in an id": put("user_id", "a\x07b"),
    "no e-mail address": put("email", "nobody"),
    "an e-mail address too long": put("email", "x" * 250 + "@e.com"),
    "a phone number too long": put("phone", "1" * 65),
    "an unknown time zone": put("timezone", "Europe/Berlino"),
    "a locale that is none": put("locale", "de_DE!"),
    "a day that does not exist": put("joined", "2024-02-30"),
    "a day of another form": put("joined", "21.11.2024"),
    "a tag in upper case": put("tags", "Sports"),
    "a tag of four levels": put("tags", "a/b/c/d"),
    "an attribute too long": put("note", "x" * 4097),
    "a NUL": put("note", "a\0b"),
    "bytes that are no text": put("note", f"K{BAD_BYTE}ln"),
    "a cell too few": lambda row: row[:-1],
    "a cell too many": lambda row: [*row, "more"],
    "a quote in the middle": lambda row: row,  # spoiled as text, below
}


def spoiled(kind: str, row: list[str]) -> str:
    """The row as it stands in the file, with CRLF behind it."""
    spoil = KINDS[kind]
    cells = spoil(row)  # type: ignore[arg-type] # all of them take rows
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    text = buffer.getvalue()
    return f'"x"y,{text}' if kind == "a quote in the middle" else text


def written(path: Path) -> tuple[dict[int, tuple[str, list[str]]], list[list[str]]]:
    """Writes the file; the bad rows by line, as they should have been, and the good ones."""
    kinds, bad, good = list(KINDS), {}, []
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(as_csv([]))
        line = 2
        for number in range(ROWS):
            row = row_of(number)
            is_bad = number % EVERY == EVERY - 1
            kind = kinds[number // EVERY % len(kinds)]
            text = spoiled(kind, row) if is_bad else as_csv([row]).split("\r\n", 1)[1]
            if is_bad:
                bad[line] = (kind, row)
            else:
                good.append(row)
            file.write(text)
            line += text.count("\n") + text.count("\r") - text.count("\r\n")
    return bad, good


def test_bad_rows_of_twenty_kinds_are_told_by_line_and_mended_come_in(place: Place) -> None:
    home = place.mtribes.home
    bad, good = written(home / "users.csv")
    assert (len(KINDS), len(bad)) == (20, ROWS // EVERY)
    outcome = place.ingest("users.csv", "--json")
    assert outcome.exit_code == 3, outcome.out
    assert totals_of(outcome) == {**model_of(good).totals, "read": ROWS, "rejected": len(bad)}
    rejects = loaded((home / "users.rejects.csv").read_text(encoding="utf-8"))
    assert [int(row["_line"]) for row in rejects] == sorted(bad)
    assert list(rejects[0]) == [*COLUMNS, "_line", "_error", "_raw"]
    assert all(row["_error"] for row in rejects)
    for row in rejects:
        row |= dict(zip(COLUMNS, bad[int(row["_line"])][1], strict=True))
    with (home / "users.rejects.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rejects[0]))
        writer.writeheader()
        writer.writerows(rejects)
    again = place.ingest("users.rejects.csv", "--json")
    assert (again.exit_code, totals_of(again)["created"]) == (0, len(bad)), again.out
    everybody = [row_of(number) for number in range(ROWS)]
    assert place.stored() == model_of(everybody).users


@pytest.mark.parametrize(  # all of them stand in one file above
    "kind", [pytest.param(kind, marks=[pytest.mark.slow] if at % 4 else []) for at, kind in enumerate(KINDS)]
)
def test_each_kind_says_what_is_wrong_and_keeps_what_can_be_kept(place: Place, kind: str) -> None:
    text = as_csv([]) + spoiled(kind, row_of(3)) + as_csv([row_of(4)]).split("\r\n", 1)[1]
    (place.mtribes.home / "users.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert place.ingest("users.csv").exit_code == 3
    assert list(place.stored()) == ["user-4"]
    [row] = loaded((place.mtribes.home / "users.rejects.csv").read_text(encoding="utf-8"))
    assert (row["_line"], bool(row["_error"])) == ("2", True)
    is_kept_as_text = kind in ("a cell too few", "a cell too many", "a quote in the middle")
    assert (row["user_id"] == "") == (is_kept_as_text or kind == "no user id")
    if is_kept_as_text:
        assert row["_raw"].rstrip() == spoiled(kind, row_of(3)).rstrip()
    elif kind == "bytes that are no text":
        assert "K\\xffln" in row["_raw"]
        assert "0xFF" in row["_error"]
    else:
        assert "_raw" not in row
