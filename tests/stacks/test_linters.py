"""Linters of apps that leave out the folder of generated code: it makes them find nothing in the app's own code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stacks.projects import project, run_package

pytestmark = pytest.mark.slow


@pytest.fixture(params=["typescript", "javascript"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An app that uses everything, with code in each language."""
    return project("consumer", tmp_path / "app", host="http://app.test", language=request.param, bindings="react")


def test_typescript_eslint_finds_nothing(app: Path) -> None:
    assert run_package("eslint", ".", "--max-warnings=0", folder=app).strip() == ""


def test_typescript_eslint_finds_what_is_wrong(app: Path) -> None:
    file = app / "app.tsx"
    file.write_text(file.read_text("utf-8") + "\nsession.start();\n", "utf-8")
    with pytest.raises(AssertionError, match="no-floating-promises"):
        run_package("eslint", ".", folder=app)


def test_biome_finds_nothing(app: Path) -> None:
    assert "No fixes applied" in run_package("@biomejs/biome/bin/biome", "check", "--error-on-warnings", folder=app)


def test_biome_finds_what_is_wrong(app: Path) -> None:
    file = app / "app.tsx"
    file.write_text(file.read_text("utf-8") + "\ndebugger;\n", "utf-8")
    with pytest.raises(AssertionError, match="noDebugger"):
        run_package("@biomejs/biome/bin/biome", "check", folder=app)
