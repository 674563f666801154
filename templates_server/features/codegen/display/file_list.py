"""Generated files as people look through them: which languages there are, which file comes first, and where each is."""

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
"""What people call the languages."""


def first_of(files: Mapping[str, str]) -> str:
    """The path that is shown first: the code of an experience, where there is any."""
    of_experiences = (path for path in sorted(files) if path.lower().startswith("experience/") and "/__" not in path)
    return next(of_experiences, min(files))


def in_folders(paths: Iterable[str]) -> Sequence[tuple[str, Sequence[str]]]:
    """The paths by their folder, those in none first."""
    ordered = sorted(paths, key=_place)
    return [(folder, list(found)) for folder, found in itertools.groupby(ordered, _folder)]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _place(path: str) -> tuple[bool, str, str]:
    return "/" in path, _folder(path), path
