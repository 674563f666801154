"""Every case of tests/conformance/*.yaml holds for each language that has a driver, and the manual's table says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.cases import Case, all_cases
from tests.conformance.languages import LANGUAGES
from tests.conformance.outcomes import Ending, Outcome, Runner, running
from tests.conformance.table import PAGE, column, table_of

CASES = all_cases()
QUICK_FILES = ("starting.yaml", "events.yaml", "locking.yaml", "falling_back.yaml")
"""What is run each time; the rest belongs to the long proofs."""


class Outcomes:
    """How each case ends in a language: each is run once, when it is first asked for."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._known: dict[str, Outcome] = {}

    def of(self, case: Case) -> Outcome:
        """How this one ends."""
        if case.id not in self._known:
            self._known[case.id] = self._runner.outcome(case)
        return self._known[case.id]


QUICK = "typescript"


@pytest.fixture(
    scope="module",
    params=[name if name == QUICK else pytest.param(name, marks=pytest.mark.slow) for name in LANGUAGES],
)
def language(request: pytest.FixtureRequest) -> str:
    """The language; all but one are left to the long proofs."""
    return str(request.param)


@pytest.fixture(scope="module")
def outcomes(language: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    """How cases end in that language, with one driver and one server for all."""
    command = LANGUAGES[language].build(tmp_path_factory.mktemp(language))
    with running(command, tmp_path_factory.mktemp("server")) as runner:
        yield Outcomes(runner)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.id, marks=() if case.file in QUICK_FILES else pytest.mark.slow) for case in CASES],
)
def test_a_case_holds(case: Case, outcomes: Outcomes) -> None:
    outcome = outcomes.of(case)
    if outcome.ending is Ending.FAILS:
        pytest.fail(outcome.told, pytrace=False)


PYTHON_ALONE_LACKS = {"live changes", "kept events", "one session a space"}


@pytest.mark.slow
def test_no_language_lacks_what_the_design_asks_of_all_but_python(language: str, outcomes: Outcomes) -> None:
    told = {outcomes.of(case).told for case in CASES if case.needs & PYTHON_ALONE_LACKS}
    lacking = {feature for feature in PYTHON_ALONE_LACKS if any(feature in each for each in told)}
    assert lacking == (PYTHON_ALONE_LACKS if language == "python" else set())


@pytest.mark.slow
def test_the_table_of_the_manual_says_what_the_run_says(language: str, outcomes: Outcomes) -> None:
    endings = {case.id: outcomes.of(case).ending for case in CASES}
    assert column(PAGE.read_text("utf-8"), language) == endings, "run: python -m tests.conformance.table"


@pytest.mark.slow
def test_the_table_has_a_column_for_every_language_and_a_row_for_every_case() -> None:
    page = PAGE.read_text("utf-8")
    endings = {name: column(page, name) for name in LANGUAGES}
    assert page.endswith(table_of(CASES, endings)), "run: python -m tests.conformance.table"
