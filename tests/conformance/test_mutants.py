"""Behaviours of the runtime that are broken by hand, each on a copy: the cases notice every one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.cases import all_cases
from tests.conformance.languages import node_driver, rendered
from tests.conformance.outcomes import Ending, running
from tests.servers import RunningServer, running_server

pytestmark = pytest.mark.slow

MUTANTS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "mutants" / "runtime.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all."""
    with running_server(tmp_path_factory.mktemp("server")) as running_one:
        yield running_one


def endings(code: Path, server: RunningServer, folder: Path, file: str) -> set[Ending]:
    """How the cases of a file end with the code in the folder."""
    with running(node_driver(code, "typescript"), folder, server) as runner:
        return {runner.outcome(case).ending for case in all_cases() if case.file == f"{file}.yaml"}


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant["title"] for mutant in MUTANTS])
def test_a_behaviour_that_is_broken_is_noticed(mutant: dict[str, Any], server: RunningServer, tmp_path: Path) -> None:
    code = rendered(tmp_path / "code", "typescript")
    runtime = code / "runtime.ts"
    text = runtime.read_text("utf-8")
    assert text.count(mutant["old"]) == 1, "the mutant no longer fits the runtime"
    runtime.write_text(text.replace(mutant["old"], mutant["new"]), "utf-8")
    assert Ending.FAILS in endings(code, server, tmp_path, mutant["file"])


@pytest.mark.parametrize("file", sorted({mutant["file"] for mutant in MUTANTS}))
def test_without_a_mutant_the_same_cases_hold(file: str, server: RunningServer, tmp_path: Path) -> None:
    code = rendered(tmp_path / "code", "typescript")
    assert Ending.FAILS not in endings(code, server, tmp_path, file)
