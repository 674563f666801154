"""Documents: what YAML and JSON are read as, what is refused, and that what is written is read back."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from templates_server.errors import BadRequest
from templates_server.primitives.yaml_json import read_json, read_yaml, write_yaml

DEPTH = 32


def from_yaml(text: str) -> Any:
    return read_yaml(text.encode(), max_depth=DEPTH)


def from_json(text: str) -> Any:
    return read_json(text.encode(), max_depth=DEPTH)


@pytest.mark.parametrize(
    "text",
    ["on", "off", "yes", "no", "y", "n", "On", "NO", "2027-04-30", "2027-04-30T22:00:00Z", "1_000", "0b1", "1:30", "<<",
     "=", "tRUE", "nULL", "0o8", "0xg", "1e", "+", ".", "..1", "1.2.3", "inf", "nan", "12e03x", "+0x1"],
)  # fmt: skip
def test_what_the_core_schema_does_not_name_stays_text(text: str) -> None:
    assert from_yaml(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("False", False), ("TRUE", True), ("null", None), ("Null", None), ("~", None), ("", None),
     ("0", 0), ("-12", -12), ("+12", 12), ("007", 7), ("0o17", 15), ("0xFf", 255), ("1.5", 1.5), ("-.5", -0.5),
     ("1.", 1.0), ("1e3", 1000.0), ("+1.2E-3", 0.0012), ("685.230_15", "685.230_15")],
)  # fmt: skip
def test_what_the_core_schema_names_is_read_so(text: str, value: Any) -> None:
    read = from_yaml(f"a: {text}")["a"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", ["'on'", '"1"', "'null'", '"2027-04-30"', "|-\n  1"])
def test_what_is_quoted_is_text(text: str) -> None:
    assert isinstance(from_yaml(f"a: {text}")["a"], str)


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a: &x 1", "line 1, column 4", "anchors"),
        ("a: 1\nb: *x", "line 2, column 4", "aliases"),
        ("a: !!str 1", "line 1, column 4", "tags"),
        ("a: ! 1", "line 1, column 4", "tags"),
        ("a: !!python/object/apply:os.system [ls]", "line 1, column 4", "tags"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1", 'the key "a" appears twice'),
        ("x:\n  b: 1\n  'b': 2", "line 3, column 3", "twice"),
        ("a: 1\n---\nb: 2", "line 2, column 1", "only one document is allowed"),
        ("1: a", "line 1, column 1", "a key must be text"),
        ("null: a", "line 1, column 1", "a key must be text"),
        ("? [a]\n: 1", "line 1, column 3", "a key must be text"),
        ("%YAML 1.1\n---\na: 1", "line 1, column 1", "directive"),
        ("%TAG ! x:\n---\na: 1", "line 1, column 1", "directive"),
        ("a: .inf", "line 1, column 4", ".inf"),
        ("a: -.INF", "line 1, column 4", "-.INF"),
        ("a: .nan", "line 1, column 4", ".nan"),
        ("a: 1e999", "line 1, column 4", "too large"),
        ("a: 9223372036854775808", "line 1, column 4", "64 bits"),
        (f"a: {'9' * 5000}", "line 1, column 4", "64 bits"),
        ('a: "\\0"', "line 1, column 4", "NUL"),
        ('a: "\\ud800"', "line 1", "Unicode"),
        ("a:\n  - b: [", "line 3", "flow"),
        ("a: b: c", "line 1, column 5", "mapping values"),
        ("a: 'x", "line 1", "quoted"),
        ("a: 1\n\tb: 2", "line 2", "tab"),
        ("a: 1\nb: \x01", "line 2", "control characters"),
        (f"a: {'[' * 60}", "line 1", "deeper than 32"),
        ("".join(f"{' ' * depth}a:\n" for depth in range(60)), "line 33", "deeper than 32"),
    ],
)
def test_what_a_document_may_not_hold_is_refused_with_its_line(text: str, place: str, reason: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        from_yaml(text)
    assert place in str(refusal.value)
    assert reason.lower() in str(refusal.value).lower()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "b": {"x": 1, "x": 2}}', 'the key "x" appears twice'),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "-Infinity"),
        ('{"a": 1e999}', "too large"),
        ('{"a": "\\u0000"}', "NUL"),
        ('{"\\u0000": 1}', "NUL"),
        ('{"a": "\\ud800"}', "surrogate"),
        ('{"a": "\\udfff\\ud83d"}', "surrogate"),
        ('{"a": 9223372036854775808}', "64 bits"),
        (f'{{"a": {"9" * 5000}}}', "64 bits"),
        ('{"a": 1,}', "line 1, column [89]"),  # Python 3.13 points at the comma
        ('{"a":\n  oops}', "line 2, column 3"),
        ("", "line 1, column 1"),
        ('{"a": 1} {"b": 2}', "line 1, column 10"),
        ("[" * 5000, "deeper than 32"),
        ('{"a": "\t"}', "control character"),
    ],
)
def test_json_that_a_document_may_not_hold_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason.replace("+", r"\+")):
        from_json(text)


@pytest.mark.parametrize("read", [read_json, read_yaml])
def test_what_is_not_utf_8_is_refused(read: Any) -> None:
    with pytest.raises(BadRequest, match="UTF-8"):
        read(b'{"a": "\xff"}', max_depth=DEPTH)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert from_json('{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


@pytest.mark.parametrize("read", [read_json, read_yaml])
def test_a_byte_order_mark_and_carriage_returns_do_no_harm(read: Any) -> None:
    assert read(b'\xef\xbb\xbf{"a":\r\n 1}\r\n', max_depth=DEPTH) == {"a": 1}


@pytest.mark.parametrize("text", ["", "\n", "# nothing but a comment\n", "---\n", "--- ~\n...\n"])
def test_an_empty_document_is_null(text: str) -> None:
    assert from_yaml(text) is None


def test_nesting_as_deep_as_allowed_is_read() -> None:
    assert from_yaml("[" * DEPTH + "]" * DEPTH)
    assert from_json("[" * DEPTH + "]" * DEPTH)


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["on", "No", "null", "~", "007", "0o7", "0x1f", "1e3", "1_000", ".5", "2027-04-30", "12:30", "- a", "a: b", "a #b",
     "'", '"', "x\n", "\nx", " x", "x ", "\t", "\r\n", "\x85", "\u2028",
     "\ufeff", "\ufffe", "[a]", "{a}",
     "&a", "*a", "!a", "%a", "@a", "`a", "| a", "> a", "? a", "---", "...", "a,b", "a:", ":a", "#a", "<<", "=", "y",
     "true", "a\\b", "😀"]
)  # fmt: skip
NUMBERS = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = TEXTS | NUMBERS | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5), max_leaves=25
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=6))
@example({"": ["0?", "a!", "x%", "1;", "(", "-"]})
@example({"a": [[], {}, [[]], [{}], {"b": []}]})
@example({"long": "word " * 500, "lines": "one\ntwo\n\n  three\n", "list": ["x" * 200, "y"]})
def test_what_is_written_as_yaml_is_read_back_equal(document: dict[str, Any]) -> None:
    written = write_yaml(document)
    assert from_yaml(written) == document
    assert list(from_yaml(written)) == list(document)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(TEXTS, st.lists(TEXTS, max_size=4) | TEXTS, max_size=5))
def test_another_reader_of_yaml_reads_the_same_texts(document: dict[str, Any]) -> None:
    assert yaml.safe_load(write_yaml(document)) == document


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_json_is_read_as_python_reads_it(value: Any) -> None:
    assert from_json(json.dumps(value)) == value


def test_what_is_written_is_pleasant_to_read() -> None:
    document = {
        "space": "vod",
        "revision": 3,
        "name": "What's on, tonight",
        "answer": "no",
        "color": {"value": "#6f58c4", "opacity": 0.5},
        "options": ["full-width", "on", "2027-04-30", "a, b"],
        "items": [{"id": "a", "tags": []}, ["x", ["y"]]],
        "nothing": None,
    }
    assert write_yaml(document) == (
        "space: vod\n"
        "revision: 3\n"
        "name: What's on, tonight\n"
        'answer: "no"\n'
        "color:\n"
        '  value: "#6f58c4"\n'
        "  opacity: 0.5\n"
        'options: [full-width, "on", "2027-04-30", "a, b"]\n'
        "items:\n"
        "  - id: a\n"
        "    tags: []\n"
        "  -\n"
        "    - x\n"
        '    - ["y"]\n'
        "nothing: null\n"
    )
