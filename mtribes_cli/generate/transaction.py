"""Carries a plan out, all or nothing: stage every new file, swap them in by renaming, the lock last.

    1. a secret in the state folder, and the journal, signed by it (state `staging`)
                                              crash: the next run removes what was staged
    2. new files into a staging folder of each output, made durable
    3. the journal (state `swapping`)         crash: the next run takes the swaps back
    4. removals, then replacements, then `mtribes.toml` and `mtribes.lock`
    5. the journal (state `done`)             crash: the next run removes the old files
    6. old files, empty folders and the journal go

Whether a file may be written at all was decided in `worktree`.
"""

import errno
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mtribes_cli.errors import FileError
from mtribes_cli.files.atomic_file import Failpoint, no_failpoint, sync_folder, write_new
from mtribes_cli.files.process_lock import process_lock
from mtribes_cli.generate.journal import (
    FileChange,
    Journal,
    remove_journal_file,
    write_journal,
)
from mtribes_cli.generate.journal_key import JournalKey
from mtribes_cli.generate.plan import Plan
from mtribes_cli.generate.recovery import (
    cleanup,
    discard,
    recover,
    refuse_other_places,
    remove_empty_folders,
    rollback,
)
from mtribes_cli.project.output_paths import STAGING_PREFIX

WAIT_SECONDS = 60.0
SYNC_THREADS = 8
CRASH_POINTS = (
    "journal-written",
    "staging-folder-made",
    "file-written",
    "all-staged",
    "swapping-noted",
    "file-kept",
    "file-swapped",
    "all-swapped",
    "done-noted",
    "old-file-removed",
)


@dataclass(frozen=True, slots=True)
class FileTransaction:
    """Everything that one run changes: a plan, then `mtribes.toml` and `mtribes.lock` by name, in that order."""

    plan: Plan
    root_files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.plan.writes or self.plan.removals or self.root_files)


@dataclass(frozen=True, slots=True)
class ProjectLock:
    """The lock for writing below a project's folder, and what was found there first."""

    key: JournalKey
    was_interrupted: bool = False  # and has been put right
    discarded: tuple[str, ...] = ()


@contextmanager
def project_lock(
    root: Path, state_folder: Path, outputs: Sequence[str] = (), *, is_discarding: bool = False
) -> Iterator[ProjectLock]:
    """Lock writing below `root`, after recovering or discarding an interrupted write.

    `outputs`: where staging folders may be. Raises FileError for a journal that is not this user's.
    """
    key = JournalKey(state_folder, root)
    with process_lock(state_folder, root, timeout_seconds=WAIT_SECONDS):
        if is_discarding:
            yield ProjectLock(key, discarded=tuple(discard(root, key, outputs)))
        else:
            yield ProjectLock(key, was_interrupted=recover(root, key, outputs))


def commit(root: Path, write: FileTransaction, key: JournalKey, failpoint: Failpoint = no_failpoint) -> None:
    """Do all of `write`, or nothing (FileError). Called inside `project_lock`, with its key."""
    if write.is_empty:
        return
    journal, contents = _prepare(root, write)
    refuse_other_places(root, journal)
    _begin(root, journal, key)
    try:
        failpoint("journal-written")
        _stage(root, journal, contents, failpoint)
        journal = journal.in_state("swapping")
        write_journal(root, journal, key)
        failpoint("swapping-noted")
        _swap(root, journal, failpoint)
        write_journal(root, journal.in_state("done"), key)
    except BaseException as error:
        _undo(root, journal, key, error)
        if isinstance(error, OSError):
            raise _file_error(error) from error
        raise
    failpoint("done-noted")
    _finish(root, journal, key, failpoint)


def _begin(root: Path, journal: Journal, key: JournalKey) -> None:
    """Write the journal; if that fails, nothing has been done that would have to be undone."""
    try:
        key.make()
        write_journal(root, journal, key)
    except BaseException as error:
        with suppress(OSError):  # a journal of a write without effect, if one stays: the next run removes it
            remove_journal_file(root)
            key.forget()
        if isinstance(error, OSError):
            raise _file_error(error) from error
        raise


def _prepare(root: Path, write: FileTransaction) -> tuple[Journal, list[bytes | None]]:
    """Write the journal, and the new content for each of its steps."""
    nonce = f"{STAGING_PREFIX}{secrets.token_hex(4)}"
    files: list[tuple[str, str, bytes | None]] = [
        *((path, orphan.output, None) for path, orphan in write.plan.removals.items()),
        *((path, wanted.output, wanted.text.encode()) for path, wanted in write.plan.writes.items()),
        *((name, "", content) for name, content in write.root_files.items()),
    ]
    steps = tuple(
        FileChange(path, f"{output}/{nonce}" if output else nonce, number, _hash(content))
        for number, (path, output, content) in enumerate(files)
    )
    folders = _missing_folders(root, steps, write.plan)
    return Journal("staging", steps, folders), [content for _, _, content in files]


