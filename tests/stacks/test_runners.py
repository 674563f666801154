"""Test runners: an app's own tests set what is served by `states`, and send nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stacks.projects import project, run_package

pytestmark = pytest.mark.slow


def test_vitest(tmp_path: Path) -> None:
    app = project("runners", tmp_path / "app", host="http://app.test", import_extension="none")
    told = run_package("vitest", "run", folder=app)
    assert "2 passed" in told


def test_jest(tmp_path: Path) -> None:
    app = project("runners", tmp_path / "app", host="http://app.test", import_extension="none")
    told = run_package("jest", "--config", "jest.config.cjs", folder=app)
    assert "2 passed" in told
