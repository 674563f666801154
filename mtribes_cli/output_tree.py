"""What lies in the output folders, and what to do so that it becomes what the server rendered.

Nothing is written here: `plan` compares three things, the files as they should be, the files as the lock knows them
and the files as they are, and says what would be written, removed and refused. `tree_writer` carries a plan out.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from mtribes_cli.errors import Problem
from mtribes_cli.lock_file import LockedTarget, text_hash
from mtribes_cli.output_paths import folded


class ChangeKind(StrEnum):
    """How a file differs: here from the lock (edited, missing), or the server's from the one here (the others)."""

    EDITED = "edited"
    MISSING = "missing"
    ADDED = "added"
    CHANGED = "changed"
    ORPHANED = "orphaned"


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One file that differs, by its path below the project."""

    path: str
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class DesiredFile:
    """A file as it should be, in the output folder that it belongs to."""

    output: str
    text: str


@dataclass(frozen=True, slots=True)
class OwnedFile:
    """A file as the lock knows it."""

    output: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FileState:
    """What is at a path: a file's content, nothing (all None), or an obstacle, of which a link can be replaced."""

    content: bytes | None = None
    obstacle: str | None = None
    is_link: bool = False

    @property
    def is_absent(self) -> bool:
        """Whether nothing is there, and nothing is in the way."""
        return self.content is None and self.obstacle is None

    def is_text(self, sha256: str) -> bool:
        """Whether the file's text with LF has this hash."""
        return self.content is not None and text_hash(self.content) == sha256


@dataclass(slots=True)
class Plan:
    """What has to happen, by path below the project. Nothing may happen while `foreign` or `edited` has anything."""

    writes: dict[str, DesiredFile] = field(default_factory=dict)
    removals: dict[str, OwnedFile] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    foreign: list[Problem] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    unchanged: int = 0

    def kinds(self) -> dict[str, int]:
        """How many files change in each way, and how many do not."""
        counts = {kind.value: sum(change.kind is kind for change in self.changes) for kind in ChangeKind}
        return {**counts, "unchanged": self.unchanged}