def _missing_folders(root: Path, steps: tuple[FileChange, ...], plan: Plan) -> tuple[str, ...]:
    """Return the folders to create, outermost first, including those in place of files that are removed."""
    needed: set[str] = set()
    for step in steps:
        for path in (step.path, step.staging) if step.sha256 else (step.staging,):
            names = path.split("/")[:-1]
            needed.update("/".join(names[:depth]) for depth in range(1, len(names) + 1))
    return tuple(sorted(folder for folder in needed if folder in plan.removals or not (root / folder).exists()))


def _stage(root: Path, journal: Journal, contents: list[bytes | None], failpoint: Failpoint) -> None:
    for folder in journal.staging_folders:
        (root / folder).mkdir(parents=True)
        failpoint("staging-folder-made")

    def stage_one(pair: tuple[FileChange, bytes | None]) -> None:
        step, content = pair
        if content is not None:
            write_new(step.staged(root), content, failpoint=lambda: failpoint("file-written"))
            _copy_mode(root / step.path, step.staged(root))

    with ThreadPoolExecutor(SYNC_THREADS) as pool:
        for _ in pool.map(stage_one, zip(journal.steps, contents, strict=True)):
            pass
    for folder in journal.staging_folders:
        sync_folder(root / folder)
    failpoint("all-staged")


def _copy_mode(place: Path, staged: Path) -> None:
    """Copy the permissions of the file that is replaced."""
    if place.is_file() and not place.is_symlink():
        staged.chmod(place.stat().st_mode & 0o777)


def _swap(root: Path, journal: Journal, failpoint: Failpoint) -> None:
    for step in journal.steps:
        if step.sha256 is None:
            (root / step.path).rename(step.kept(root))
            failpoint("file-swapped")
    remove_empty_folders(root, (step.path for step in journal.steps if step.sha256 is None))
    for folder in {(root / step.path).parent for step in journal.steps if step.sha256 is not None}:
        folder.mkdir(parents=True, exist_ok=True)
    for step in journal.steps:
        if step.sha256 is not None:
            _keep_old(root / step.path, step.kept(root))
            failpoint("file-kept")
            step.staged(root).replace(root / step.path)
            failpoint("file-swapped")
    for changed in _changed_folders(journal):
        if (root / changed).is_dir():
            sync_folder(root / changed)
    failpoint("all-swapped")


def _changed_folders(journal: Journal) -> list[str]:
    paths = [step.path for step in journal.steps] + list(journal.new_folders)
    return sorted({path.rpartition("/")[0] for path in paths})


def _keep_old(place: Path, kept: Path) -> None:
    """Keep the file that is to be replaced, without a gap if the file system allows it."""
    if not os.path.lexists(place):
        return
    if place.is_dir() and not place.is_symlink():
        _remove_hollow_folder(place)
        return
    try:
        os.link(place, kept, follow_symlinks=False)
    except (OSError, NotImplementedError):
        place.rename(kept)


def _remove_hollow_folder(folder: Path) -> None:
    """Remove a folder that contains only folders; OSError if it contains a file."""
    for place, _, _ in os.walk(folder, topdown=False):
        Path(place).rmdir()


def _undo(root: Path, journal: Journal, key: JournalKey, cause: BaseException) -> None:
    try:
        rollback(root, journal, key)
    except OSError as error:
        raise FileError(
            f"The write failed ({cause}), and so did rolling it back ({error}).",
            "Free up disk space or fix the permissions, then run `mtribes update` to recover.",
        ) from error


def _finish(root: Path, journal: Journal, key: JournalKey, failpoint: Failpoint) -> None:
    try:
        cleanup(root, journal, key, failpoint)
    except OSError as error:
        raise FileError(
            f"All files were written, but temporary files could not be deleted: {error}",
            "Fix the permissions, then run `mtribes update` to delete them.",
        ) from error


def _file_error(error: OSError) -> FileError:
    place = error.filename2 or error.filename
    what = f"Nothing was written: {error.strerror or error}" + (f": {place}" if place else ".")
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return FileError(what, "Free up disk space, then run the command again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return FileError(what, "Make the folder and its files writable, then run the command again.")
    return FileError(what, "Check the path, then run the command again.")


def _hash(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()
