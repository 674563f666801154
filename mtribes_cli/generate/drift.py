"""Whether the generated files are what `mtribes.lock` says, and the lock what `mtribes.toml` asks for.

Asks no server and imports nothing beyond the standard library: `update --check --offline` is this file.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mtribes_cli.errors import Problem
from mtribes_cli.generate.worktree import Change, ChangeKind, Worktree, local_changes, owned_files
from mtribes_cli.project.lock_file import LOCK_FILE_NAME, LockedTarget, LockFile, read_lock_file
from mtribes_cli.project.output_paths import JOURNAL_NAME
from mtribes_cli.project.project_file import ProjectFile, Target

NOT_GENERATED = "NOT_GENERATED"
PROJECT_CHANGED = "PROJECT_CHANGED"
INTERRUPTED_WRITE = "INTERRUPTED_WRITE"
NOT_IN_STEP = "Out of date. Run `mtribes update`."


class Drift(NamedTuple):
    """The differences that are known without a request."""

    changes: tuple[Change, ...]  # edited, missing
    disagreements: tuple[Problem, ...]
    files: int

    @property
    def is_in_step(self) -> bool:
        """Whether there are no differences."""
        return not self.changes and not self.disagreements

    @property
    def verdict(self) -> str:
        """A line that says so, or what to run."""
        if self.is_in_step:
            return f"Up to date: {self.files} generated files match mtribes.lock."
        if any(change.kind is ChangeKind.EDITED for change in self.changes):
            return "Out of date. Run `mtribes update --force`, which overwrites edited files."
        return NOT_IN_STEP


def find_drift(project: ProjectFile, outputs: Sequence[str] = ()) -> Drift:
    """Compare the files of `outputs` (none: of all targets) with the lock, and the lock with `project`."""
    lock = read_lock_file(project.root / LOCK_FILE_NAME)
    locked = tuple(target for target in (lock.targets if lock else ()) if not outputs or target.output in outputs)
    owned = owned_files(locked)
    return Drift(
        changes=tuple(local_changes(Worktree(project.root), owned)),
        disagreements=(*_interrupted(project.root), *_disagreements(project, lock, outputs)),
        files=len(owned),
    )


def _interrupted(root: Path) -> Iterator[Problem]:
    if os.path.lexists(root / JOURNAL_NAME):
        message = "a write was interrupted or is in progress; `mtribes update` cleans up after it"
        yield Problem(message, path=JOURNAL_NAME, code=INTERRUPTED_WRITE)


def _disagreements(project: ProjectFile, lock: LockFile | None, outputs: Sequence[str]) -> Iterator[Problem]:
    if lock is not None and lock.host != project.host:
        message = f"was generated from {lock.host}, but mtribes.toml specifies {project.host}"
        yield Problem(message, path=LOCK_FILE_NAME, code=PROJECT_CHANGED)
    stated = [target for target in project.targets if not outputs or target.output in outputs]
    for target in stated:
        locked = lock.target(target.output) if lock else None
        if locked is None:
            yield Problem("has not been generated yet", path=target.output, code=NOT_GENERATED)
        else:
            yield from _differences(target, locked)
    if lock is not None and not outputs:
        kept = {target.output for target in stated}
        for old in lock.targets:
            if old.output not in kept:
                message = "was generated, but is no longer in mtribes.toml"
                yield Problem(message, path=old.output, code=PROJECT_CHANGED)


def _differences(target: Target, locked: LockedTarget) -> Iterator[Problem]:
    pairs = {
        "language": (locked.language, target.language),
        "space": (locked.source.space, target.space),
        **{
            f"options.{name}": (locked.options.get(name), target.options.get(name))
            for name in sorted(locked.options.keys() | target.options.keys())
        },
    }
    for name, (before, now) in pairs.items():
        if before != now:
            message = f"was generated with {name} {before or 'unset'}, but mtribes.toml specifies {now or 'unset'}"
            yield Problem(message, path=target.output, code=PROJECT_CHANGED)
