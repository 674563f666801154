"""Text of JSON that is read piece by piece: one value after the other, and the line where it stands.

Time grows with the length of the text. A value that goes on beyond what was read is tried again only when twice as much
of it is there; a string is passed over at once; and pieces are short, since `json` counts lines before each error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mtribes_cli.ingest.input_stream import MAX_LINE_CHARACTERS

MAX_EXCERPT_CHARACTERS = 1000
PIECE_CHARACTERS = 32 * 1024
LONGEST_WORD = 16
"""An error that stands further before the end of what was read is not mended by reading more."""
_BLANKS = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+("?)|[][{}]', re.DOTALL)
_BRACKET = re.compile(r"[][{}]")
_WORD_END = re.compile(r"[],]")
_CUT_STRING = "Unterminated string"


class Element(NamedTuple):
    """The text of a value. One that is not good may have no text: nobody knows where it ends."""

    text: str
    is_good: bool


class JsonText:
    """What was read and not yet used, and at which line it begins."""

    def __init__(self, chunks: Iterable[str]) -> None:
        self.line = 1
        self._pieces = _pieces(chunks)
        self._held = ""
        self._at = 0
        self._decode = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode  # numbers may have any length

    def next_character(self) -> str:
        """Return the next character that is not blank; "" at the end."""
        while True:
            end = _BLANKS.match(self._held, self._at).end()  # type: ignore[union-attr] # nothing at all matches as well
            if end < len(self._held) or not self._read_more():
                break
        self._use(end)
        return self._held[end : end + 1]

    def skip(self, characters: int) -> None:
        """Skip characters that are no line breaks."""
        self._at += characters

    def excerpt(self) -> str:
        """Return the beginning of what comes next."""
        return self._held[self._at : self._at + MAX_EXCERPT_CHARACTERS]

    def element(self) -> Element:
        """Return the value that begins here."""
        while True:
            try:
                end = self._decode(self._held, self._at)[1]
            except json.JSONDecodeError as error:
                if self._may_be_cut(error) and self._read_more():
                    continue
                return Element(self._balanced(), is_good=False)
            except RecursionError:
                return Element(self._balanced(), is_good=False)
            if end < len(self._held) or not self._read_more():  # a number goes on, perhaps
                return Element(self._use(end), is_good=True)

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        is_near_end = error.pos + LONGEST_WORD >= len(self._held)
        is_too_long = len(self._held) - self._at > MAX_LINE_CHARACTERS
        return not is_too_long and (is_near_end or error.msg.startswith(_CUT_STRING))

    def _balanced(self) -> str:
        """Return invalid JSON up to where its brackets are balanced; "" if that is nowhere near."""
        is_last = False
        while True:
            end = self._balanced_end(is_last=is_last)
            if end:
                return self._use(end)
            if is_last:
                return ""
            is_last = len(self._held) - self._at > MAX_LINE_CHARACTERS or not self._read_more()

    def _balanced_end(self, *, is_last: bool) -> int | None:
        if not self._held.startswith(("{", "["), self._at):
            word = _WORD_END.search(self._held, self._at)
            return word.start() if word else None
        depth = 0
        for token in self._tokens(is_last=is_last):
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
            if depth == 0:
                return token.end()
        return None

    def _tokens(self, *, is_last: bool) -> Iterator[re.Match[str]]:
        """Yield strings and brackets. An unclosed string is the last token unless the input has ended."""
        for token in _TOKEN.finditer(self._held, self._at):
            if token[1] == "":
                if is_last:
                    yield from _BRACKET.finditer(self._held, token.start())
                return
            yield token

    def _read_more(self) -> bool:
        """Read as much again as is held and not used, if there is so much; False: nothing is left."""
        held, wanted = [self._held[self._at :]], len(self._held) - self._at
        for piece in self._pieces:
            held.append(piece)
            wanted -= len(piece)
            if wanted <= 0:
                break
        if len(held) == 1:
            return False
        self._held, self._at = "".join(held), 0
        return True

    def _use(self, end: int) -> str:
        """Return the text before `end`, and consume it."""
        start, text = self._at, self._held
        breaks = text.count("\n", start, end) + text.count("\r", start, end) - text.count("\r\n", start, end)
        self.line += breaks
        self._at = end
        return text[start:end]


def _pieces(chunks: Iterable[str]) -> Iterator[str]:
    for chunk in chunks:
        yield from (chunk[at : at + PIECE_CHARACTERS] for at in range(0, len(chunk), PIECE_CHARACTERS))
