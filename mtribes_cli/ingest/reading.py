"""From what the user names to rows: which format it is, and what goes with that. Each format has its own module."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from mtribes_cli.errors import DocumentError, UsageError
from mtribes_cli.ingest.csv_header import DELIMITERS, Columns, nearly_fields, read_header
from mtribes_cli.ingest.csv_rows import CsvRows
from mtribes_cli.ingest.json_rows import ArrayRows, NdjsonRows
from mtribes_cli.ingest.lines import blocks
from mtribes_cli.ingest.parts import Batch
from mtribes_cli.ingest.rejects import PACKED_EXTENSIONS, CsvRejects, JsonRejects, RejectsFormat
from mtribes_cli.ingest.source import Source, opened

if TYPE_CHECKING:
    from mtribes_cli.context import Context

Format = Literal["csv", "ndjson", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
_BY_EXTENSION: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
}
_BY_CHARACTER: dict[str, Format] = {"[": "json", "{": "ndjson"}


@dataclass(frozen=True)
class Input:
    """What the user says of the input."""

    file: str  # - is stdin
    format: Format | None = None
    delimiter: str | None = None
    columns: Columns = field(default_factory=lambda: Columns({}, {}))
    is_checked: bool = False  # here, since it will not be sent


class Rows(Protocol):
    """The rows of a file, in batches."""

    def batches(self) -> Iterator[Batch]:
        """All of them, once."""

    def place(self, path: str) -> str:
        """What the file calls the field at a path of the server's."""


@dataclass(frozen=True)
class Reading:
    """An input that was opened: its rows, how rejects of it are written, and all that decides what is sent for it."""

    source: Source
    rows: Rows
    extension: str  # of its rejects file
    rejects: RejectsFormat
    options: str


def read(context: Context, wanted: Input) -> Reading:
    """The input, up to its first rows. Raises DocumentError for what cannot be read, UsageError for bad options."""
    source, stream = opened(context, wanted.file)
    chunks = source.chunks(stream)
    first = next(chunks, "")
    kind = _format(wanted, first)
    text = chain([first], chunks)
    if kind == "csv":
        return _csv(context, wanted, source, text)
    if wanted.delimiter or wanted.columns.types:
        flag = "--delimiter" if wanted.delimiter else "--type"
        raise UsageError(f"{flag} is for CSV; {source.name} is JSON.", f"Leave {flag} out.")
    options = json.dumps([kind, sorted(wanted.columns.becomes.items())])
    if kind == "ndjson":
        lines = NdjsonRows(blocks(text), wanted.columns.becomes, is_checked=wanted.is_checked)
        return Reading(source, lines, ".ndjson", JsonRejects(is_array=False), options)
    if first.lstrip()[:1] not in ("[", ""):
        raise DocumentError(f"{source.name} is no JSON array.", "For one object a line give `--format ndjson`.")
    array = ArrayRows(text, wanted.columns.becomes, is_checked=wanted.is_checked)
    return Reading(source, array, ".json", JsonRejects(is_array=True), options)


def _format(wanted: Input, first: str) -> Format:
    """As stated, else by the extension, else by the first character."""
    if wanted.format:
        return wanted.format
    path = Path(wanted.file)
    while path.suffix.lower() in PACKED_EXTENSIONS:
        path = path.with_suffix("")
    return _BY_EXTENSION.get(path.suffix.lower()) or _BY_CHARACTER.get(first.lstrip()[:1], "csv")


def _csv(context: Context, wanted: Input, source: Source, text: Iterator[str]) -> Reading:
    lines = blocks(text)
    first = next(lines, [])
    header = read_header(first, source.name, wanted.columns, _delimiter(wanted))
    for name, field_name in nearly_fields(header):
        context.console.notice(
            f'The column {name} becomes an attribute; if the field is meant: `--map "{name}={field_name}"`.'
        )
    rows = CsvRows(chain([first], lines), header)
    extension = ".tsv" if header.delimiter == "\t" else ".csv"
    rejects = CsvRejects(header.own_names, header.delimiter, has_mark=source.has_mark)
    columns = [[column.name, column.becomes] for column in header.columns]
    options = json.dumps(["csv", header.delimiter, columns, sorted(wanted.columns.types.items())])
    return Reading(source, rows, extension, rejects, options)


def _delimiter(wanted: Input) -> str | None:
    if wanted.delimiter is None:
        return "\t" if wanted.file.lower().endswith(".tsv") else None
    known = DELIMITERS.get(wanted.delimiter.lower())
    if known is None:
        raise UsageError(f"--delimiter {wanted.delimiter} is none that can be used.", "Give one of , ; | and tab.")
    return known
