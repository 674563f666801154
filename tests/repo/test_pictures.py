"""Pictures of the README and the manual: each is there, small, and said in words to who does not see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.repo.reference import README

DOCS = README.parent / "templates_server" / "docs"
PICTURES = DOCS / "pictures"
PICTURE = re.compile(r"!\[([^\]]*)\]\((?!https?:)([^)#]+)\)")
LEAST_WORDS = 4
MOST_BYTES = 120_000


def named() -> Iterator[tuple[str, Path]]:
    """The words and the file of every picture that a page names."""
    for page in (README, *sorted(DOCS.glob("*.md"))):
        for words, path in PICTURE.findall(page.read_text(encoding="utf-8")):
            yield words, (page.parent / path).resolve()


def test_every_picture_that_a_page_names_is_there_and_said_in_words() -> None:
    found = list(named())
    assert found
    assert [str(path) for _, path in found if not path.is_file()] == []
    assert [str(path) for words, path in found if len(words.split()) < LEAST_WORDS] == []


def test_every_picture_of_the_manual_is_shown_somewhere_and_small() -> None:
    pictures = sorted(PICTURES.iterdir())
    assert len(pictures) >= 10
    assert set(pictures) <= {path for _, path in named()}
    assert [path.name for path in pictures if path.stat().st_size > MOST_BYTES] == []
