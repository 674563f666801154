"""Generated code as HTML: every token in a `span` by its kind, all text escaped."""

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
"""The size limit for highlighting: longer files are rarely read in full and slow to tokenize."""
MOST_SECONDS = 0.25
"""The limit of CPU time for highlighting a file, as some texts take a lexer quadratic time; then it is shown plain."""

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


def highlight(path: str, text: str) -> Markup:
    """Return a generated file as HTML, highlighted by its extension; with an unknown extension, only escaped."""
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
    """Return the tokens; raise TimeoutError once tokenizing takes more than `MOST_SECONDS`."""
    end = time.thread_time() + MOST_SECONDS
    for token in tokens:
        yield token
        if time.thread_time() > end:
            raise TimeoutError
