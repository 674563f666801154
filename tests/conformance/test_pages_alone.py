"""The cases that the target option `platform = "browser"` may change hold, but for those about servers.

The option sets one constant of the runtime to false, and nothing else, which the golden files prove: what the constant
guards is all that can differ. These files have the cases that come through there: starts and ends of sessions (`start`,
`begin` and `end` of the runner), events before a page or a program ends (`ending`), timers (`clock.after`), pages and
their tabs (`tabs`), IDs and platforms (`platform`, `client`), states of a test where there is no page, and requests
that are cut (`transport`). The cases of other files go through lines that both codes share. So does JavaScript: its
runtime is made of TypeScript's, with the same constant.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from templates_server.features.codegen.renderer import render
from tests.conformance.cases import all_cases
from tests.conformance.languages import LANGUAGES
from tests.conformance.outcomes import Ending, Runner, running
from tests.server.features.codegen.reference_space import HOST, tracked_vod
from tests.server.features.codegen.toolchain import write_tree

pytestmark = pytest.mark.slow

FILES = (
    "starting", "identity", "surviving", "closing", "pages", "following", "what_apps_say", "test_states", "servers",
)  # fmt: skip
OF_SERVERS = "server"
"""What cases need that this code is not for."""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """What runs cases with code for pages alone, whose driver has no server to offer."""
    options = {"host": HOST, "platform": "browser"}
    code = write_tree(tmp_path_factory.mktemp("code"), render(tracked_vod(), "typescript", options))
    command = [*LANGUAGES["typescript"].make_driver(code), OF_SERVERS]
    with running(command, tmp_path_factory.mktemp("server")) as one:
        yield one


@pytest.mark.parametrize("file", FILES)
def test_the_cases_of_a_file_hold_in_code_for_pages_alone(file: str, runner: Runner) -> None:
    cases = [case for case in all_cases() if case.file == f"{file}.yaml"]
    assert cases
    for case in cases:
        expected = Ending.ABSENT if OF_SERVERS in case.needs else Ending.HOLDS
        outcome = runner.outcome(case)
        assert outcome.ending is expected, outcome.told
