"""Markdown of the manual to HTML: CommonMark with tables, anchors and highlighted code, no raw HTML. Pure."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

LEXERS = {
    "brightscript": "vbnet",  # the nearest relative: there is none for BrightScript itself
    "console": "console",
    "groovy": "groovy",
    "html": "html",
    "java": "java",
    "js": "javascript",
    "json": "json",
    "jsx": "javascript",
    "kotlin": "kotlin",
    "nginx": "nginx",
    "python": "python",
    "sh": "bash",
    "sql": "sql",
    "svelte": "html",
    "swift": "swift",
    "toml": "toml",
    "ts": "typescript",
    "tsx": "typescript",
    "vue": "html",
    "xml": "xml",
    "yaml": "yaml",
}
MARKER = re.compile(r"^<!-- (?:made|end): .* -->\n?", re.MULTILINE)
NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")
LEVELS = {f"h{level}": level for level in range(1, 7)}
SEARCHED_LEVELS = frozenset({"h1", "h2", "h3"})
_FORMATTER = HtmlFormatter(nowrap=True, classprefix="hl-")

ResolveLink = Callable[[str], str]
FindSize = Callable[[str], tuple[str, str] | None]


@dataclass(frozen=True)
class Heading:
    """A heading of a page: its level (1 to 6), its anchor for links, and its text."""

    level: int
    anchor: str
    text: str


@dataclass
class Section:
    """The text under a heading, without markup, for the search."""

    heading: Heading
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The whole text on one line."""
        return " ".join(" ".join(self.texts).split())


class Document:
    """A page of Markdown, parsed once."""

    def __init__(self, source: str) -> None:
        self._parser = MarkdownIt("commonmark", {"html": False}).enable("table")
        self._parser.add_render_rule("fence", _fence)
        self._parser.add_render_rule("code_block", _fence)
        self._parser.add_render_rule("heading_close", _heading_close)
        self._tokens = self._parser.parse(MARKER.sub("", source))
        self.headings = tuple(_with_anchors(self._tokens))
        self.title = next((heading.text for heading in self.headings if heading.level == 1), "")

    def html(self, resolve: ResolveLink, size_of: FindSize = lambda _: None) -> Markup:
        """Return the page as HTML; `resolve` maps link targets to URLs, `size_of` returns the size of an image."""
        for token in _inline_tokens(self._tokens):
            if size := size_of(str(token.attrs.get("src", ""))):
                token.attrs["width"], token.attrs["height"] = size
            for name in ("href", "src"):
                if name in token.attrs:
                    token.attrs[name] = resolve(str(token.attrs[name]))
        rendered = self._parser.renderer.render(self._tokens, self._parser.options, {})
        return Markup(rendered)  # noqa: S704 - the parser escapes, and raw HTML is switched off

    @property
    def links(self) -> Sequence[str]:
        """Return the targets of all links and images, as written."""
        found = (token.attrs.get("href") or token.attrs.get("src") for token in _inline_tokens(self._tokens))
        return tuple(str(target) for target in found if target)

    @property
    def sections(self) -> Sequence[Section]:
        """Return the text of the page by section."""
        headings = iter(self.headings)
        sections: list[Section] = []
        for previous, token in zip([None, *self._tokens], self._tokens, strict=False):
            if previous is not None and previous.type == "heading_open":
                heading = next(headings)
                if previous.tag in SEARCHED_LEVELS:
                    sections.append(Section(heading))
                    continue
            if sections and token.type in {"inline", "fence", "code_block"}:
                sections[-1].texts.append(_plain(token))
        return sections


def anchor_of(text: str) -> str:
    """Return the anchor of a heading, in the format of code forges."""
    return NOT_IN_ANCHORS.sub("", text.strip().lower()).replace(" ", "-")


def _with_anchors(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Return the headings with their anchors; a repeated anchor gets a number."""
    seen: dict[str, int] = {}
    for token, inline in itertools.pairwise(tokens):
        if token.type != "heading_open":
            continue
        text = _plain(inline)
        anchor = anchor_of(text)
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        anchor = f"{anchor}-{count}" if count else anchor
        token.attrs["id"] = anchor
        inline.meta["anchor"] = anchor
        yield Heading(LEVELS[token.tag], anchor, text)


def _inline_tokens(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or ()


def _plain(token: Token) -> str:
    """Return the text of a token, without markup."""
    if token.type != "inline":
        return token.content
    return "".join(" " if child.type == "softbreak" else child.content for child in token.children or ())


def _fence(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _environment: Any) -> str:
    token = tokens[index]
    language = token.info.split()[0] if token.info.split() else ""
    return f'<pre tabindex="0"><code>{_highlighted(language, token.content)}</code></pre>\n'


def _heading_close(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _environment: Any) -> str:
    """Return the end of a heading, with a link to itself; the title of a page has none."""
    token, inline = tokens[index], tokens[index - 1]
    if token.tag == "h1":
        return "</h1>\n"
    label = escape(f"Link to {_plain(inline)}")
    return f' <a class="anchor" href="#{escape(inline.meta["anchor"])}" aria-label="{label}">#</a></{token.tag}>\n'


def _highlighted(language: str, text: str) -> str:
    if language not in LEXERS:
        return str(escape(text))
    tokens = get_lexer_by_name(LEXERS[language], stripnl=False, ensurenl=False).get_tokens(text)
    written = io.StringIO()
    _FORMATTER.format(tokens, written)
    return written.getvalue()
