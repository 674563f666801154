"""Generated code as HTML: the text is what it was, kinds of tokens are told, and no text takes long."""

from __future__ import annotations

import html
import re
import time

import pytest

from templates_server.features.codegen.display.highlighting import MAX_CHARACTERS, MOST_SECONDS, highlight

TEXT = 'const a = "<b>&\'"; // it\n'
TAG = re.compile(r"<[^>]*>")
FILES = ("a.brs", "a.java", "a.js", "a.json", "a.kt", "a.py", "a.swift", "a.ts", "a.xml", "a.md")
HARD = ("a.", '"\\', "\n", "a ", "/", "func ", "a<", "{", "<!--", "/*")


def shown(markup: str) -> str:
    """What a browser shows of it."""
    return html.unescape(TAG.sub("", markup))


@pytest.mark.parametrize("path", FILES)
def test_the_text_is_shown_as_it_is(path: str) -> None:
    assert shown(highlight(path, TEXT)) == TEXT


def test_kinds_of_tokens_are_told() -> None:
    assert '<span class="hl-kd">const</span>' in highlight("a.ts", TEXT)


def test_a_long_file_is_shown_without_colours() -> None:
    text = "const a = 1;\n" * (MAX_CHARACTERS // 13 + 1)
    assert highlight("a.ts", text) == text


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES)
def test_no_text_takes_much_longer_than_the_limit(path: str) -> None:
    for piece in HARD:
        text = piece * (20_000 // len(piece))
        began = time.thread_time()
        markup = highlight(path, text)
        assert time.thread_time() - began < 16 * MOST_SECONDS, piece  # without the limit some take 50 times as long
        assert shown(markup).rstrip("\n") == text.rstrip("\n")  # the last line ends in any case
