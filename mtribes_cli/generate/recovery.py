"""Takes back a write that did not end, or ends the tidying of one that did. What was to be done is in its journal.

What a person changed after the interruption stays as it is: a file is taken back only while it is the one that the
interrupted write put there. A journal that this user's state folder did not sign is not acted on: `discard` removes it.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from shlex import quote

from mtribes_cli.errors import FileError, Problem
from mtribes_cli.files.atomic_file import Failpoint, no_failpoint
from mtribes_cli.files.bounded_reader import hash_of_regular_file
from mtribes_cli.files.real_paths import RealPaths
from mtribes_cli.generate.journal import (
    FileChange,
    Journal,
    UntrustedJournalError,
    is_staging_folder,
    read_journal,
    remove_journal,
    remove_journal_file,
)
from mtribes_cli.generate.journal_key import JournalKey
from mtribes_cli.project.output_paths import JOURNAL_NAME

MAX_FOLDERS_SHOWN = 20
_STAGED_NAME = re.compile(r"[0-9]{1,9}(?:\.old)?")


def recover(root: Path, key: JournalKey, outputs: Sequence[str] = ()) -> bool:
    """Put right what an interrupted write left in `root`; whether there was one.

    Raises FileError where that fails, or where the journal is not this user's: then nothing is touched. `outputs` are
    where staging folders may be; those that are there are named.
    """
    _refuse_folder(root)
    try:
        journal = read_journal(root, key)
    except UntrustedJournalError as untrusted:
        raise _untrusted(root, list(_staging_folders(root, untrusted.claimed, outputs))) from None
    if journal is None:
        return False
    try:
        if journal.state == "done":
            cleanup(root, journal, key)
        else:
            rollback(root, journal, key)
    except OSError as error:
        raise FileError(
            f"Could not recover from an interrupted write in {root}: {error}",
            "Free up disk space or fix the permissions, then run the command again.",
        ) from error
    return True


def discard(root: Path, key: JournalKey, outputs: Sequence[str]) -> list[str]:
    """Remove the journal and the staging folders, whoever put them there, and take nothing back; what was removed.

    Only files of the names that staged files have are removed, and no link is followed. Raises OSError, and FileError
    where the journal is a folder: what is in it is not ours.
    """
    _refuse_folder(root)
    try:
        claimed = read_journal(root, key)
    except UntrustedJournalError as untrusted:
        claimed = untrusted.claimed
    removed = []
    for folder in _staging_folders(root, claimed, outputs):
        for file in sorted((root / folder).iterdir()):
            if _STAGED_NAME.fullmatch(file.name) and not (file.is_dir() and not file.is_symlink()):
                file.unlink()
        with suppress(OSError):  # something else is in it, which stays
            (root / folder).rmdir()
            removed.append(folder)
    if os.path.lexists(root / JOURNAL_NAME):
        remove_journal_file(root)
        removed.append(JOURNAL_NAME)
    key.forget()
    return removed


def rollback(root: Path, journal: Journal, key: JournalKey) -> None:
    """Restore the files as they were before the write."""
    refuse_other_places(root, journal)
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
    remove_journal(root, key)


def cleanup(root: Path, journal: Journal, key: JournalKey, failpoint: Failpoint = no_failpoint) -> None:
    """Remove the old files and the folders that became empty; the journal last."""
    refuse_other_places(root, journal)
    _remove_staging(root, journal, failpoint)
    remove_empty_folders(root, (step.path for step in journal.steps if step.sha256 is None))
    remove_journal(root, key)


def remove_empty_folders(root: Path, removed_paths: Iterable[str]) -> None:
    """Remove the empty folders around removed files, below the project."""
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


def refuse_other_places(root: Path, journal: Journal) -> None:
    """Raise FileError if links lead a folder out of the project, or into a repository's own folder."""
    places = RealPaths(root)
    faults = [(folder, fault) for folder in journal.folders if (fault := places.fault(folder)) is not None]
    if faults:
        raise FileError(
            f"Nothing was changed: a write to {root} would affect files outside the project.",
            "Remove the link, then run the command again.",
            problems=[Problem(fault, path=folder, code="FOREIGN_PATH") for folder, fault in faults],
        )


def _refuse_folder(root: Path) -> None:
    place = root / JOURNAL_NAME
    if place.is_dir() and not place.is_symlink():
        raise FileError(
            f"Nothing was changed: {place} is a folder, not the journal of an interrupted write.",
            "It may come from a checkout. Delete it, then run the command again.",
        )


def _untrusted(root: Path, folders: list[str]) -> FileError:
    command = f"mtribes -C {quote(str(root))} update --discard-recovery"
    rest = len(folders) - MAX_FOLDERS_SHOWN
    problems = [Problem("is a staging folder of the write", path=folder) for folder in folders[:MAX_FOLDERS_SHOWN]]
    problems += [Problem(f"{rest} more staging folders")] if rest > 0 else []
    return FileError(
        f"Nothing was changed: {root / JOURNAL_NAME} records an interrupted write that you did not start on "
        "this machine (your state folder has no key for it).",
        f"It may come from a checkout. To delete it and the staging folders without rolling back: {command}",
        problems=problems,
    )


def _staging_folders(root: Path, claimed: Journal | None, outputs: Sequence[str]) -> Iterator[str]:
    """Return the existing staging folders, from the journal and the outputs; never behind a link."""
    places = RealPaths(root)
    found = set(claimed.staging_folders if claimed else ())
    for output in ("", *outputs):
        with suppress(OSError):
            found.update(f"{output}/{one.name}".lstrip("/") for one in (root / output).iterdir())
    for folder in sorted(found):
        if is_staging_folder(root / folder) and places.fault(folder) is None:
            yield folder


def _remove_new_folders(root: Path, journal: Journal) -> None:
    for folder in reversed(journal.new_folders):
        with suppress(OSError):  # it is not there yet, or something is in it
            (root / folder).rmdir()


def _take_step_back(root: Path, step: FileChange) -> None:
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
    return hash_of_regular_file(place) == sha256


def _remove_staging(root: Path, journal: Journal, failpoint: Failpoint = no_failpoint) -> None:
    ours = {step.staged(root).name for step in journal.steps} | {step.kept(root).name for step in journal.steps}
    for folder in journal.staging_folders:
        with suppress(FileNotFoundError):
            for file in sorted((root / folder).iterdir()):
                if file.name in ours:
                    file.unlink()
                    failpoint("old-file-removed")
            (root / folder).rmdir()
