"""What an answer tells of what is wrong: the first hundred problems and how many more there are, in bounded texts."""

from __future__ import annotations

import json

import pytest

from templates_server.errors import (
    MAX_MESSAGE_CHARACTERS,
    MAX_PATH_CHARACTERS,
    MORE_PROBLEMS,
    MOST_PROBLEMS,
    BadRequest,
    ErrorDetail,
    Problems,
    ValidationFailed,
)
from templates_server.features.imports.parser import read_part
from templates_server.features.people.api import _read_changes
from templates_server.primitives.validation import MOST_SUGGESTIONS, Reader


def some(number: int) -> list[ErrorDetail]:
    return [ErrorDetail(f"[{index}]", "This is wrong.") for index in range(number)]


@pytest.mark.parametrize("number", [1, 99, 100, 101])
def test_a_hundred_and_one_problems_are_all_told(number: int) -> None:
    assert list(ValidationFailed(some(number)).problems) == some(number)


@pytest.mark.parametrize(("number", "told"), [(102, "And 2 more problems."), (5000, "And 4,900 more problems.")])
def test_of_more_problems_a_hundred_are_told_and_the_rest_counted(number: int, told: str) -> None:
    failed = ValidationFailed(problem for problem in some(number))
    assert list(failed.problems) == [*some(100), ErrorDetail("", told, MORE_PROBLEMS)]
    assert str(failed) == f"{number} problem(s)"


def test_problems_that_were_cut_are_not_cut_again() -> None:
    cut = ValidationFailed(some(500))
    assert ValidationFailed(cut.problems).problems == cut.problems


def test_problems_of_several_readers_are_counted_together() -> None:
    together = Problems(some(60))
    for _ in range(2):
        one = Problems()
        for problem in some(300):
            one.add(problem.path, problem.message)
        together.extend(one)
    assert len(together) == 660
    assert list(together) == [*some(60), *some(40), ErrorDetail("", "And 560 more problems.", MORE_PROBLEMS)]


def test_no_more_problems_are_kept_than_are_told() -> None:
    many = Problems(some(10_000))
    assert len(many.kept) == MOST_PROBLEMS + 1
    assert len(many) == 10_000


def test_the_texts_of_a_problem_are_bounded() -> None:
    problem = ErrorDetail("p" * 1_000_000 + ".name", "The name '" + "x" * 1_000_000 + "' is taken.")
    assert (len(problem.path), len(problem.message)) == (MAX_PATH_CHARACTERS, MAX_MESSAGE_CHARACTERS)
    assert problem.path.startswith("ppp")
    assert problem.path.endswith("p.name")
    assert problem.message.startswith("The name 'xxx")
    assert problem.message.endswith("xxx' is taken.")
    assert "…" in problem.message


def test_texts_that_are_just_short_enough_stay_whole() -> None:
    path, message = "p" * MAX_PATH_CHARACTERS, "m" * MAX_MESSAGE_CHARACTERS
    assert (ErrorDetail(path, message).path, ErrorDetail(path, message).message) == (path, message)


def test_the_problem_of_any_failure_is_bounded() -> None:
    (problem,) = BadRequest("x" * 1_000_000, path="y" * 1_000_000).problems
    assert len(problem.message) + len(problem.path) == MAX_MESSAGE_CHARACTERS + MAX_PATH_CHARACTERS


def test_a_document_gets_few_suggestions() -> None:
    reader = Reader()
    reader.mapping({f"nam{number}": 1 for number in range(90)}, "", ("name",))
    assert sum('did you mean "name"?' in problem.message for problem in reader.problems) == MOST_SUGGESTIONS
    assert len(list(reader.problems)) == 90


def test_unknown_keys_beyond_those_told_are_counted() -> None:
    reader = Reader()
    reader.mapping(dict.fromkeys(map(str, range(700)), 1), "", ("name",))
    assert list(reader.problems)[-1] == ErrorDetail("", "And 600 more problems.", MORE_PROBLEMS)


def test_unknown_fields_of_a_user_beyond_those_told_are_counted() -> None:
    with pytest.raises(ValidationFailed) as failed:
        _read_changes([{"user_id": "a", **dict.fromkeys(map(str, range(700)), 1)}, {"user_id": 3}])
    assert failed.value.problems[-1] == ErrorDetail("", "And 601 more problems.", MORE_PROBLEMS)


def test_each_bad_row_of_a_part_has_a_problem_of_bounded_length() -> None:
    rows = MOST_PROBLEMS * 3
    row = json.dumps({"user_id": "a", "x" * 3000: 1, "email": "y" * 3000, "z": 1}).encode()
    part = read_part(b"\n".join([row] * rows))
    assert {error.line for error in part.errors} == set(range(1, rows + 1))
    assert part.rejected == rows
    assert max(len(error.message) for error in part.errors) <= MAX_MESSAGE_CHARACTERS
    assert max(len(error.path) for error in part.errors) <= MAX_PATH_CHARACTERS
