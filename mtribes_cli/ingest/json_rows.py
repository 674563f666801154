"""NDJSON and a JSON array into parts. An object is sent as it stands: what is in it is the server's to judge."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from mtribes_cli.ingest.batch import Batch, BatchBuilder, Record, RecordLookup, batches
from mtribes_cli.ingest.csv_header import ATTRIBUTE, MAPPED_FIELDS, OURS
from mtribes_cli.ingest.encoding import Encoding
from mtribes_cli.ingest.input_stream import TOO_LONG_LINE, OverlongLine
from mtribes_cli.ingest.json_tokenizer import JsonText
from mtribes_cli.ingest.user_ids import problem_of_user_id

_BLANKS = " \t\r\n"
_BREAK = re.compile(r"[\r\n]+")
_MAY_BE_OURS = '"_'


class _Objects:
    """What both kinds of JSON have in common: names that change, and the text of rows that are on their way."""

    def __init__(self, becomes: Mapping[str, str], encoding: Encoding, *, is_checked: bool) -> None:
        self._becomes = becomes
        self._encoding = encoding
        self._is_checked = is_checked  # here, since nobody else will
        self._texts: dict[int, str] = {}  # of rows that are not sent as they stood, by their place in the batch

    def batches(self) -> Iterator[Batch]:
        """Yield all rows in batches."""
        return batches(self._fill, self._finding)

    def place(self, path: str) -> str:
        """Return the file's name for the field at a path of the server."""
        known = {what: name for name, what in self._becomes.items()}
        return known.get(path) or path

    def remarks(self) -> Sequence[str]:
        """Return no remarks: nothing of JSON is skipped."""
        return ()

    def _fill(self, filling: BatchBuilder) -> bool:
        raise NotImplementedError

    def _finding(self, filling: BatchBuilder) -> RecordLookup:
        rows, texts = filling.rows, self._texts
        self._texts = {}
        return lambda at, _line: Record(text=texts.get(at) or rows[at].decode())

    def _add(self, filling: BatchBuilder, line: int, text: str) -> None:
        """Add a row with that text."""
        if not self._becomes and not self._is_checked and _MAY_BE_OURS not in text:
            filling.add(text, line, text, self._encoding)
            return
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict) and self._is_checked:
            filling.reject(line, "This is not a JSON object.", Record(text=text))
            return
        if not isinstance(row, dict):
            filling.add(text, line, text, self._encoding)  # the server says what is wrong with it
            return
        own = {name: value for name, value in row.items() if name not in OURS}
        if len(own) < len(row):
            text = _dumped(own)
        sent = _renamed(own, self._becomes) if own.keys() & self._becomes.keys() else own
        if self._is_checked and (problem := _problem(sent)):
            filling.reject(line, problem, Record(text=text))
        elif sent is not own:
            self._texts[len(filling.rows)] = text
            filling.add(_dumped(sent), line, text, self._encoding)
        else:
            filling.add(text, line, text, self._encoding)


def _problem(row: Mapping[str, object]) -> str | None:
    """Return the certain problem of a row."""
    user_id = row.get("user_id")
    if not isinstance(user_id, str):
        return "user_id: This is missing or not text."
    problem = problem_of_user_id(user_id)
    return None if problem is None else f"user_id: This {problem}."


def _renamed(row: Mapping[str, object], becomes: Mapping[str, str]) -> dict[str, object]:
    kept = {name: value for name, value in row.items() if name not in becomes}
    attributes = kept.get("attributes")
    added: dict[str, object] = {}
    for name in row.keys() & becomes.keys():
        field = becomes[name]
        if field in MAPPED_FIELDS:
            kept[field] = row[name]
        elif field:
            added[field.removeprefix(ATTRIBUTE)] = row[name]
    if added and (attributes is None or isinstance(attributes, dict)):
        kept["attributes"] = {**(attributes or {}), **added}
    return kept


def _dumped(row: object) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


class NdjsonRows(_Objects):
    """One object a line; empty lines do not count."""

    def __init__(
        self, blocks: Iterable[list[str]], becomes: Mapping[str, str], encoding: Encoding, *, is_checked: bool
    ) -> None:
        super().__init__(becomes, encoding, is_checked=is_checked)
        self._each = chain.from_iterable(blocks)
        self._number = 0

    def _fill(self, filling: BatchBuilder) -> bool:
        for line in self._each:
            self._number += 1
            text = line.strip(_BLANKS)
            if type(line) is OverlongLine:
                filling.reject(self._number, TOO_LONG_LINE, Record())
            elif text:
                self._add(filling, self._number, text)
            if filling.is_full:
                return True
        return False


class ArrayRows(_Objects):
    """The elements of one array, read piece by piece. One that is broken is rejected as far as its end can be told."""

    def __init__(
        self, chunks: Iterable[str], becomes: Mapping[str, str], encoding: Encoding, *, is_checked: bool
    ) -> None:
        super().__init__(becomes, encoding, is_checked=is_checked)
        self._text = JsonText(chunks)
        self._is_first, self._is_over = True, False

    def _fill(self, filling: BatchBuilder) -> bool:
        if self._is_first and self._text.next_character() == "[":
            self._text.skip(1)
        while not self._is_over:
            self._take(filling)
            if filling.is_full:
                return True
        return False

    def _take(self, filling: BatchBuilder) -> None:
        """Read an element with what precedes it, or the end."""
        text = self._text
        following = text.next_character()
        is_first, self._is_first = self._is_first, False
        if following == "]":
            self._end(filling)
            return
        if not is_first and following == ",":
            text.skip(1)
            is_first = text.next_character() not in ("]", ",")
        if not is_first or not following:
            self._stop(filling, "the list is truncated" if not following else "a comma is missing or superfluous")
            return
        line = text.line
        element = text.element()
        if element.is_good:
            self._add(filling, line, _BREAK.sub(" ", element.text))
        elif element.text:
            filling.reject(line, "This is not JSON.", Record(text=element.text))
        else:
            self._stop(filling, "this is not JSON, and its end cannot be determined")

    def _end(self, filling: BatchBuilder) -> None:
        self._text.skip(1)
        if self._text.next_character():
            self._stop(filling, "there is data after the end of the list")
        self._is_over = True

    def _stop(self, filling: BatchBuilder, reason: str) -> None:
        """Stop: what follows cannot be read."""
        self._is_over = True
        what = f"{reason}; nothing after this point was read"
        filling.reject(self._text.line, what, Record(text=self._text.excerpt()))
