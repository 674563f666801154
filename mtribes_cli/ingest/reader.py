"""From the user's input to rows: the format, and its settings. Each format has its own module."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from mtribes_cli.errors import DocumentError, UsageError
from mtribes_cli.ingest.batch import Batch
from mtribes_cli.ingest.csv_header import DELIMITERS, Columns, nearly_fields, read_header
from mtribes_cli.ingest.csv_rows import CsvRows
from mtribes_cli.ingest.encoding import ENCODINGS_WITH_MARK
from mtribes_cli.ingest.input_stream import InputSource, blocks, open_input
from mtribes_cli.ingest.json_rows import ArrayRows, NdjsonRows
from mtribes_cli.ingest.rejects import PACKED_EXTENSIONS, CsvRejects, JsonRejects, RejectsFormat

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
    """The user's settings of the input."""

    file: str  # - is stdin
    format: Format | None = None
    delimiter: str | None = None
    columns: Columns = field(default_factory=lambda: Columns({}, {}))
    is_checked: bool = False  # here, since it will not be sent
    encoding: str | None = None  # as Python calls it; None: as the input itself says


class Rows(Protocol):
    """The rows of a file, in batches."""

    def batches(self) -> Iterator[Batch]:
        """Yield all batches, once."""

    def place(self, path: str) -> str:
        """Return the file's name for the field at a path of the server."""

    def remarks(self) -> Sequence[str]:
        """Return remarks on what was skipped so far."""


@dataclass(frozen=True)
class OpenedInput:
    """An opened input: its rows, the format of its rejects, and everything that decides what is sent."""

    source: InputSource
    rows: Rows
    extension: str  # of its rejects file
    rejects: RejectsFormat
    options: str

    @property
    def rejects_encoding(self) -> str:
        """The encoding of the rejects file: the one in which the same command will read it."""
        return self.source.stated_encoding or "utf-8"


def read(context: Context, wanted: Input) -> OpenedInput:
    """Open the input, up to its first rows. Raises DocumentError if unreadable, UsageError for bad options."""
    source, stream = open_input(context, wanted.file, wanted.encoding)
    chunks = source.chunks(stream)
    first = next(chunks, "")
    kind = _format(wanted, first)
    text = chain([first], chunks)
    if kind == "csv":
        return _csv(context, wanted, source, text)
    if wanted.delimiter or wanted.columns.types:
        flag = "--delimiter" if wanted.delimiter else "--type"
        raise UsageError(f"{flag} applies to CSV only, but {source.name} is JSON.", f"Remove {flag}.")
    options = json.dumps([kind, sorted(wanted.columns.becomes.items()), *_encoding_option(wanted)])
    if kind == "ndjson":
        lines = NdjsonRows(blocks(text), wanted.columns.becomes, source.encoding, is_checked=wanted.is_checked)
        return OpenedInput(source, lines, ".ndjson", JsonRejects(is_array=False), options)
    if first.lstrip()[:1] not in ("[", ""):
        raise DocumentError(
            f"{source.name} is not a JSON array.",
            "For one object per line, pass `--format ndjson`. If the list is nested in an object, extract it first.",
        )
    array = ArrayRows(text, wanted.columns.becomes, source.encoding, is_checked=wanted.is_checked)
    return OpenedInput(source, array, ".json", JsonRejects(is_array=True), options)


def _format(wanted: Input, first: str) -> Format:
    """Return the format as stated, else by the extension, else by the first character."""
    if wanted.format:
        return wanted.format
    path = Path(wanted.file)
    while path.suffix.lower() in PACKED_EXTENSIONS:
        path = path.with_suffix("")
    return _BY_EXTENSION.get(path.suffix.lower()) or _BY_CHARACTER.get(first.lstrip()[:1], "csv")


def _csv(context: Context, wanted: Input, source: InputSource, text: Iterator[str]) -> OpenedInput:
    lines = blocks(text)
    first = next(lines, [])
    header = read_header(first, source.name, wanted.columns, delimiter=_delimiter(wanted), encoding=source.encoding)
    for name, field_name in nearly_fields(header):
        context.console.notice(
            f"The column {name} is imported as an attribute. To map it to the field, "
            f'pass `--map "{name}={field_name}"`.'
        )
    rows = CsvRows(chain([first[header.lines :]], lines), header, source.encoding, is_checked=wanted.is_checked)
    extension = ".tsv" if header.delimiter == "\t" else ".csv"
    rejects = CsvRejects(header.own_names, header.delimiter, has_mark=_writes_mark(source))
    columns = [[column.name, column.becomes] for column in header.columns]
    types = sorted(wanted.columns.types.items())
    options = json.dumps(["csv", header.delimiter, columns, types, *_encoding_option(wanted)])
    return OpenedInput(source, rows, extension, rejects, options)


def _encoding_option(wanted: Input) -> Sequence[str]:
    """Return what `--encoding` adds to the options that identify an import."""
    return (wanted.encoding,) if wanted.encoding else ()


def _writes_mark(source: InputSource) -> bool:
    """Return whether rejects begin with a byte order mark, as the input does; some encodings write it themselves."""
    return source.encoding.mark_bytes > 0 and source.stated_encoding not in ENCODINGS_WITH_MARK


def _delimiter(wanted: Input) -> str | None:
    if wanted.delimiter is None:
        return "\t" if wanted.file.lower().endswith(".tsv") else None
    known = DELIMITERS.get(wanted.delimiter.lower())
    if known is None:
        raise UsageError(f"Invalid delimiter: --delimiter {wanted.delimiter}.", "Use one of , ; | or tab.")
    return known
