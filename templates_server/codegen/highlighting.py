"""Generated code as HTML for people to read: every token in a `span` by its kind, whatever stands in it as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

CLASS_PREFIX = "hl-"
MAX_CHARACTERS = 100_000
"""What is longer is shown without colours: nobody reads it to the end, and finding its tokens takes long."""

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
    lexer = _LEXERS.get(PurePosixPath(path).suffix, "text") if len(text) <= MAX_CHARACTERS else "text"
    found = get_lexer_by_name(lexer, stripnl=False, ensurenl=False)
    return Markup(highlight(text, found, _FORMATTER))  # noqa: S704 - the formatter escapes
