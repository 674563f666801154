"""What lies in the output folders, read without following a link, and how it differs from the lock.

What to do about it is in `output_plan`; nothing here writes.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from mtribes_cli.lock_file import LockedTarget, text_hash
from mtribes_cli.output_paths import folded


class ChangeKind(StrEnum):
    """How a file differs: here from the lock (edited, missing), or the server's from the one here (the others)."""

    EDITED = "edited"
    MISSING = "missing"
    ADDED = "added"
    CHANGED = "changed"
    ORPHANED = "orphaned"


class Change(NamedTuple):
    """One file that differs, by its path below the project."""

    path: str
    kind: ChangeKind


class OwnedFile(NamedTuple):
    """A file as the lock knows it."""

    output: str
    sha256: str


class FileState(NamedTuple):
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
