"""The list of generated files in the browser: the languages, the first file to show, and the folders."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

TITLES = {
    "typescript": "TypeScript",
    "javascript": "JavaScript",
    "kotlin": "Kotlin",
    "java": "Java",
    "swift": "Swift",
    "brightscript": "BrightScript",
    "python": "Python",
}
"""The display names of the languages."""


def first_of(files: Mapping[str, str]) -> str:
    """Return the path of the first file to show: the code of an experience, if there is one."""
    of_experiences = (path for path in sorted(files) if path.lower().startswith("experience/") and "/__" not in path)
    return next(of_experiences, min(files))


def in_folders(paths: Iterable[str]) -> Sequence[tuple[str, Sequence[str]]]:
    """Return the paths by folder, those without a folder first."""
    ordered = sorted(paths, key=_place)
    return [(folder, list(found)) for folder, found in itertools.groupby(ordered, _folder)]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _place(path: str) -> tuple[bool, str, str]:
    return "/" in path, _folder(path), path
