"""What shells complete is what the commands take: the table and the scripts are made, and are not edited."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mtribes_cli.completion_generator import ROOT, made_files

MADE = made_files()


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_what_shells_complete_is_made_from_the_commands(path: Path) -> None:
    assert path.read_bytes() == MADE[path].encode(), "run: python -m tests.repo.reference"


def test_nothing_else_is_in_the_folder_of_the_scripts() -> None:
    folder = ROOT / "completions"
    assert set(folder.iterdir()) == {path for path in MADE if path.parent == folder}


def test_every_script_is_shipped_where_shells_of_the_system_look() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    shipped = wheel["wheel"]["shared-data"]
    assert {ROOT / path for path in shipped} == {path for path in MADE if path.parent.name == "completions"}
    assert "completions" in wheel["sdist"]["include"]  # a wheel is made from it
