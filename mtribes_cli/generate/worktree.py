"""What lies in the output folders, and how it differs from the lock.

One rule for links: files are read through them, wherever they lead, so that content is what counts (in a symlink
forest, as Bazel makes one, every file is a link). Nothing is ever written through one: see `plan`.
"""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from mtribes_cli.files.bounded_reader import MEBIBYTE, NotRegularFileError, read_beginning
from mtribes_cli.files.real_paths import RealPaths, fold_case
from mtribes_cli.project.lock_file import LockedTarget, text_hash

MAX_READ_BYTES = 16 * MEBIBYTE  # twice what a generated file may have: CRLF for LF, at most


class ChangeKind(StrEnum):
    """How a file differs: here from the lock (edited, missing), or the server's from the one here (the others)."""

    EDITED = "edited"
    MISSING = "missing"
    ADDED = "added"
    CHANGED = "changed"
    ORPHANED = "orphaned"


class Change(NamedTuple):
    """A file that differs, by its path below the project."""

    path: str
    kind: ChangeKind


class OwnedFile(NamedTuple):
    """A file in the lock."""

    output: str
    sha256: str


class FileState(NamedTuple):
    """What is at a path: a file's content, nothing (all None), or an obstacle.

    `link` says which link leads there; one in the place of the file itself can be replaced (`is_link`).
    """

    content: bytes | None = None
    obstacle: str | None = None
    link: str | None = None
    is_link: bool = False

    @property
    def is_absent(self) -> bool:
        """Whether nothing is there, and nothing is in the way, not even a link to nothing."""
        return self.content is None and self.obstacle is None and self.link is None

    @property
    def is_missing(self) -> bool:
        """Whether there is no file to read, as at the end of a link to nothing."""
        return self.content is None and self.obstacle is None

    def is_text(self, sha256: str) -> bool:
        """Return whether the file's text with LF has this hash. A file that is too large to be ours never has."""
        return self.content is not None and len(self.content) <= MAX_READ_BYTES and text_hash(self.content) == sha256


class Worktree:
    """The files below a project's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.places = RealPaths(root)
        self._links: dict[str, str | None] = {}
        self._blocking: dict[str, str | None] = {"": None}
        self._names: dict[str, frozenset[str]] = {}

    def real_output(self, output: str) -> str | None:
        """Return where links lead the output folder, as a path below the project, or None if it leads out of it."""
        return self.places.inside(output)

    def read(self, path: str, output: str) -> FileState:
        """Return the state of `path`, which is in `output`, read through links."""
        link = self._folder_link(path.rpartition("/")[0], output)
        place = self.root / path
        try:
            is_link = stat.S_ISLNK(place.lstat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return FileState(link=link)
        except OSError as error:
            if error.errno != errno.ELOOP:  # links in a circle on the way
                raise
            return FileState(obstacle=f"cannot be read: {error.strerror}", link=link)
        if is_link and link is None:
            link = f"is a symbolic link to {_end_of(place)}"
        return self._read_file(place)._replace(link=link, is_link=is_link)

    @staticmethod
    def _read_file(place: Path) -> FileState:
        try:
            return FileState(content=read_beginning(place, MAX_READ_BYTES + 1))
        except FileNotFoundError:
            return FileState()
        except IsADirectoryError:
            return FileState(obstacle="is a folder")
        except NotRegularFileError:
            return FileState(obstacle="is not a file")
        except OSError as error:
            if error.errno != errno.ELOOP:  # a disk that fails says nothing of the file
                raise
            return FileState(obstacle=f"cannot be read: {error.strerror}")

    def blocking_file(self, path: str) -> str | None:
        """Return the file in place of a folder of `path`, or None."""
        folder = path.rpartition("/")[0]
        if folder not in self._blocking:
            is_file = (self.root / folder).is_file()
            self._blocking[folder] = folder if is_file else self.blocking_file(folder)
        return self._blocking[folder]

    def files_below(self, path: str) -> Iterator[str]:
        """Return everything but folders below the folder at `path`."""
        for folder, _, names in os.walk(self.root / path):
            for name in names:
                yield (Path(folder) / name).relative_to(self.root).as_posix()

    def twin(self, path: str) -> str | None:
        """Return the name in another case or form by which the file system finds `path`, or None."""
        folder, _, name = path.rpartition("/")
        names = self._names_in(folder)
        if name in names:
            return None
        place = self.root / path
        twins = [other for other in names if fold_case(other) == fold_case(name)]
        found = next((twin for twin in twins if place.exists() and place.samefile(place.with_name(twin))), None)
        return f"{folder}/{found}" if found else None

    def _names_in(self, folder: str) -> frozenset[str]:
        if folder not in self._names:
            self._names[folder] = frozenset(os.listdir(self.root / folder))  # noqa: PTH208 - names alone are wanted
        return self._names[folder]

    def _folder_link(self, folder: str, output: str) -> str | None:
        """Return the link below the output folder that leads to `folder`, in words; None if there is none."""
        if len(folder) <= len(output):
            return None
        if folder not in self._links:
            outer = self._folder_link(folder.rpartition("/")[0], output)
            self._links[folder] = outer or self._own_link(folder)
        return self._links[folder]

    def _own_link(self, folder: str) -> str | None:
        return f"is behind the symbolic link {folder}" if (self.root / folder).is_symlink() else None


def _end_of(link: Path) -> str:
    """Return the target of a link, as it is written."""
    try:
        return os.readlink(link)  # noqa: PTH115 - as text, whatever it is
    except OSError:
        return "elsewhere"


def owned_files(targets: tuple[LockedTarget, ...]) -> dict[str, OwnedFile]:
    """Return every file of the locked targets, by its path below the project."""
    return {
        f"{target.output}/{path}": OwnedFile(target.output, digest)
        for target in targets
        for path, digest in target.files.items()
    }


def local_changes(tree: Worktree, owned: Mapping[str, OwnedFile]) -> list[Change]:
    """Return the owned files that differ from the lock: edited, missing."""
    changes = []
    for path, file in sorted(owned.items()):
        state = tree.read(path, file.output)
        if state.is_missing:
            changes.append(Change(path, ChangeKind.MISSING))
        elif not state.is_text(file.sha256):
            changes.append(Change(path, ChangeKind.EDITED))
    return changes
