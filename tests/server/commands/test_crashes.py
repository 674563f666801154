"""Where tracebacks of `mtribes-server` itself are written, and how many are kept."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from templates_server.commands import main


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command with a fault."""

    def fail(_argv: object) -> int:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(main, "_invoke", fail)


def told_path(capsys: pytest.CaptureFixture[str]) -> Path:
    assert main.run_program(["status"]) == 70
    return Path(capsys.readouterr().err.partition("report it and attach ")[2].strip().removesuffix("."))


@pytest.mark.usefixtures("broken")
def test_the_newest_tracebacks_are_kept_in_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    told = [told_path(capsys) for _ in range(13)]
    folder = tmp_path / "state" / "mtribes-server" / "crashes"
    assert set(folder.iterdir()) == set(told[-10:])
    assert "ZeroDivisionError: planted" in told[-1].read_text()
    assert told[-1].stat().st_mode & 0o777 == 0o600
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.usefixtures("broken")
def test_without_a_state_folder_they_are_bounded_in_the_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "temporary" / "other.txt").write_text("keep\n")
    told = [told_path(capsys) for _ in range(12)]
    assert set((tmp_path / "temporary").iterdir()) == {tmp_path / "temporary" / "other.txt", *told[-10:]}
