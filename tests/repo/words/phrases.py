"""Find phrases in a package's strings that its readers should not see."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.repo.words.strings import VisibleString

PHRASES = Path(__file__).with_name("phrases.txt")


def find_phrases(strings: Iterable[VisibleString]) -> Iterator[tuple[VisibleString, str]]:
    """Yield each string that contains a phrase of the list, and the phrase."""
    for string in strings:
        for found in _pattern().finditer(" ".join(string.text.split())):
            yield string, found[0].lower()


def phrases() -> list[str]:
    """Return the phrases of the list, without its comments."""
    lines = PHRASES.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@cache
def _pattern() -> re.Pattern[str]:
    """Return what matches any phrase as whole words."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases()))})(?!\w)", re.IGNORECASE)
