"""NDJSON and JSON arrays: objects as they stand, each with its line; what is no JSON is rejected by line."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtribes_cli.errors import DocumentError, UsageError
from mtribes_cli.ingest import input_stream
from tests.cli.cli_runner import CliRunner
from tests.cli.ingest.rows import opened, rows_of

SOUND = st.characters(codec="utf-8")  # half a surrogate pair has no UTF-8
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(SOUND, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(SOUND, max_size=5), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="_"), max_size=5), VALUES, max_size=4)
ARRAYS = st.lists(OBJECTS, max_size=8)


def read_in_pieces(content: str, name: str, chunk_bytes: int) -> Any:
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(input_stream, "CHUNK_BYTES", chunk_bytes)
        return rows_of(CliRunner(Path(home)), content, name)


@settings(max_examples=60, deadline=None)
@given(ARRAYS, st.sampled_from([None, 0, 2]), st.integers(4, 40))
def test_every_element_of_an_array_comes_in_with_its_line(
    rows: list[Any], indent: int | None, chunk_bytes: int
) -> None:
    pieces = [json.dumps(row, indent=indent, ensure_ascii=bool(indent)) for row in rows]
    text = "[\n" + ",\n".join(pieces) + "\n]\n"
    lines = [2 + sum(piece.count("\n") + 1 for piece in pieces[:before]) for before in range(len(rows))]
    found = read_in_pieces(text, "users.json", chunk_bytes)
    assert found.rows == list(zip(lines, rows, strict=True))
    assert found.rejects == []


@settings(max_examples=50, deadline=None)
@given(ARRAYS, st.sampled_from(["\n", "\r\n", "\n\n", "\r"]), st.integers(4, 40))
def test_every_line_of_ndjson_comes_in_with_its_line(rows: list[Any], line_end: str, chunk_bytes: int) -> None:
    text = "".join(json.dumps(row) + line_end for row in rows)
    found = read_in_pieces(text, "users.ndjson", chunk_bytes)
    step = 2 if line_end == "\n\n" else 1
    assert found.rows == [(1 + step * number, row) for number, row in enumerate(rows)]


BROKEN = {
    "an element that is no JSON": ('[{"user_id":"1"},\n{"user_id":nope},\n{"user_id":"3"}]', {2}, ["1", "3"]),
    "a raw line break in text": ('[{"user_id":"1\n"},\n{"user_id":"3"}]', {1}, ["3"]),
    "a comma too many at the end": ('[{"user_id":"1"},\n]', {2}, ["1"]),
    "two commas": ('[{"user_id":"1"},\n,{"user_id":"3"}]', {2}, ["1"]),
    "a comma too few": ('[{"user_id":"1"}\n{"user_id":"3"}]', {2}, ["1"]),
    "a list that breaks off": ('[{"user_id":"1"},\n{"user_id":"2"', {2}, ["1"]),
    "a list that breaks off behind a comma": ('[{"user_id":"1"},\n', {2}, ["1"]),
    "a list that is not closed": ('[{"user_id":"1"}\n', {2}, ["1"]),
    "more after the list": ('[{"user_id":"1"}]\n{"user_id":"2"}', {2}, ["1"]),
    "a word that is none": ('[{"user_id":"1"}, nope,\n{"user_id":"3"}]', {1}, ["1", "3"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_in_an_array_is_rejected_by_its_line(mtribes: CliRunner, name: str) -> None:
    content, lines, ids = BROKEN[name]
    found = rows_of(mtribes, content, "users.json")
    assert (set(found.reasons), [user["user_id"] for user in found.users]) == (lines, ids)


GARBAGE = st.lists(
    st.sampled_from(["{", "}", "[", "]", '"', "\\", ",", ":", "a", "1", "null", " ", "\n", '"x"', '{"a":1}'])
)


@settings(max_examples=100, deadline=None)
@given(GARBAGE, st.integers(4, 12))
def test_garbage_is_read_alike_in_pieces_of_any_size(parts: list[str], chunk_bytes: int) -> None:
    text = f"[{''.join(parts)}]"
    whole, pieces = read_in_pieces(text, "users.json", 10_000), read_in_pieces(text, "users.json", chunk_bytes)
    assert (pieces.bodies, pieces.reasons) == (whole.bodies, whole.reasons)


LONG = {
    "a text of quotes that is not closed": '["' + '\\"' * 200_000,
    "a name of quotes that is not closed": '[{"' + '\\"' * 200_000,
    "brackets": "[" * 400_000,
    "elements that are broken": "[" + "{x}," * 20_000 + "1]",
    "a number": "[" + "1" * 400_000 + "]",
    "names that are not closed": "[" + '{"\\"},' * 60_000,
}


@pytest.mark.parametrize("name", LONG)
def test_a_hostile_array_is_read_in_seconds(mtribes: CliRunner, name: str) -> None:
    path = mtribes.home / "users.json"
    path.write_text(LONG[name], encoding="utf-8")
    started = time.process_time()
    with opened(mtribes, path) as reading:
        assert sum(1 for _ in reading.rows.batches())
    assert time.process_time() - started < 3


def test_a_number_of_many_digits_is_sent_as_it_stands(mtribes: CliRunner) -> None:
    text = f'{{"user_id":"1","attributes":{{"n":{"9" * 5000}}}}}'
    path = mtribes.home / "users.json"
    path.write_text(f"[{text}]", encoding="utf-8")
    with opened(mtribes, path) as reading:
        assert [batch.body for batch in reading.rows.batches()] == [text.encode() + b"\n"]


def test_an_object_is_sent_as_it_stands_down_to_the_last_digit(mtribes: CliRunner) -> None:
    text = '{"user_id": "1", "attributes": {"n": 1.10000000000000000001, "big": 12345678901234567890123}}'
    assert rows_of(mtribes, text + "\n", "users.ndjson").bodies == [text.encode() + b"\n"]
    assert rows_of(mtribes, f"[{text}]", "users.json").bodies == [text.encode() + b"\n"]


def test_what_a_rejects_file_says_besides_is_passed_over(mtribes: CliRunner) -> None:
    found = rows_of(mtribes, '{"user_id":"1","_line":3,"_error":"why","_raw":"x"}\n', "users.ndjson")
    assert found.users == [{"user_id": "1"}]


def test_fields_are_mapped_among_attributes_too(mtribes: CliRunner) -> None:
    text = '{"id":"1","plan":"gold","secret":"x","attributes":{"age":7}}\n'
    found = rows_of(mtribes, text, "users.jsonl", becomes=("id=user_id", "plan=tier", "secret="))
    assert found.users == [{"user_id": "1", "attributes": {"age": 7, "tier": "gold"}}]


def test_the_format_is_known_by_how_the_input_begins(mtribes: CliRunner) -> None:
    assert rows_of(mtribes, ' [{"user_id":"1"}]', "users").users == [{"user_id": "1"}]
    assert rows_of(mtribes, '{"user_id":"1"}', "users").users == [{"user_id": "1"}]
    assert rows_of(mtribes, "user_id\n1\n", "users").users == [{"user_id": "1"}]
    assert rows_of(mtribes, "user_id\n1\n", "users.json", format="csv").users == [{"user_id": "1"}]


def test_objects_in_a_file_that_is_called_an_array_end_with_what_to_do(mtribes: CliRunner) -> None:
    with pytest.raises(DocumentError) as raised:
        rows_of(mtribes, '{"user_id":"1"}\n{"user_id":"2"}\n', "users.json")
    assert "--format ndjson" in raised.value.advice


@pytest.mark.parametrize("options", [{"types": ["age=number"]}, {"delimiter": ";"}])
def test_options_for_csv_are_refused_for_json(mtribes: CliRunner, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        rows_of(mtribes, "[]", "users.json", **options)


def test_a_dry_run_looks_at_json_itself(mtribes: CliRunner) -> None:
    found = rows_of(mtribes, '{"user_id":"1"}\nnope\n{"user_id":2}\n[]\n', "users.ndjson", is_checked=True)
    assert (found.users, set(found.reasons)) == ([{"user_id": "1"}], {2, 3, 4})
