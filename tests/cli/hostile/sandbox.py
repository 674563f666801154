"""A project among files of other people, and a picture of all of it: bytes, modes, times, inodes."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import NamedTuple

from tests.cli.project_runner import Project

OUTPUT = "src/vod"
OBSTACLES = ("nothing", "a file", "a link to a file", "a link to a folder", "a dangling link", "a folder")
_VOLATILE = ("state",)
"""Folders of the user's own state, where a lock may come to lie."""


class Seen(NamedTuple):
    """What is at one path."""

    mode: int
    inode: int
    modified_ns: int
    content: bytes | str | None


class Sandbox:
    """`outside` is somebody else's; `around/project` is where `mtribes` is run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outside = folder / "outside"
        self.outside.mkdir()
        (self.outside / "folder").mkdir()
        (self.outside / "folder" / "keep.ts").write_text("keep\n")
        (self.outside / "file.ts").write_text("keep\n")
        (self.outside / "file.ts").chmod(0o640)
        self.project = Project(folder / "around" / "project")
        self.project.root.mkdir(parents=True)

    def fresh(self, host: str) -> None:
        """The project as it is when its code has never been generated."""
        shutil.rmtree(self.project.root)
        self.project.root.mkdir()
        self.project.write_toml(host)

    def picture(self) -> dict[str, Seen]:
        """All that is there, but for the user's own state."""
        found = {}
        for path in [self.folder, *self.folder.rglob("*")]:
            name = path.relative_to(self.folder).as_posix()
            if not name.split("/")[-1].startswith(_VOLATILE) and "/state/" not in f"/{name}":
                found[name] = _seen(path, is_timed=path not in {self.folder, self.project.root.parent})
        return found

    def put(self, obstacle: str, path: str) -> bool:
        """Put something where the generated `path` would lead, if such a place can be, else at a usual one."""
        for place in (self.project.root / OUTPUT / path, self.project.root / OUTPUT / "index.ts"):
            lexical = Path(os.path.normpath(place))
            try:
                if lexical.is_relative_to(self.folder) and self._put(obstacle, lexical):
                    return True
            except (OSError, ValueError):
                continue
        return False

    def _put(self, obstacle: str, place: Path) -> bool:
        if os.path.lexists(place):
            return obstacle == "a folder"
        place.parent.mkdir(parents=True, exist_ok=True)
        match obstacle:
            case "a file":
                place.write_text("mine\n")
            case "a link to a file":
                place.symlink_to(self.outside / "file.ts")
            case "a link to a folder":
                place.symlink_to(self.outside / "folder")
            case "a dangling link":
                place.symlink_to(self.outside / "nothing.ts")
            case "a folder":
                place.mkdir()
                (place / "mine.ts").write_text("mine\n")
        return True


def _seen(path: Path, *, is_timed: bool) -> Seen:
    found = path.lstat()
    content: bytes | str | None = None
    if stat.S_ISLNK(found.st_mode):
        content = os.readlink(path)  # noqa: PTH115 - as text, whatever it is
    elif stat.S_ISREG(found.st_mode):
        content = path.read_bytes()
    return Seen(found.st_mode, found.st_ino, found.st_mtime_ns if is_timed else 0, content)
