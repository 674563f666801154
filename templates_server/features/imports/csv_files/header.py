"""The header of a CSV file: its delimiter, and the field that each column maps to."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from templates_server.features.imports.csv_files.cell_converters import CONVERTERS, Converter, tag_list
from templates_server.features.imports.csv_files.errors import CsvFileError, csv_reason
from templates_server.features.imports.csv_files.text import SAVE_AS_CSV, TextEncoding, find_undecodable_byte
from templates_server.features.people.identity import BLANKS

USER_ID = "user_id"
FIELDS = (USER_ID, "email", "phone", "timezone", "locale", "joined", "tags")
LISTS = ("tags", "add_tags", "remove_tags")
MAPPED_FIELDS = (*FIELDS, "add_tags", "remove_tags")
OURS = ("_line", "_error", "_raw")
"""Columns of a rejects file with the reasons: ignored when it is imported again."""
OF_EXPORTS = ("created", "updated", "first_seen", "last_seen")
"""Columns of an export with times of sightings: ignored when all four are present."""
ATTRIBUTE = "attributes."
EDGES = "".join(BLANKS) + " \t\r\n\x0b\x0c\x85"
"""The characters trimmed from cells."""
STATED = re.compile(r'"?sep=(?P<stated>[^"\w\s]|\t)"?(?P<padding>[,;|\t]*)[ \r\n]*', re.IGNORECASE)
OTHER_NAMES = frozenset(
    {"id", "userid", "uid", "externalid", "customerid", "profileid", "memberid", "subscriberid", "accountid"}
)


@dataclass(frozen=True)
class ColumnMapping:
    """The mapping of columns by name: the field ("" skips a column) and the type."""

    becomes: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CsvColumn:
    """A column: its name, its field ("" if skipped), and its type if specified."""

    name: str
    becomes: str
    type: str = ""

    @property
    def is_ours(self) -> bool:
        """Return whether the column only holds the reasons of an earlier rejection."""
        return self.name in OURS

    @property
    def is_attribute(self) -> bool:
        """Return whether the column becomes an attribute."""
        return self.becomes.startswith(ATTRIBUTE)

    @property
    def convert(self) -> Converter | None:
        """The converter of a cell; None if it stays unchanged."""
        return tag_list if self.becomes in LISTS else CONVERTERS.get(self.type)

    @property
    def is_trimmed(self) -> bool:
        """Return whether cells are trimmed: not where surrounding spaces may be intended."""
        is_text = self.is_attribute and self.type in {"", "text"}
        return not self.name or (bool(self.becomes) and self.becomes != USER_ID and not is_text)


@dataclass(frozen=True)
class CsvHeader:
    """The column names, the delimiter and the number of lines in the header."""

    names: Sequence[str]
    delimiter: str
    lines: int

    @property
    def own_names(self) -> Sequence[str]:
        """Return the input's own columns."""
        return [name for name in self.names if name not in OURS]


def read_header(
    lines: Sequence[str], encoding: TextEncoding, *, delimiter: str | None, wanted: ColumnMapping
) -> CsvHeader:
    """Return the header in the first of `lines`. Raise CsvFileError when it is unusable."""
    skipped = next((number for number, line in enumerate(lines) if line.strip("\r\n")), len(lines))
    rest = list(lines[skipped:])
    stated = STATED.fullmatch(rest[0]) if rest else None
    if stated:
        skipped, rest, delimiter = skipped + 1, rest[1:], delimiter or stated["padding"][:1] or stated["stated"]
    if not rest:
        raise CsvFileError("The file is empty. It needs a header row with the column names.")
    rows = [_row(rest, one) for one in ([delimiter] if delimiter else [",", ";", "\t"])]
    named = wanted.becomes.keys()
    best = max(rows, key=lambda row: (bool(named & set(row.names)), USER_ID in row.names, row.width))
    best = best if USER_ID in best.names else next((row for row in rows if row.fault), best)
    shown = find_undecodable_byte("".join(rest[: max(best.lines, 1)]))
    if shown:
        raise CsvFileError(f"Line {skipped + 1} is not valid {encoding.label} ({shown}). {SAVE_AS_CSV}")
    if best.fault:
        fault = best.fault.rstrip("?")
        raise CsvFileError(f"The header row (line {skipped + 1}) is invalid: {fault}.")
    return CsvHeader(best.names, best.delimiter, skipped + best.lines)


