"""Numbers in answers, files and answers of people: bounded, whoever wrote them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtribes_cli import numbers as cli_numbers
from mtribes_cli.api.response import ApiResponse, date_of, retry_after_seconds
from mtribes_cli.errors import DocumentError
from mtribes_cli.ingest.rejects import default_name
from mtribes_cli.parameters.documents import _parsed_json as parsed_json
from mtribes_cli.parameters.documents import _parsed_yaml as parsed_yaml
from templates_server.primitives import integers as server_numbers

BOTH = [cli_numbers.whole_number, server_numbers.whole_number]
DIGITS = "9" * 5000


@pytest.mark.parametrize("whole_number", BOTH)
@given(st.integers(0, 10**30), st.integers(0, 10**20), st.integers(0, 40))
def test_a_number_is_read_up_to_the_most(
    whole_number: Callable[..., int | None], n: int, most: int, zeros: int
) -> None:
    assert whole_number("0" * zeros + str(n), most=most) == (n if n <= most else None)


@pytest.mark.parametrize("whole_number", BOTH)
@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1 ", "1_0", "1.0", "1e3", "\u0661", "\xb2", "0x10", DIGITS, "a"]
)
def test_any_other_text_is_no_number(whole_number: Callable[..., int | None], text: str) -> None:
    assert whole_number(text, most=10**9) is None


def answer(**headers: str) -> ApiResponse:
    return ApiResponse(
        "http://127.0.0.1/", 503, {name.replace("_", "-"): value for name, value in headers.items()}, b""
    )


@pytest.mark.parametrize(
    ("said", "seconds"), [("7", 7), ("007", 7), (DIGITS, 999_999_999), ("\u0667", None), ("-7", None), ("7.5", None)]
)
def test_retry_after_is_a_bounded_number(said: str, seconds: float | None) -> None:
    assert retry_after_seconds(answer(retry_after=said)) == seconds


@pytest.mark.parametrize("year", ["9" * 25, DIGITS])
def test_a_date_beyond_all_years_is_none(year: str) -> None:
    assert date_of(answer(date=f"Mon, 1 Nov {year} 00:00:00 GMT")) is None
    assert retry_after_seconds(answer(retry_after=f"Mon, {'9' * 25} Nov 2026 00:00:00 GMT", date="x")) is None


def test_a_document_with_thousands_of_digits_is_refused() -> None:
    with pytest.raises(DocumentError, match="thousands of digits"):
        parsed_json("space.json", f'{{"revision": {DIGITS}}}')


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("users.rejects-2.csv", "users.rejects-3.csv"),
        (f"users.rejects-{DIGITS}.csv", f"users.rejects-{DIGITS}.rejects.csv"),
        ("users.rejects-\u0662.csv", "users.rejects-\u0662.rejects.csv"),
    ],
)
def test_the_number_of_a_rejects_file_is_bounded(file: str, expected: str) -> None:
    assert default_name(file, ".csv") == expected


@pytest.mark.parametrize("text", ['{"a":' * 65 + "1" + "}" * 65, "[" * 4000, "{a: [" * 2000])
def test_a_document_that_is_nested_too_deep_is_told_before_all_of_it_is_read(text: str) -> None:
    with pytest.raises(DocumentError, match=r"^deep\.yaml.*nest"):
        parsed_yaml("deep.yaml", text)


def test_brackets_in_texts_and_one_after_another_are_not_nested() -> None:
    assert parsed_yaml("a.yaml", 'a: "' + "[" * 500 + '"') == {"a": "[" * 500}
    assert parsed_yaml("a.yaml", "a: [" + "[], " * 500 + "]") == {"a": [[]] * 500}
    assert parsed_yaml("a.yaml", "[" * 64 + "]" * 64)
