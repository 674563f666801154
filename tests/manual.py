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
    """The fenced code of these languages on a page, without the indentation of a list.

    A fence with a second word (`kotlin android`) is for a test of its own.
    """
    blocks = BLOCK.findall(text)
    return [textwrap.dedent(code) for _, language, more, code in blocks if language in languages and not more.strip()]


def all_pages() -> list[Path]:
    """The file of every page."""
    return sorted(DOCS.rglob("*.md"))
