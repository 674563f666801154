"""The pages of the manual, for tests of what they say."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import templates_server

DOCS = Path(templates_server.__file__).parent / "docs"
README = DOCS.parents[1] / "README.md"
BLOCK = re.compile(r"^( *)```(\w*)([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def page_text(name: str) -> str:
    """The text of a page, by its path without `.md`."""
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def code_blocks(text: str, *languages: str) -> list[str]:
    """The fenced code of these languages on a page, without the indentation of a list."""
    return [textwrap.dedent(code) for _, language, _, code in BLOCK.findall(text) if language in languages]


def all_pages() -> list[Path]:
    """The file of every page."""
    return sorted(DOCS.rglob("*.md"))