class Tree:
    """The files below a project's folder, read without ever following a link below an output folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._obstacles: dict[str, str | None] = {}
        self._blocking: dict[str, str | None] = {"": None}
        self._names: dict[str, frozenset[str]] = {}

    def real_output(self, output: str) -> str | None:
        """Where links lead the output folder, by its path below the project, or None for out of it."""
        real_root, real_output = os.path.realpath(self.root), os.path.realpath(self.root / output)
        relative = os.path.relpath(real_output, real_root).replace(os.sep, "/")
        return None if relative in (".", "..") or relative.startswith("../") else relative

    def read(self, path: str, output: str) -> FileState:
        """What is at `path`, which lies in `output`."""
        if obstacle := self._folder_obstacle(path.rpartition("/")[0], output):
            return FileState(obstacle=obstacle)
        place = self.root / path
        try:
            mode = place.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return FileState()
        if stat.S_ISLNK(mode):
            return FileState(obstacle="is a symbolic link", is_link=True)
        if not stat.S_ISREG(mode):
            return FileState(obstacle="is a folder" if stat.S_ISDIR(mode) else "is not a file")
        return FileState(content=place.read_bytes())

    def blocking_file(self, path: str) -> str | None:
        """The file that stands where a folder of `path` has to be, or None."""
        folder = path.rpartition("/")[0]
        if folder not in self._blocking:
            is_file = (self.root / folder).is_file()
            self._blocking[folder] = folder if is_file else self.blocking_file(folder)
        return self._blocking[folder]

    def files_below(self, path: str) -> Iterator[str]:
        """Everything but folders below the folder at `path`."""
        for folder, _, names in os.walk(self.root / path):
            for name in names:
                yield (Path(folder) / name).relative_to(self.root).as_posix()

    def twin(self, path: str) -> str | None:
        """The name in another case or form by which the file system finds what is at `path`, or None."""
        folder, _, name = path.rpartition("/")
        names = self._names_in(folder)
        if name in names:
            return None
        place = self.root / path
        twins = [other for other in names if folded(other) == folded(name)]
        found = next((twin for twin in twins if place.exists() and place.samefile(place.with_name(twin))), None)
        return f"{folder}/{found}" if found else None

    def _names_in(self, folder: str) -> frozenset[str]:
        if folder not in self._names:
            self._names[folder] = frozenset(os.listdir(self.root / folder))  # noqa: PTH208 - names alone are wanted
        return self._names[folder]

    def _folder_obstacle(self, folder: str, output: str) -> str | None:
        if len(folder) <= len(output):
            return None
        if folder not in self._obstacles:
            outer = self._folder_obstacle(folder.rpartition("/")[0], output)
            self._obstacles[folder] = outer or self._own_obstacle(folder)
        return self._obstacles[folder]

    def _own_obstacle(self, folder: str) -> str | None:
        return f"lies behind the symbolic link {folder}" if (self.root / folder).is_symlink() else None


def owned_files(targets: tuple[LockedTarget, ...]) -> dict[str, OwnedFile]:
    """Every file of the locked targets by its path below the project."""
    return {
        f"{target.output}/{path}": OwnedFile(target.output, digest)
        for target in targets
        for path, digest in target.files.items()
    }


def local_changes(tree: Tree, owned: Mapping[str, OwnedFile]) -> list[Change]:
    """The owned files that are no longer what the lock says: edited, missing."""
    changes = []
    for path, file in sorted(owned.items()):
        state = tree.read(path, file.output)
        if state.is_absent:
            changes.append(Change(path, ChangeKind.MISSING))
        elif not state.is_text(file.sha256):
            changes.append(Change(path, ChangeKind.EDITED))
    return changes


def plan(tree: Tree, desired: Mapping[str, DesiredFile], owned: Mapping[str, OwnedFile], *, is_forced: bool) -> Plan:
    """What turns the files in `tree` into `desired`; with `is_forced` edited files are overwritten and removed."""
    result = Plan()
    for path, orphan in sorted(owned.items()):
        if path not in desired:
            _plan_orphan(result, path, orphan, tree.read(path, orphan.output))
    for path, wanted in sorted(desired.items()):
        state = _state_after_removals(tree, path, wanted, result)
        if path in owned:
            _plan_owned(result, path, wanted, owned[path], state)
        else:
            _plan_new(result, path, wanted, state)
    if is_forced:
        result.edited.clear()
    result.changes.sort()
    return result


def _plan_orphan(result: Plan, path: str, orphan: OwnedFile, state: FileState) -> None:
    if state.is_absent:
        return
    if state.obstacle and not state.is_link:
        result.changes.append(Change(path, ChangeKind.EDITED))  # what is there instead is not ours: it stays
        return
    _note(result, path, ChangeKind.ORPHANED if state.is_text(orphan.sha256) else ChangeKind.EDITED)
    result.removals[path] = orphan


def _plan_owned(result: Plan, path: str, wanted: DesiredFile, known: OwnedFile, state: FileState) -> None:
    if state.obstacle and not state.is_link:
        result.foreign.append(Problem(state.obstacle, path=path, code="FOREIGN_PATH"))
        return
    if _is_equal(state, wanted):
        result.unchanged += 1
        return
    if state.is_absent:
        kind = ChangeKind.MISSING
    elif state.is_text(known.sha256):
        kind = ChangeKind.CHANGED
    else:
        kind = ChangeKind.EDITED
    _note(result, path, kind)
    result.writes[path] = wanted


def _plan_new(result: Plan, path: str, wanted: DesiredFile, state: FileState) -> None:
    if _is_equal(state, wanted):
        result.unchanged += 1
    elif state.is_absent:
        _note(result, path, ChangeKind.ADDED)
        result.writes[path] = wanted
    else:
        message = state.obstacle or "is there already and was not generated by mtribes"
        result.foreign.append(Problem(message, path=path, code="FOREIGN_PATH"))


def _note(result: Plan, path: str, kind: ChangeKind) -> None:
    result.changes.append(Change(path, kind))
    if kind is ChangeKind.EDITED:
        result.edited.append(path)


def _is_equal(state: FileState, wanted: DesiredFile) -> bool:
    return state.is_text(text_hash(wanted.text.encode()))


def _state_after_removals(tree: Tree, path: str, wanted: DesiredFile, result: Plan) -> FileState:
    """What will be at `path` once the removals are done: a file may become a folder, and its name another case."""
    state = tree.read(path, wanted.output)
    if state.is_absent:
        blocking = tree.blocking_file(path)
        is_free = not blocking or blocking in result.removals
        return FileState() if is_free else FileState(obstacle=f"needs a folder where {blocking} is a file")
    if state.obstacle == "is a folder" and all(file in result.removals for file in tree.files_below(path)):
        return FileState()
    twin = tree.twin(path)
    if twin in result.removals:
        return FileState()
    return FileState(obstacle=f"is {twin} on this file system") if twin else state
