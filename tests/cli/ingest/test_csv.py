"""CSV: each row in as it was meant, or rejected by its line with a reason."""

from __future__ import annotations

import csv
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtribes_cli.errors import DocumentError, UsageError
from mtribes_cli.ingest import batch, input_stream
from mtribes_cli.ingest.user_ids import EDGES
from tests.cli.cli_runner import CliRunner
from tests.cli.ingest.rows import rows_of

DELIMITERS = ",;\t"
CELLS = st.one_of(
    st.sampled_from(
        ["", "007", "1e3", "true", "a;b", "x,y", "=1+1", "\ufeff", "שלום", "👩‍👩‍👧", "\u2028", "\x1a", "\0"]
    ),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.text('",;\t\r\n\\ ab', max_size=8),
)
IDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0'`\u2018\u201c\u201e\u00ab"), min_size=1, max_size=8
).filter(lambda text: text.strip(EDGES) == text)
ROWS = st.lists(st.tuples(IDS, CELLS, CELLS), max_size=12)
QUOTING = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16")


def written(rows: list[tuple[str, ...]], *, delimiter: str, quoting: Any, line_end: str) -> str:
    """CSV as other programs write it; Python alone quotes a lone CR only where a line ends with it."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator="\r\n")
    for row in rows:
        start = buffer.tell()
        writer.writerow(row)
        text = buffer.getvalue()[start:].removesuffix("\r\n") + line_end
        buffer.seek(start)
        buffer.truncate()
        buffer.write(text)
    return buffer.getvalue()


def meant(row: tuple[str, str, str]) -> dict[str, Any]:
    attributes = {name: cell for name, cell in zip(("plan", "note"), row[1:], strict=True) if cell}
    return {"user_id": row[0]} | ({"attributes": attributes} if attributes else {})


@dataclass(frozen=True)
class Dialect:
    """How a program writes CSV, and how much of it is read at once."""

    delimiter: str
    quoting: Any
    line_end: str
    encoding: str
    chunk_bytes: int

    def written(self, rows: list[tuple[str, ...]]) -> str:
        return written(rows, delimiter=self.delimiter, quoting=self.quoting, line_end=self.line_end)


DIALECTS = st.builds(
    Dialect,
    st.sampled_from(DELIMITERS),
    QUOTING,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(ENCODINGS),
    st.integers(65, 120),  # the header stands in the first chunk
)


@settings(max_examples=80, deadline=None)
@given(ROWS, DIALECTS)
def test_what_any_program_writes_comes_in_as_it_was_meant_with_its_line(
    rows: list[tuple[str, str, str]], dialect: Dialect
) -> None:
    header = ("user_id", "plan", "note")
    text = dialect.written([header, *rows])
    lines = [lines_of(dialect.written([header, *rows[:before]])) + 1 for before in range(len(rows))]
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(input_stream, "CHUNK_BYTES", dialect.chunk_bytes)
        found = rows_of(CliRunner(Path(home)), text.encode(dialect.encoding), delimiter=dialect.delimiter)
    assert found.rows == [(line, meant(row)) for line, row in zip(lines, rows, strict=True)]
    assert found.rejects == []


def lines_of(text: str) -> int:
    """As an editor counts."""
    return len(io.StringIO(text, newline="").readlines())


@settings(max_examples=80, deadline=None)
@given(ROWS.filter(bool), st.sampled_from(DELIMITERS), st.data())
def test_a_row_with_cells_too_few_or_too_many_is_rejected_by_its_line_and_no_other(
    rows: list[tuple[str, str, str]], delimiter: str, data: st.DataObject
) -> None:
    bad = data.draw(st.integers(0, len(rows) - 1))
    mangled: list[tuple[str, ...]] = list(rows)
    mangled[bad] = data.draw(st.sampled_from([(*rows[bad], "more"), rows[bad][:2], (*rows[bad], "", "")]))
    options: dict[str, Any] = {"delimiter": delimiter, "quoting": csv.QUOTE_MINIMAL, "line_end": "\n"}
    text = written([("user_id", "plan", "note"), *mangled], **options)
    before = written([("user_id", "plan", "note"), *mangled[:bad]], **options)
    with tempfile.TemporaryDirectory() as home:
        found = rows_of(CliRunner(Path(home)), text, delimiter=delimiter)
    assert found.users == [meant(row) for number, row in enumerate(rows) if number != bad]
    line = lines_of(before) + 1
    cells = len(mangled[bad])
    assert found.reasons == {line: f"the row has {cells} cells, but the header has 3 columns"}


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_the_delimiter_is_found_by_the_header(mtribes: CliRunner, delimiter: str) -> None:
    text = delimiter.join(["user_id", "tags", "plan"]) + "\n" + delimiter.join(["ada", '"a;b, c"', "x"]) + "\n"
    assert rows_of(mtribes, text).users == [{"user_id": "ada", "tags": ["a", "b, c"], "attributes": {"plan": "x"}}]


def test_a_stated_separator_line_of_a_spreadsheet_counts(mtribes: CliRunner) -> None:
    found = rows_of(mtribes, "sep=;\r\nuser_id;plan\r\nada;a,b\r\n")
    assert found.rows == [(3, {"user_id": "ada", "attributes": {"plan": "a,b"}})]


def test_an_empty_cell_is_not_given_and_empty_lines_do_not_count(mtribes: CliRunner) -> None:
    found = rows_of(mtribes, "user_id,email,plan,tags\n\nada,,,\n\r\nbob,b@example.com,,x\n\n")
    assert found.rows == [(3, {"user_id": "ada"}), (5, {"user_id": "bob", "email": "b@example.com", "tags": ["x"]})]


def test_cells_stay_text_unless_their_column_has_a_type(mtribes: CliRunner) -> None:
    text = "user_id,zip,age,vip,since,score\n1,007,007,Yes,2026-11-21,-0.50\n2,1,x,maybe,21.11.2026,1e999\n"
    types = ("age=number", "vip=boolean", "since=date", "score=number", "zip=text")
    found = rows_of(mtribes, text, types=types)
    attributes = {"zip": "007", "age": 7, "vip": True, "since": "2026-11-21", "score": -0.5}
    assert found.users == [{"user_id": "1", "attributes": attributes}]
    assert found.reasons == {
        3: "age: This is not a number such as 12 or 0.5; vip: This is not true or false; since: This "
        "is not a date or time such as 2026-11-21 or 2026-11-21T20:35:00Z; score: This is a number "
        "out of range."
    }


@pytest.mark.parametrize(
    ("cell", "kind", "reason"),
    [
        ("1,5", "number", "not a number"),
        ("NaN", "number", "not a number"),
        ("0x10", "number", "not a number"),
        ("1e999", "number", "out of range"),
        ("ja", "boolean", "not true or false"),
        ("2026-02-30", "date", "not a date or time"),
        ("2026-11-21T25:00:00Z", "date", "not a date or time"),
        ("2026-11-21T20:00:00", "date", "not a date or time"),
    ],
)
def test_a_cell_that_does_not_fit_its_type_says_so(mtribes: CliRunner, cell: str, kind: str, reason: str) -> None:
    found = rows_of(mtribes, f'user_id,x\nada,"{cell}"\n', types=(f"x={kind}",))
    assert reason in found.reasons[2]
    assert found.rejects[0].record.cells == ["ada", cell]


def test_a_column_becomes_another_field_an_attribute_or_nothing(mtribes: CliRunner) -> None:
    becomes = ("User ID=user_id", "Mail=email", "email=attributes.email", "Notes=", "Plan=subscription")
    found = rows_of(mtribes, "Notes,Plan,email,Mail,User ID\nn,p,e,m,u\n", becomes=becomes)
    assert found.users == [{"user_id": "u", "email": "m", "attributes": {"subscription": "p", "email": "e"}}]


def test_tags_are_separated_by_semicolons_and_those_to_add_and_remove_can_be_mapped(mtribes: CliRunner) -> None:
    found = rows_of(
        mtribes, "user_id,tags,plus,minus\nada,a; b;,c,d;e\n", becomes=("plus=add_tags", "minus=remove_tags")
    )
    assert found.users == [{"user_id": "ada", "tags": ["a", "b"], "add_tags": ["c"], "remove_tags": ["d", "e"]}]


def test_what_a_rejects_file_says_besides_is_passed_over(mtribes: CliRunner) -> None:
    found = rows_of(mtribes, "user_id,plan,_line,_error,_raw\nada,x,17,why,raw\n")
    assert found.users == [{"user_id": "ada", "attributes": {"plan": "x"}}]


BROKEN: dict[str, tuple[str | bytes, set[int], list[str]]] = {
    "a quote in the middle": ('user_id,plan\n1,"a"b\n2,c\n', {2}, ["2"]),
    "a quote that nobody closes, then quoted cells": ('user_id,plan\n1,"abc\n2,"def"\n3,ghi\n', {2}, ["3"]),
    "a quote that nobody closes": ('user_id,plan\n1,a\n2,"b\n3,c\n', {3}, ["1"]),
    "the rest of a broken row": ('user_id,plan\n1,"say "hello\nworld", x" y"\n3,c\n', {2, 3}, ["3"]),
    "bytes of another encoding": (b"user_id,plan\n1,a\n2,K\xf6ln\n3,c\n", {3}, ["1", "3"]),
    "half a character of UTF-16": ("user_id,plan\n1,a\n".encode("utf-16") + b"3", {3}, ["1"]),
    "no user id": ("user_id,plan\n,a\n2,b\n", {2}, ["2"]),
    "a huge cell": (f'user_id,plan\n1,{"x" * 20}\n2,"{"y" * 200_000}\n{"z" * 200_000}"\n3,c\n', {3}, ["1", "3"]),
    "a huge line": (f"user_id,plan\n1,a\n2,{'y' * 9_000_000}\n3,c\n", {3}, ["1", "3"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_rejected_by_its_line_and_the_others_come_in(mtribes: CliRunner, name: str) -> None:
    content, lines, ids = BROKEN[name]
    found = rows_of(mtribes, content, delimiter=",")
    assert (set(found.reasons), [user["user_id"] for user in found.users]) == (lines, ids)
    assert all(found.reasons.values())


def test_what_cannot_be_decoded_says_which_byte_it_was(mtribes: CliRunner) -> None:
    assert "0xF6" in rows_of(mtribes, b"user_id,plan\n2,K\xf6ln\n").reasons[2]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("user_id,a,a\n", "are invalid"),
        ("email,plan\n", "user_id"),
        ('user_id,"plan\n', "invalid header row"),
        (b"PK\x03\x04rest", "spreadsheet"),
        ("user_id,plan\n".encode("utf-16-le"), "byte order mark"),
        ("user_id,plan\n".encode("utf-32"), "UTF-32"),
    ],
)
def test_a_header_that_cannot_be_used_ends_with_what_to_do(mtribes: CliRunner, content: str | bytes, told: str) -> None:
    with pytest.raises(DocumentError, match=told) as raised:
        rows_of(mtribes, content)
    assert raised.value.advice


def test_a_column_that_may_hold_the_user_id_is_suggested(mtribes: CliRunner) -> None:
    with pytest.raises(DocumentError) as raised:
        rows_of(mtribes, "External ID,email\n")
    assert '--map "External ID=user_id"' in raised.value.advice


@pytest.mark.parametrize(
    "options",
    [
        {"becomes": ["nothing"]},
        {"becomes": ["other=email"]},
        {"becomes": ["plan=email", "plan=phone"]},
        {"types": ["plan=money"]},
        {"types": ["user_id=number"]},
        {"types": ["tags=text"]},
        {"delimiter": "::"},
    ],
)
def test_options_that_cannot_be_meant_are_a_usage_error(mtribes: CliRunner, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        rows_of(mtribes, "user_id,plan,tags\n", **options)


def test_two_columns_cannot_become_one_field(mtribes: CliRunner) -> None:
    with pytest.raises(DocumentError) as raised:
        rows_of(mtribes, "user_id,email,mail\n", becomes=["mail=email"])
    assert raised.value.problems[0].path == "mail"


def test_the_same_file_gives_the_same_parts_however_it_is_read(
    mtribes: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "user_id,plan\n" + "".join(f'u{n},"{"é" * (n % 20)}"\n' for n in range(60_000))
    bodies = rows_of(mtribes, text).bodies
    monkeypatch.setattr(input_stream, "CHUNK_BYTES", 7777)
    assert rows_of(mtribes, text).bodies == bodies
    assert [body.count(b"\n") for body in bodies] == [50_000, 10_000]


def test_no_part_is_larger_than_the_server_takes(mtribes: CliRunner) -> None:
    text = "user_id,plan\n" + "".join(f"u{n},{'é' * 100_000}\n" for n in range(100))
    assert all(len(body) < 16 * 1024 * 1024 for body in rows_of(mtribes, text).bodies)


FAR: dict[str, tuple[str, dict[str, Any] | None, str]] = {  # beyond the block in which the header stands
    "a space before": ("k, a@b.cd,", {"email": "a@b.cd"}, ""),
    "a space behind": ("k,a@b.cd ,", {"email": "a@b.cd"}, ""),
    "a space in quotes": ('k," a@b.cd ",x', {"email": "a@b.cd", "attributes": {"note": "x"}}, ""),
    "a line break in quotes": ('k,"a@b.cd\n",', {"email": "a@b.cd"}, ""),
    "a space without width": ("k,\u200ba@b.cd,", {"email": "a@b.cd"}, ""),
    "a space before an id": (" k,a@b.cd,", None, "This begins with U+0020"),
    "a space behind an id": ("k ,a@b.cd,", None, "This ends with U+0020"),
    "an id without end": ("1.2E+9,,", None, "shortened"),
    "an id in apostrophes": ("'k',,", None, "enclosed in quotes"),
    "an id in apostrophes in quotes": ("\"'k'\",,", None, "enclosed in quotes"),
    "an id in curly quotes": ("\u201ck\u201d,,", None, "enclosed in quotes"),
    "a header": ("user_id,other,note", None, "name of its column"),
}


@pytest.mark.parametrize("name", FAR)
def test_rows_far_below_the_header_have_the_same_rules(
    mtribes: CliRunner, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    row, fields, reason = FAR[name]
    monkeypatch.setattr(input_stream, "CHUNK_BYTES", 100)
    plain = "".join(f"u{number},,\n" for number in range(60))
    found = rows_of(mtribes, f"user_id,email,note\n{plain}{row}\n{plain}", delimiter=",")
    others = [user for user in found.users if not user["user_id"].startswith("u")]
    assert others == ([] if fields is None else [{"user_id": "k", **fields}])
    assert (list(found.reasons), reason in "".join(found.reasons.values())) == ([62] if reason else [], True)


@pytest.mark.parametrize("broken", ['"a"b\n', 'a,"x\n'], ids=["quotes", "an open quote"])
def test_broken_rows_fill_batches_as_others_do(
    mtribes: CliRunner, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(batch, "MAX_LOCAL_REJECTS", 5)
    found = rows_of(mtribes, "user_id,b\n" + broken * 100)
    assert len(found.rejects) >= 50
    assert len(found.bodies) >= len(found.rejects) // 5
