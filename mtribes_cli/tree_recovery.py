"""Takes back a write that did not end, or ends the tidying of one that did. What was to be done is in its journal.

What a person changed after the interruption stays as it is: a file is taken back only while it is the one that the
interrupted write put there.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mtribes_cli.atomic_file import Reached, nothing_happens
from mtribes_cli.errors import FileError
from mtribes_cli.output_paths import JOURNAL_NAME
from mtribes_cli.write_journal import Journal, Step, read_journal, remove_journal


def recover(root: Path) -> bool:
    """Put right what an interrupted write left in `root`; whether there was one. FileError where that fails."""
    journal = read_journal(root)
    if journal is None:
        return False
    try:
        if journal.state == "done":
            tidy(root, journal)
        else:
            take_back(root, journal)
    except OSError as error:
        raise FileError(
            f"What an interrupted write left in {root} cannot be put right: {error}",
            "Make room or mend the permissions, then run this again.",
        ) from error
    return True


def take_back(root: Path, journal: Journal) -> None:
    """Make the files as they were before the write."""
    _refuse_links(root, journal)
    if journal.state == "swapping":
        for step in journal.steps:
            if step.sha256 is not None:
                _take_step_back(root, step)
        _remove_new_folders(root, journal)  # a file that is put back may be where one of them is
        for step in journal.steps:
            if step.sha256 is None:
                _take_step_back(root, step)
    _remove_staging(root, journal)
    _remove_new_folders(root, journal)
    remove_journal(root)


def tidy(root: Path, journal: Journal, reached: Reached = nothing_happens) -> None:
    """Remove the kept old files and folders that became empty; the journal last."""
    _refuse_links(root, journal)
    _remove_staging(root, journal, reached)
    remove_empty_folders(root, (step.path for step in journal.steps if step.sha256 is None))
    remove_journal(root)


def remove_empty_folders(root: Path, removed_paths: Iterable[str]) -> None:
    """Remove the folders around files that were removed, as far up as they are empty, below the project."""
    for path in removed_paths:
        folder = (root / path).parent
        while folder != root:
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                break
            folder = folder.parent


def _remove_new_folders(root: Path, journal: Journal) -> None:
    for folder in reversed(journal.new_folders):
        with suppress(OSError):  # it is not there yet, or something is in it
            (root / folder).rmdir()


def _take_step_back(root: Path, step: Step) -> None:
    place, kept = root / step.path, step.kept(root)
    if os.path.lexists(kept):
        if not os.path.lexists(place) or _has_hash(place, step.sha256):
            place.parent.mkdir(parents=True, exist_ok=True)
            kept.replace(place)
    elif step.sha256 and not step.staged(root).exists() and _has_hash(place, step.sha256):
        place.unlink()


def _has_hash(place: Path, sha256: str | None) -> bool:
    if sha256 is None or place.is_symlink() or not place.is_file():
        return False
    return hashlib.sha256(place.read_bytes()).hexdigest() == sha256


def _remove_staging(root: Path, journal: Journal, reached: Reached = nothing_happens) -> None:
    ours = {step.staged(root).name for step in journal.steps} | {step.kept(root).name for step in journal.steps}
    for folder in journal.staging_folders:
        with suppress(FileNotFoundError):
            for file in sorted((root / folder).iterdir()):
                if file.name in ours:
                    file.unlink()
                    reached("old-file-removed")
            (root / folder).rmdir()


def _refuse_links(root: Path, journal: Journal) -> None:
    real_root = os.path.realpath(root)
    for folder in {step.path.rpartition("/")[0] for step in journal.steps} | set(journal.staging_folders):
        real = os.path.realpath(root / folder)
        if os.path.commonpath([real_root, real]) != real_root:
            raise FileError(
                f"{root / JOURNAL_NAME} names {folder}, which leads out of the project.", "Look at it, then remove it."
            )
