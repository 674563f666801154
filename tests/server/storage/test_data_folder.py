"""Files of the data folder: there whole or as they were, whichever call fails, and there for good once they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from templates_server.features.people.erasure_log import ErasureLog, read_erasures
from templates_server.features.people.erasure_store import ErasedPerson
from templates_server.security import server_key
from templates_server.storage.data_folder import write_private
from tests.server.failing_calls import FailingCalls

ERASED = [ErasedPerson("env_1", f"per_{number}", 1_795_000_000_000) for number in range(3)]


def replace_file(folder: Path) -> None:
    write_private(folder / "demo.json", b"new" * 1000)


def make_key(folder: Path) -> None:
    server_key.load(folder, {})


def list_erasures(folder: Path) -> None:
    ErasureLog(folder / "erasures.jsonl").complete(ERASED)


ACTS: tuple[Callable[[Path], None], ...] = (replace_file, make_key, list_erasures)


@pytest.mark.skipif(os.name != "posix", reason="folders are not opened elsewhere")
@pytest.mark.parametrize("act", ACTS)
def test_a_new_file_and_its_name_are_on_the_disk_before_it_counts(
    tmp_path: Path, calls: FailingCalls, act: Callable[[Path], None]
) -> None:
    act(tmp_path)
    assert calls.made.count("fsync") == 1
    assert calls.made[-1] == "fsync of a folder"
    assert calls.made.index("fsync") < calls.made.index("fsync of a folder")


@pytest.mark.parametrize("act", ACTS)
def test_whichever_call_fails_a_file_is_as_it_was_or_whole(
    tmp_path: Path, calls: FailingCalls, act: Callable[[Path], None]
) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "demo.json").write_bytes(b"old")
    with calls.failing(0):
        act(whole)
    seen = 0
    for number in range(1, len(calls.made) + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "demo.json").write_bytes(b"old")
        with calls.failing(number), pytest.raises(OSError, match="No space left"):
            act(folder)
        assert (folder / "demo.json").read_bytes() in {b"old", (whole / "demo.json").read_bytes()}
        assert {path.name for path in folder.iterdir()} <= {path.name for path in whole.iterdir()}
        act(folder)  # with room again it comes to its end
        assert set(read_erasures(folder / "erasures.jsonl")) == set(read_erasures(whole / "erasures.jsonl"))
        seen += 1
    assert seen >= 3
