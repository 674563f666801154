"""The search of the manual and the API reference: ranked sections by words. Pure, and bounded by its index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_QUERY_CHARACTERS = 200
MAX_WORDS = 8
MAX_RESULTS = 30
EXCERPT_CHARACTERS = 180
TITLE_SCORE, HEADING_SCORE, TEXT_SCORE = 8, 5, 1
MAX_OCCURRENCES = 5
"""The number of occurrences of a word in a section beyond which its rank does not improve."""


@dataclass(frozen=True)
class IndexedSection:
    """A searchable section: its URL, the title of its page, its heading and its text."""

    url: str
    title: str
    heading: str
    text: str

    @property
    def searched_text(self) -> str:
        """The whole text in lower case."""
        return f"{self.title} {self.heading} {self.text}".lower()


@dataclass(frozen=True)
class SearchResult:
    """A section that contains every word, with an excerpt around the first one."""

    section: IndexedSection
    excerpt: str


class SearchIndex:
    """An index of sections for the search."""

    def __init__(self, sections: Iterable[IndexedSection]) -> None:
        self._sections = [(section, section.searched_text) for section in sections]

    def search(self, query: str) -> Sequence[SearchResult]:
        """Return the best sections that contain all words of the query, at most `MAX_RESULTS`."""
        words = words_of(query)
        if not words:
            return []
        matching = [(section, text) for section, text in self._sections if all(word in text for word in words)]
        ranked = sorted(matching, key=lambda each: -_score(each[0], each[1], words))
        return [SearchResult(section, _excerpt(section.text, words)) for section, _ in ranked[:MAX_RESULTS]]


def words_of(query: str) -> Sequence[str]:
    """Return the words of a query in lower case."""
    return list(dict.fromkeys(query[:MAX_QUERY_CHARACTERS].lower().split()))[:MAX_WORDS]


def _score(section: IndexedSection, text: str, words: Sequence[str]) -> int:
    title, heading = section.title.lower(), section.heading.lower()
    return sum(
        TITLE_SCORE * (word in title)
        + HEADING_SCORE * (word in heading)
        + TEXT_SCORE * min(text.count(word), MAX_OCCURRENCES)
        for word in words
    )


def _excerpt(text: str, words: Sequence[str]) -> str:
    """Return an excerpt around the first word found, in whole words, with an ellipsis where text is omitted."""
    lower = text.lower()
    places = [place for word in words if (place := lower.find(word)) >= 0]
    start = max(0, min(places, default=0) - EXCERPT_CHARACTERS // 3)
    start = text.find(" ", start) + 1 if start else 0
    end = start + EXCERPT_CHARACTERS
    end = text.rfind(" ", start, end) if end < len(text) else len(text)
    before, after = "… " * (start > 0), " …" * (end < len(text))
    return f"{before}{text[start:end]}{after}"
