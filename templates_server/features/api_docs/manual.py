"""The manual: the pages of `templates_server/docs` in the order of its table of contents. Read and rendered once."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from markupsafe import Markup

import templates_server
from templates_server.errors import NotFound
from templates_server.features.api_docs.markdown_renderer import Document, Heading
from templates_server.features.api_docs.picture_size import picture_size

FOLDER = Path(templates_server.__file__).parent / "docs"
CONTENTS = "README.md"
ROOT = "/docs"
FILE_FOLDERS = ("pictures", "samples")
"""The folders of the files that pages link to, besides other pages."""
CHAPTER = re.compile(r"^## (.+)$")
ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)]+)\.md\)")
EXTERNAL = re.compile(r"^[a-z][a-z0-9+.-]*:|^/")
LEVELS_IN_OUTLINE = frozenset({2})


@dataclass(frozen=True)
class ContentsEntry:
    """A page in the table of contents: its title there, and its path without `.md`."""

    title: str
    path: str


@dataclass(frozen=True)
class Chapter:
    """Pages under one heading of the table of contents."""

    title: str
    entries: Sequence[ContentsEntry]

    @property
    def paths(self) -> Sequence[str]:
        """The paths of its pages."""
        return [entry.path for entry in self.entries]


class ManualPage:
    """A page of the manual. `path` is relative to the manual, without `.md`; empty for the table of contents."""

    def __init__(self, path: str, file: Path, base_url: str) -> None:
        self.path = path
        self._file = file
        self._base_url = base_url

    @functools.cached_property
    def document(self) -> Document:
        """The parsed page."""
        return Document(self._file.read_text(encoding="utf-8"))

    @functools.cached_property
    def html(self) -> Markup:
        """Return the page as HTML, with links to URLs of this server."""
        return self.document.html(self._resolved, self._size_of)

    @property
    def outline(self) -> Sequence[Heading]:
        """The headings listed beside the page's text."""
        return [heading for heading in self.document.headings if heading.level in LEVELS_IN_OUTLINE]

    def _size_of(self, target: str) -> tuple[str, str] | None:
        file = self._file.parent / target
        return picture_size(file) if target and not EXTERNAL.match(target) and file.is_file() else None

    def _resolved(self, target: str) -> str:
        return address_of(target, self.path, self._base_url)


def address_of(target: str, page: str, base_url: str) -> str:
    """Return the URL of a page's link target. Absolute links and links within the page stay as they are."""
    if EXTERNAL.match(target) or target.startswith("#"):
        return target
    path, mark, fragment = target.partition("#")
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    name = "" if whole == CONTENTS else f"/{whole.removesuffix('.md')}"
    return f"{base_url}{name}{mark}{fragment}"


class Manual:
    """All pages of the manual and the files that they use, for a server whose manual is at `base_url`."""

    def __init__(self, base_url: str, folder: Path = FOLDER) -> None:
        self._folder = folder
        contents = (folder / CONTENTS).read_text(encoding="utf-8")
        self.chapters = tuple(_chapters(contents))
        self.contents = ManualPage("", folder / CONTENTS, base_url)
        self._entries = [entry for chapter in self.chapters for entry in chapter.entries]
        self.pages = {
            entry.path: ManualPage(entry.path, folder / f"{entry.path}.md", base_url) for entry in self._entries
        }

    def page(self, path: str) -> ManualPage:
        """Return the page at a path; raise NotFound for any other."""
        if path not in self.pages:
            raise NotFound
        return self.pages[path]

    @functools.cached_property
    def _files(self) -> dict[str, Path]:
        found = (file for name in FILE_FOLDERS for file in (self._folder / name).rglob("*") if file.is_file())
        return {PurePosixPath(file.relative_to(self._folder)).as_posix(): file for file in found}

    def file(self, path: str) -> Path | None:
        """Return the image or sample at a path."""
        return self._files.get(path)

    def neighbours(self, path: str) -> tuple[ContentsEntry | None, ContentsEntry | None]:
        """Return the previous and the next page of the page at a path."""
        paths = [entry.path for entry in self._entries]
        place = paths.index(path)
        before = self._entries[place - 1] if place else None
        return before, next(iter(self._entries[place + 1 :]), None)


def _chapters(contents: str) -> Iterator[Chapter]:
    chapters: list[tuple[str, list[ContentsEntry]]] = []
    for line in contents.splitlines():
        if heading := CHAPTER.match(line):
            chapters.append((heading[1], []))
        elif (entry := ENTRY.match(line)) and chapters:
            chapters[-1][1].append(ContentsEntry(entry[1], entry[2]))
    return (Chapter(title, entries) for title, entries in chapters)
