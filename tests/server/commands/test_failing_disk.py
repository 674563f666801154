"""A disk that fails at any call or fills at any byte: a backup, a restore, an export is whole, or not there at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from templates_server.__main__ import main
from templates_server.features.exports.file_store import ExportWriteError
from templates_server.features.operations.backup_archive import read_members
from tests.server.commands.full_disk import WHOLE_EXPORT, export
from tests.server.failing_calls import FailingCalls

FEWEST_CALLS = 3


@pytest.fixture
def folder(folder: Path) -> Path:
    """One that has a key too, and more beside its database than SQLite puts there."""
    (folder / "server.key").write_text("0" * 64)
    (folder / "demo.json").write_bytes(os.urandom(100_000))
    return folder


def each_failing(calls: FailingCalls) -> Iterator[int]:
    """The number of every call that was made before, once."""
    made = len(calls.made)
    assert made >= FEWEST_CALLS
    yield from range(1, made + 1)


def expect_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What happened and what to do, a line each."""
    what, advice = capsys.readouterr().err.splitlines()
    assert what.startswith("error: ")
    assert "No space left on device" in what
    assert advice.startswith("hint: ")


def test_whichever_call_fails_a_backup_is_whole_or_not_there(
    archive: Path, folder: Path, tmp_path: Path, calls: FailingCalls, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [name for name, _ in read_members(archive)]
    with calls.failing(0):
        assert main(["backup", str(tmp_path / "other"), "--data", str(folder)]) == 0
    capsys.readouterr()
    for number in each_failing(calls):
        there = tmp_path / str(number)
        there.mkdir()
        with calls.failing(number):
            assert main(["backup", str(there / "backup"), "--data", str(folder)]) == 1
        expect_told(capsys)
        for left in there.iterdir():
            assert left.name == "backup"
            assert [name for name, _ in read_members(left)] == names


@pytest.mark.slow
def test_whichever_call_fails_a_restore_leaves_a_place_to_restore_into(
    archive: Path, tmp_path: Path, calls: FailingCalls, capsys: pytest.CaptureFixture[str]
) -> None:
    with calls.failing(0):
        assert main(["restore", str(archive), "--data", str(tmp_path / "whole")]) == 0
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert {"mtribes.db", "server.key"} <= names
    capsys.readouterr()
    refused = 0
    for number in each_failing(calls):
        place = tmp_path / str(number)
        with calls.failing(number):
            exit_code = main(["restore", str(archive), "--data", str(place)])
        if exit_code == 1:
            refused += 1
            expect_told(capsys)
            assert {path.name for path in place.iterdir()} <= {"server.lock"}
            assert main(["restore", str(archive), "--data", str(place)]) == 0
        assert {path.name for path in place.iterdir()} - {".restoring"} == names  # which could not be removed, at last
        capsys.readouterr()
    assert refused > FEWEST_CALLS


def test_whichever_call_fails_an_export_is_not_there_and_can_be_made_again(tmp_path: Path, calls: FailingCalls) -> None:
    with calls.failing(0):
        assert export(tmp_path / "whole") == WHOLE_EXPORT
    for number in each_failing(calls):
        place = tmp_path / str(number)
        with calls.failing(number), pytest.raises((ExportWriteError, OSError), match="No space left"):
            export(place)
        assert not place.exists() or list(place.iterdir()) == []
        assert export(place) == WHOLE_EXPORT


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="files have no limit there")
def test_at_whichever_byte_a_disk_is_full_nothing_half_written_is_left(
    archive: Path, folder: Path, tmp_path: Path
) -> None:
    there, size = tmp_path / "there", archive.stat().st_size
    there.mkdir()
    too_little, enough = [0, 1, len(WHOLE_EXPORT) - 1], [size + 1024]
    some = [size // 2, size - 1]  # for the backup too little, for the export enough
    limits = [str(limit) for limit in (*too_little, *some, *enough)]
    command = [sys.executable, "-m", "tests.server.commands.full_disk", str(folder), str(there), *limits]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(outcomes) == len(limits)
    for limit, (exit_code, told), exported in outcomes:
        backup, exports = there / f"backup-{limit}", there / f"exports-{limit}"
        assert (exit_code == "0", backup.exists()) == (limit in enough, limit in enough), told
        assert limit not in some or "File too large" in told
        if limit in too_little:
            assert exported == ["1", "The server could not write the file: File too large."]
            assert list(exports.iterdir()) == []
        else:
            assert exported == ["0", WHOLE_EXPORT.decode()]
    assert [name for name, _ in read_members(there / f"backup-{enough[0]}")] == [
        name for name, _ in read_members(archive)
    ]
    assert {path.name for path in there.glob("*backup*")} == {f"backup-{enough[0]}"}
