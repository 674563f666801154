"""A run that may leave nothing out fails for what it skips; every test has a limit of time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANTED = """
import time
import pytest
def test_skipped(): pytest.skip("no compiler")
def test_switched_on(): pytest.skip("MTRIBES_TEST_CITUS switches on a cluster")
@pytest.mark.skipif(True, reason="another system")
def test_elsewhere(): pass
@pytest.mark.timeout(0.2)
def test_waits(): time.sleep(30)
def test_limited(request): assert request.node.get_closest_marker("timeout").args == (120,)
"""


def outcomes_of(folder: Path, **environment: str) -> dict[str, str]:
    """How each of the planted tests ended, by its name."""
    file = folder / "test_planted.py"
    file.write_text(PLANTED, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-n0", "-rA", "-p", "tests.conftest", f"--rootdir={ROOT}", str(file)]
    variables = {name: value for name, value in os.environ.items() if name != "MTRIBES_REQUIRE_ALL"}
    out = subprocess.run(
        command, cwd=ROOT, env=variables | environment, capture_output=True, text=True, check=False
    ).stdout
    return {name: word for line in out.splitlines() for word, name in [_outcome(line)] if name}


def _outcome(line: str) -> tuple[str, str]:
    word, _, rest = line.partition(" ")
    name = rest.partition("::test_")[2].partition(" ")[0]
    return word, name if word in {"PASSED", "FAILED", "ERROR"} else ""


@pytest.mark.slow
@pytest.mark.parametrize(("required", "failed"), [("", {"waits"}), ("1", {"waits", "skipped", "elsewhere"})])
def test_what_is_skipped_or_takes_too_long_fails(tmp_path: Path, required: str, failed: set[str]) -> None:
    outcomes = outcomes_of(tmp_path, MTRIBES_REQUIRE_ALL=required)
    assert {name for name, outcome in outcomes.items() if outcome != "PASSED"} == failed
    assert {name for name, outcome in outcomes.items() if outcome == "PASSED"} == {"limited"}
