"""Data folders for the tests of `mtribes-server`."""

from __future__ import annotations

from pathlib import Path

import pytest

from templates_server.__main__ import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with an organization in it."""
    folder = tmp_path / "data"
    assert main(["organization", "add", "acme", "--name", "Acmé", "--data", str(folder)]) == 0
    return folder


@pytest.fixture
def archive(folder: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    path = tmp_path / "backup.tar.zst"
    assert main(["backup", str(path), "--data", str(folder)]) == 0
    return path
