"""Generated code as HTML for people to read: every token in a `span` by its kind, whatever stands in it as text."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from markupsafe import Markup, escape
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

CLASS_PREFIX = "hl-"
MAX_CHARACTERS = 100_000
"""What is longer is shown without colours: nobody reads it to the end, and finding its tokens takes long."""
MOST_SECONDS = 0.25
"""Of processor time for a file, which is then shown without colours: of some texts a lexer takes the square."""

_LEXERS: Mapping[str, str] = {
    ".brs": "vbnet",  # the nearest relative: there is none for BrightScript itself
    ".java": "java",
    ".js": "javascript",
    ".json": "json",
    ".kt": "kotlin",
    ".py": "python",
    ".swift": "swift",
    ".ts": "typescript",
    ".xml": "xml",
}
_FORMATTER = HtmlFormatter(nowrap=True, classprefix=CLASS_PREFIX)


def highlighted(path: str, text: str) -> Markup:
    """The text of a generated file as HTML, by the ending of its path; only escaped where no ending is known."""
    name = _LEXERS.get(PurePosixPath(path).suffix)
    if name is None or len(text) > MAX_CHARACTERS:
        return escape(text)
    try:
        tokens = list(_in_time(get_lexer_by_name(name, stripnl=False, ensurenl=False).get_tokens(text)))
    except TimeoutError:
        return escape(text)
    written = io.StringIO()
    _FORMATTER.format(tokens, written)
    return Markup(written.getvalue())  # noqa: S704 - the formatter escapes


def _in_time(tokens: Iterable[tuple[Any, str]]) -> Iterator[tuple[Any, str]]:
    """The tokens; TimeoutError as soon as finding them has taken `MOST_SECONDS`."""
    end = time.thread_time() + MOST_SECONDS
    for token in tokens:
        yield token
        if time.thread_time() > end:
            raise TimeoutError