@dataclass(frozen=True)
class _Row:
    """The header split by one delimiter."""

    names: Sequence[str]
    delimiter: str
    lines: int
    fault: str = ""

    @property
    def width(self) -> int:
        return 0 if self.fault else len(self.names)


def _row(lines: Sequence[str], delimiter: str) -> _Row:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        names = [cell.strip(EDGES) for cell in next(reader)]
    except csv.Error as error:
        return _Row([], delimiter, reader.line_num, csv_reason(str(error)))
    return _Row(names, delimiter, reader.line_num)


def columns_of(names: Sequence[str], wanted: ColumnMapping) -> Sequence[CsvColumn]:
    """Return the field of each column. Raise CsvFileError with the first problem."""
    columns = propose_fields(names, wanted)
    for problem in _problems(columns):
        raise problem
    return columns


def propose_fields(names: Sequence[str], wanted: ColumnMapping) -> Sequence[CsvColumn]:
    """Return the proposed field of each column, valid or not."""
    passed_over = OURS + (OF_EXPORTS if set(OF_EXPORTS) <= set(names) else ())
    return [CsvColumn(name, _becomes(name, wanted, passed_over), wanted.types.get(name, "")) for name in names]


def _becomes(name: str, wanted: ColumnMapping, passed_over: Sequence[str]) -> str:
    """Return `user_id` or another field, `attributes.plan` for `plan` or itself, or "" if skipped."""
    if not name or name in OURS or (name in passed_over and name not in wanted.becomes):
        return ""
    known = FIELDS if name not in wanted.becomes else ("", *MAPPED_FIELDS)
    becomes = wanted.becomes.get(name, name)
    is_attribute = becomes.startswith(ATTRIBUTE) and (name in wanted.becomes or becomes != ATTRIBUTE)
    return becomes if becomes in known or is_attribute else ATTRIBUTE + becomes


def _problems(columns: Sequence[CsvColumn]) -> Iterator[CsvFileError]:
    for name, count in Counter(column.name for column in columns).items():
        if name and count > 1:
            yield CsvFileError("Several columns of the file have this name.", column=name)
    first: dict[str, str] = {}
    for column in columns:
        other = first.setdefault(column.becomes, column.name)
        if column.becomes and other != column.name:
            what = column.becomes.removeprefix(ATTRIBUTE)
            yield CsvFileError(f"This column and {other} both map to {what}.", column=column.name)
    if USER_ID not in first:
        yield CsvFileError("No column maps to the user ID. Choose the column that contains it.")
    for column in columns:
        is_text = column.becomes and not column.is_attribute
        if (column.type and column.becomes in LISTS) or (is_text and column.type in {"number", "boolean"}):
            yield CsvFileError(f"{column.becomes} is always text. Choose Text.", column=column.name)


def can_be_ids(name: str) -> bool:
    """Return whether a column with that name often holds user ids."""
    return _plain(name) in OTHER_NAMES


def find_near_fields(columns: Sequence[CsvColumn]) -> Mapping[str, str]:
    """Return columns that become attributes although their names resemble those of fields: `E-Mail` and `email`."""
    plain = {_plain(one): one for one in FIELDS}
    taken = {column.becomes for column in columns}
    found = {column.name: plain.get(_plain(column.name), "") for column in columns if column.is_attribute}
    return {
        column.name: found[column.name]
        for column in columns
        if found.get(column.name) and found[column.name] not in taken and column.becomes == ATTRIBUTE + column.name
    }


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()
