"""How the program was installed, read from what installers leave behind, and the command that brings a newer one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mtribes_cli.installation import installation, upgrade_advice

PREFIXES = {
    "/home/ada/.local/share/pipx/venvs/mtribes": "pipx upgrade mtribes",
    "/home/ada/.local/share/uv/tools/mtribes": "uv tool upgrade mtribes",
    "/home/ada/project/.venv": f"{sys.executable} -m pip install --upgrade mtribes",
}


@pytest.fixture
def left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder beside the package in which an installer leaves its notes; it is found before the real one."""
    folder = tmp_path / "mtribes-1.0.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: mtribes\nVersion: 1.0.0\n")
    (folder / "INSTALLER").write_text("pip\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_place_tells_the_installer(left_behind: Path, monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    assert left_behind.exists()
    monkeypatch.setattr(sys, "prefix", prefix)
    assert installation().upgrade == PREFIXES[prefix]
    assert upgrade_advice() == f"It was installed {installation().by}. Upgrade it with `{PREFIXES[prefix]}`."


def test_an_environment_of_uv_need_not_have_pip(left_behind: Path) -> None:
    (left_behind / "INSTALLER").write_text("uv\n")
    assert installation().upgrade == f"uv pip install --python {sys.executable} --upgrade mtribes"


def test_an_editable_installation_is_upgraded_where_its_source_is(left_behind: Path) -> None:
    url = {"url": "file:///home/ada/my%20source", "dir_info": {"editable": True}}
    (left_behind / "direct_url.json").write_text(json.dumps(url))
    assert installation().upgrade == "git -C '/home/ada/my source' pull"


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"url": "file:///x", "dir_info": {}}', '{"url": 1, "dir_info": null}']
)
def test_notes_that_say_nothing_of_use_are_passed_over(left_behind: Path, text: str) -> None:
    (left_behind / "direct_url.json").write_text(text)
    assert installation().by == "with pip"
