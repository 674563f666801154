"""The runner of the cases notices what is not as expected, says all that helps, and takes no unknown word."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.cases import BadCase, read_cases
from tests.conformance.languages import LANGUAGES
from tests.conformance.matchers import Names, differences
from tests.conformance.outcomes import Ending, Outcome, Runner, running


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """A runner with the driver of TypeScript."""
    command = LANGUAGES["typescript"].build(tmp_path_factory.mktemp("typescript"))
    with running(command, tmp_path_factory.mktemp("server")) as made:
        yield made


def outcome_of(runner: Runner, folder: Path, *steps: str) -> Outcome:
    """How a case of these steps ends."""
    lines = ["subject: Made", "cases:", "  - title: A made case", "    steps:", *(f"      - {step}" for step in steps)]
    file = folder / "made.yaml"
    file.write_text("\n".join(lines), "utf-8")
    [case] = read_cases(file)
    return runner.outcome(case)


def test_a_case_that_fails_says_where_what_was_expected_and_seen_and_what_was_sent(
    runner: Runner, tmp_path: Path
) -> None:
    outcome = outcome_of(
        runner, tmp_path, "start: {userId: u1}", "pass: 1.5", "track: clicked", "expect: {status: idle}"
    )
    assert outcome.ending is Ending.FAILS
    for text in (
        "made.yaml: A made case",
        "step 4 after 1.5 s, expect: {'status': 'idle'}",
        "status: expected 'idle', seen 'served'",
        "0 s POST /api/client/sessions -> 200",
        'the event "clicked" is left out',
    ):
        assert text in outcome.told


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (["track: clicked", "expect: {status: idle}"], "logged, and no step expected it"),
        (["start", "expect: {requests: []}"], "requests: expected [], seen ['sessions']"),
        (["start", "expect: {requests: {changes: 0}}"], "requests: sessions 1 times, not expected"),
        (["start", "expect: {requests: [sessions], read: {homepage.header.enabled: false}}"], "seen True"),
        (["start", "track: a/b", "flush", "expect: {stored: []}"], "stored: expected [], seen ['a/b']"),
        (["listen: {to: homepage.header}", "start", "expect: {called: {}}"], "homepage.header 1 times, not expected"),
        (["start", "expect: {device: {empty: true}}"], "device: nothing was expected"),
        (["answer: {sessions: {delay: 1}}", "start", "expect: {pending: []}"], "pending: expected [], seen ['start']"),
        (["start", "expect: {timers: 0}", "track: a/b", "expect: {timers: 0}"], "no timer is left"),
    ],
)
def test_what_is_not_as_expected_is_told(steps: list[str], told: str, runner: Runner, tmp_path: Path) -> None:
    outcome = outcome_of(runner, tmp_path, *steps)
    assert (outcome.ending, told in outcome.told) == (Ending.FAILS, True), outcome.told


def test_time_passes_without_waiting_and_answers_come_at_their_time(runner: Runner, tmp_path: Path) -> None:
    steps = ["answer: {sessions: {delay: 3000}}", "start", "pass: 3599", "expect: {requests: {sessions: 2}}"]
    assert outcome_of(runner, tmp_path, *steps).ending is Ending.HOLDS


def test_a_driver_that_cannot_do_what_it_is_told_fails_the_case_and_not_the_next_one(
    runner: Runner, tmp_path: Path
) -> None:
    broken = outcome_of(runner, tmp_path, "stop: nobody", "expect: {status: idle}")
    assert (broken.ending, "the driver: step 1, stop: nobody" in broken.told) == (Ending.FAILS, True)
    assert outcome_of(runner, tmp_path, "expect: {status: idle}").ending is Ending.HOLDS


def test_a_case_for_which_a_language_has_no_feature_is_told_apart(runner: Runner, tmp_path: Path) -> None:
    file = tmp_path / "made.yaml"
    file.write_text("subject: M\ncases: [{title: T, needs: [wings], steps: [{expect: {status: idle}}]}]", "utf-8")
    [case] = read_cases(file)
    assert runner.outcome(case) == Outcome(Ending.ABSENT, "it has no wings")


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("{title: T, steps: [{fly: 1}]}", "no step is called fly"),
        ("{title: T, steps: [start]}", "nothing is expected"),
        ("{title: T, steps: [{start: 1, end: 2}]}", "a step has one word"),
        ("{title: T, given: {weather: fine}, steps: [{expect: {}}]}", "weather means nothing here"),
        ("{title: T, wants: [], steps: [{expect: {}}]}", "wants means nothing here"),
    ],
)
def test_a_case_with_a_word_that_means_nothing_is_refused(case: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "made.yaml"
    file.write_text(f"subject: M\ncases: [{case}]", "utf-8")
    with pytest.raises(BadCase, match=told):
        read_cases(file)


def test_an_expectation_with_a_word_that_means_nothing_fails(runner: Runner, tmp_path: Path) -> None:
    outcome = outcome_of(runner, tmp_path, "expect: {weather: fine}")
    assert (outcome.ending, "nothing can be expected of weather" in outcome.told) == (Ending.FAILS, True)


def test_a_name_stands_for_one_value_and_two_names_for_two() -> None:
    names = Names()
    assert differences(["$a", "$b", "$a"], [1, 2, 1], names) == []
    assert differences(["$a"], [2], names) != []
    assert differences(["$c"], [2], names) != []
    assert differences(["$d"], [None], names) != []


@pytest.mark.parametrize(
    ("expected", "seen", "fits"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"b": 2}, False),
        ({"a": "(absent)"}, {"b": 2}, True),
        ({"a": "(absent)"}, {"a": 2}, False),
        ([1], [1, 2], False),
        ({"between": [1, 2]}, 1.5, True),
        ({"between": [1, 2]}, 2.5, False),
        ({"between": [1, 2]}, True, False),
        ({"like": "^a"}, "abc", True),
        ({"like": "^b"}, "abc", False),
        ({"length": 2}, [1, 2], True),
        (1, True, False),
        (True, 1, False),
        (None, False, False),
        ("1", 1, False),
        (0.5, 0.5, True),
    ],
)
def test_what_fits_what(expected: object, seen: object, fits: object) -> None:
    assert (differences(expected, seen, Names()) == []) is fits


def test_a_driver_that_ends_by_itself_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.stderr.write('no runtime here')"]
    with running(command, tmp_path) as broken:
        outcome = outcome_of(broken, tmp_path, "expect: {status: idle}")
    assert outcome.ending is Ending.FAILS
    assert "it has ended" in outcome.told
