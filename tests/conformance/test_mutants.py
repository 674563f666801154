"""Behaviours of the runtimes that are broken by hand, each on a copy: the cases notice every one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.cases import all_cases
from tests.conformance.language import Language
from tests.conformance.languages import LANGUAGES
from tests.conformance.outcomes import Ending, running
from tests.requirements import require_switch
from tests.servers import RunningServer, running_server

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "mutants"
MUTANTS: list[tuple[Language, dict[str, Any]]] = [
    (LANGUAGES[path.stem], mutant)
    for path in sorted(FOLDER.glob("*.yaml"))
    for mutant in yaml.safe_load(path.read_text("utf-8"))
]
FEWEST_A_LANGUAGE = 10
ALWAYS_TRIED = ("typescript",)
MOST_OF_ANOTHER = 2
"""Of the other languages so many are tried each time: some compilers take ten seconds for each."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all."""
    with running_server(tmp_path_factory.mktemp("server")) as running_one:
        yield running_one


def endings(language: Language, code: Path, server: RunningServer, folder: Path, file: str) -> set[Ending]:
    """How the cases of a file end with the code in the folder."""
    with running(language.make_driver(code), folder, server) as runner:
        return {runner.outcome(case).ending for case in all_cases() if case.file == f"{file}.yaml"}


def require_time(language: Language, mutant: dict[str, Any]) -> None:
    """Pass for those that are always tried."""
    of_it = [each for of, each in MUTANTS if of is language]
    if language.name not in ALWAYS_TRIED and of_it.index(mutant) >= MOST_OF_ANOTHER:
        require_switch("MTRIBES_FULL_SCALE", "all mutants of every language")


@pytest.mark.parametrize(
    ("language", "mutant"), MUTANTS, ids=[f"{language.name}: {mutant['title']}" for language, mutant in MUTANTS]
)
def test_a_behaviour_that_is_broken_is_noticed(
    language: Language, mutant: dict[str, Any], server: RunningServer, tmp_path: Path
) -> None:
    code = language.render(tmp_path / "code")
    runtime = code / mutant.get("path", language.runtime)
    text = runtime.read_text("utf-8")
    assert text.count(mutant["old"]) == 1, "the mutant no longer fits the runtime"
    require_time(language, mutant)
    runtime.write_text(text.replace(mutant["old"], mutant["new"]), "utf-8")
    assert Ending.FAILS in endings(language, code, server, tmp_path, mutant["file"])


@pytest.mark.parametrize("file", sorted({mutant["file"] for _, mutant in MUTANTS}))
def test_without_a_mutant_the_same_cases_hold(file: str, server: RunningServer, tmp_path: Path) -> None:
    language = LANGUAGES["typescript"]
    assert Ending.FAILS not in endings(language, language.render(tmp_path / "code"), server, tmp_path, file)


@pytest.mark.parametrize("language", [each for each in LANGUAGES.values() if each.name != "javascript"])
def test_every_language_has_its_mutants(language: Language) -> None:
    titles = [mutant["title"] for of, mutant in MUTANTS if of is language]
    assert len(set(titles)) >= FEWEST_A_LANGUAGE, "javascript alone has none: it is made of TypeScript's"
