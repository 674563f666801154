"""Lines as an editor counts them, wherever the text is cut while it is read."""

from __future__ import annotations

import pytest

from mtribes_cli.ingest import line_splitter
from mtribes_cli.ingest.line_splitter import OverlongLine, blocks

TEXT = "a\r\nb\rc\n\r\n\rd\u2028e\x0bf\x85g\n\nh"
LINES = ["a\r\n", "b\r", "c\n", "\r\n", "\r", "d\u2028e\x0bf\x85g\n", "\n", "h"]


@pytest.mark.parametrize("first", range(len(TEXT) + 1))
def test_a_text_has_the_same_lines_wherever_it_is_cut(first: int) -> None:
    for second in range(first, len(TEXT) + 1):
        chunks = [TEXT[:first], TEXT[first:second], TEXT[second:]]
        assert [line for block in blocks(chunks) for line in block] == LINES


@pytest.mark.parametrize("chunk", [1, 3, 7, 100])
def test_a_line_beyond_all_bounds_is_one_line_that_says_so(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(line_splitter, "MAX_LINE_CHARACTERS", 10)
    text = "first\n" + "x" * 60 + "\r\nlast"
    found = [line for block in blocks(text[at : at + chunk] for at in range(0, len(text), chunk)) for line in block]
    if chunk < 60:
        assert [type(line) is OverlongLine for line in found] == [False, True, False]
    assert (found[0], found[-1], len(found)) == ("first\n", "last", 3)
