"""Where a path really leads: out of the project, or into a repository's own folder. Rules on the text are elsewhere.

A rule that holds for a path as it is written says nothing of where links on the way lead. What is written, replaced or
removed is judged here by its resolved path.
"""

import os
import unicodedata
from pathlib import Path

_REPOSITORY_HEAD = "HEAD"
_REPOSITORY_FOLDERS = frozenset({".git", ".hg", ".svn", ".jj", ".bzr", "_darcs", ".pijul"})
_SHORT_NAMES = ("git~", "hg~", "svn~", "jj~", "bzr~", "pijul~")  # what Windows calls them where names are short


class RealPaths:
    """Folders of one project, judged by where links lead. Results are cached for one command."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._repositories: dict[str, str | None] = dict.fromkeys(_with_parents(self._real_root))

    def inside(self, path: str) -> str | None:
        """Return where links lead `path`, as a path below the project, or None if it leads out of it."""
        real = os.path.realpath(self._root / path)
        relative = os.path.relpath(real, self._real_root).replace(os.sep, "/")
        return None if relative in (".", "..") or relative.startswith("../") else relative

    def fault(self, folder: str) -> str | None:
        """Return the problem with writing in `folder`, or None. The project's own folder has none."""
        real = os.path.realpath(self._root / folder)
        if real != self._real_root and self.inside(folder) is None:
            return "leads out of the project through a symbolic link"
        if repository := self._repository_around(real):
            return f"leads into {repository}, a repository's own folder"
        return None

    def _repository_around(self, real: str) -> str | None:
        if real not in self._repositories:
            around = self._repository_around(os.path.dirname(real))  # noqa: PTH120 - text in, text out
            self._repositories[real] = around or (real if _is_repository(real) else None)
        return self._repositories[real]


def repository_around(real: str, working_folder: Path) -> str | None:
    """Return the repository's own folder around the resolved path, or None.

    One around `working_folder` does not count: a worktree may lie in a bare repository.
    """
    around_us = _with_parents(os.path.realpath(working_folder))
    return next((folder for folder in _with_parents(real) if folder not in around_us and _is_repository(folder)), None)


def _with_parents(real: str) -> list[str]:
    place = Path(real)
    return [str(place), *map(str, place.parents)]


def _is_repository(folder: str) -> bool:
    """Return whether git or a similar program keeps its own files in `folder`."""
    return is_repository_folder(os.path.basename(folder)) or _is_git_directory(folder)  # noqa: PTH119 - text in


def _is_git_directory(folder: str) -> bool:
    """Return whether git takes `folder` for a repository: a bare one, or one that a `.git` file points to."""
    names = [os.path.lexists(f"{folder}/{name}") for name in (_REPOSITORY_HEAD, "objects", "refs", "commondir")]
    has_head, has_objects, has_refs, has_common = names
    return has_head and (has_common or (has_objects and has_refs))


def is_repository_folder(name: str) -> bool:
    """Return whether some file system takes `name` for the own folder (or file) of a version control system."""
    visible = "".join(character for character in fold_case(name) if unicodedata.category(character) != "Cf")
    return visible.rstrip(". ").partition(":")[0] in _REPOSITORY_FOLDERS or visible.startswith(_SHORT_NAMES)


def fold_case(path: str) -> str:
    """Return the path as a file system compares it that ignores case and Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
