"""The cases with the target option `platform = "browser"`: all hold but those about servers, which it is not for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from templates_server.codegen.render import render
from tests.conformance.cases import Case, all_cases
from tests.conformance.languages import LANGUAGES
from tests.conformance.outcomes import Ending, Runner, running
from tests.server.codegen.reference_space import HOST, tracked_vod
from tests.server.codegen.toolchain import write_tree

pytestmark = pytest.mark.slow

OF_SERVERS = "server"
"""What cases need that this code is not for."""


@pytest.fixture(scope="module", params=["typescript", "javascript"])
def runner(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """What runs cases with code for pages alone, whose driver has no server to offer."""
    options = {"host": HOST, "platform": "browser"}
    code = write_tree(tmp_path_factory.mktemp("code"), render(tracked_vod(), request.param, options))
    command = [*LANGUAGES[request.param].make_driver(code), OF_SERVERS]
    with running(command, tmp_path_factory.mktemp("server")) as one:
        yield one


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in all_cases()])
def test_a_case_holds_in_code_for_pages_alone(case: Case, runner: Runner) -> None:
    expected = Ending.ABSENT if OF_SERVERS in case.needs else Ending.HOLDS
    outcome = runner.outcome(case)
    assert outcome.ending is expected, outcome.told
