"""Hostile contents of what the command line keeps of jobs that can go on, with the real server: no bug of ours."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mtribes_cli.context import Context
from mtribes_cli.ingest import batch
from tests.cli.cli_runner import CliRunner
from tests.contract.conftest import ada, mtribes
from tests.contract.export.export_environment import ExportEnvironment, new_export_environment
from tests.contract.ingest.world import Place, new_place
from tests.contract.people import Signed
from tests.fuzz.file_commands import LONG, ODD_PLACES, PIPE, UnreadableFile, run_on_contents, run_on_special_files
from tests.servers import RunningServer

__all__ = ["ada", "mtribes"]

ROWS_A_PART = 2
USERS = "user_id,plan\n" + "".join(f"u{number},gold\n" for number in range(6)) + " ,bad\n"
EXPORT = ("--output", "people.csv")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills and pipes of Unix")


@dataclass
class Watched(CliRunner):
    """A user whose command is ended at a crash point, as by Ctrl-C, after somebody has looked at what lies there."""

    point: str = ""
    look: Callable[[], object] = lambda: None

    def context(self, streams: Any) -> Context:
        """Their world."""
        return replace(super().context(streams), failpoint=self._failpoint)

    def _failpoint(self, name: str) -> None:
        if name == self.point:
            self.look()
            raise KeyboardInterrupt


def found_at(user: CliRunner, words: Sequence[str], point: str, folder: Path, pattern: str) -> dict[Path, bytes]:
    """Return the files of a folder that are there when a command is at a crash point."""
    found: dict[Path, bytes] = {}

    def look() -> None:
        found.update({path: path.read_bytes() for path in folder.glob(pattern)})

    Watched(user.home, user.environment, user.clock, point=point, look=look)(*words)
    return found


@pytest.fixture
def place(ada: Signed, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An environment without users, and a file of a few parts."""
    monkeypatch.setattr(batch, "MAX_PART_ROWS", ROWS_A_PART)
    (ada.mtribes.home / "users.csv").write_text(USERS, encoding="utf-8")
    return new_place(ada, server)


@pytest.fixture
def leaving(ada: Signed, server: RunningServer) -> ExportEnvironment:
    """An environment with a few people to export."""
    made = new_export_environment(ada, server)
    made.put(*({"user_id": f"u{number}"} for number in range(20)))
    return made


def journal_of_import(place: Place, _leaving: ExportEnvironment) -> tuple[UnreadableFile, Sequence[str]]:
    """Return the journal of an import that was ended before its last word."""
    user, words = place.mtribes, place.words("users.csv")
    found = found_at(user, words, "import-rejects-written", user.folders.state / "imports", "*.import")
    ((path, content),) = found.items()
    return UnreadableFile(path, content), words


def note_of_rejects(place: Place, _leaving: ExportEnvironment) -> tuple[UnreadableFile, Sequence[str]]:
    """Return what was noted of a rejects file, beside that file."""
    assert place.ingest("users.csv").exit_code == 3
    (note,) = (place.mtribes.folders.state / "imports").glob("*.rejects")
    rejects = place.mtribes.home / "users.rejects.csv"
    return UnreadableFile(note, note.read_bytes(), {rejects: rejects.read_bytes()}), place.words("users.csv")


def export_underway(leaving: ExportEnvironment) -> tuple[dict[Path, bytes], dict[Path, bytes], Sequence[str]]:
    """Return the journal of an export, and what was fetched of it."""
    user, words = leaving.mtribes, leaving.words(*EXPORT)
    journal = found_at(user, words, "export-fetched", user.folders.state / "exports", "*.export")
    return journal, {path: path.read_bytes() for path in leaving.parts()}, words


def journal_of_export(_place: Place, leaving: ExportEnvironment) -> tuple[UnreadableFile, Sequence[str]]:
    """Return the journal of an export that was ended before its output was in its place."""
    journal, part, words = export_underway(leaving)
    ((path, content),) = journal.items()
    return UnreadableFile(path, content, part), words


def fetched_of_export(_place: Place, leaving: ExportEnvironment) -> tuple[UnreadableFile, Sequence[str]]:
    """Return what was fetched of an export that was ended then."""
    journal, part, words = export_underway(leaving)
    ((path, content),) = part.items()
    return UnreadableFile(path, content, journal), words


FILES = {
    "the journal of an import": journal_of_import,
    "the note of a rejects file": note_of_rejects,
    "the journal of an export": journal_of_export,
    "what was fetched of an export": fetched_of_export,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_hostile_content_of_a_job_is_told_again_and_again(place: Place, leaving: ExportEnvironment, name: str) -> None:
    lying, words = FILES[name](place, leaving)
    assert run_on_contents(place.mtribes, lying, [words], seed=11, contents=LONG) == []


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_of_a_job_is_told_at_once(place: Place, leaving: ExportEnvironment, name: str) -> None:
    lying, words = FILES[name](place, leaving)
    assert run_on_special_files(place.mtribes, lying.path, [words], {**ODD_PLACES, **PIPE}) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [(b'"read": 2', b'"read": "2"'), (b'"created": 2', b'"created": -1'), (b'"rejected": 1', b'"rejected": null')],
)
def test_a_part_whose_counts_are_none_is_sent_again(
    place: Place, leaving: ExportEnvironment, before: bytes, after: bytes
) -> None:
    lying, words = journal_of_import(place, leaving)
    damaged = lying.sound.replace(before, after, 1)
    assert damaged != lying.sound
    lying.path.write_bytes(damaged)
    outcome = place.mtribes(*words, "--json")
    totals = outcome.envelope["data"]
    assert (outcome.exit_code, totals["read"], totals["created"], totals["rejected"]) == (3, 7, 6, 1)


def test_an_export_whose_journal_names_no_possible_file_begins_anew(place: Place, leaving: ExportEnvironment) -> None:
    lying, words = journal_of_export(place, leaving)
    lying.path.write_bytes(re.sub(rb'"part": "[^"]*', rb'"part": "a\\u0000b', lying.sound))
    os.utime(lying.path, (0, 0))  # old enough to be swept up
    assert place.mtribes(*words).exit_code == 0
    assert (place.mtribes.home / "people.csv").read_bytes().count(b"\n") == 21
