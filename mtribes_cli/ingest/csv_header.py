"""The header of a CSV file: the delimiter, and what each column becomes."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtribes_cli.errors import DocumentError, Problem, UsageError
from mtribes_cli.ingest.cell_converters import CONVERTERS, Converter, tag_list
from mtribes_cli.ingest.encoding import Encoding, undecodable
from mtribes_cli.ingest.user_ids import EDGES

FIELDS = ("user_id", "email", "phone", "timezone", "locale", "joined", "tags")
MAPPED_FIELDS = (*FIELDS, "add_tags", "remove_tags")
OURS = ("_line", "_error", "_raw")
"""Columns of a rejects file that say what was wrong: passed over when it is read back."""
OF_EXPORTS = ("created", "updated", "first_seen", "last_seen")
"""Columns of an export that say what was seen: passed over when all four are there."""
ATTRIBUTE = "attributes."
DELIMITERS = {",": ",", ";": ";", "tab": "\t", "\t": "\t", "\\t": "\t", "|": "|"}
_LISTS = ("tags", "add_tags", "remove_tags")
_STATED = re.compile(r'"?sep=(?P<stated>[^"\w\s]|\t)"?(?P<padding>[,;|\t]*)[ \r\n]*', re.IGNORECASE)
_LONGEST_NAME_SHOWN = 60
_MAP_ADVICE = 'Map the column with the user ID: `--map "COLUMN=user_id"`.'
_OTHER_NAMES = ("id", "userid", "uid", "externalid", "customerid", "profileid", "memberid", "subscriberid", "accountid")

TOO_MUCH = "field larger than field limit"
_REASONS = {
    "unexpected end of data": "a quote is not closed",
    TOO_MUCH: f"a cell has more than {csv.field_size_limit():,} characters; is a closing quote missing?",
}
_BAD_QUOTES = "a quote is missing or in the middle of a cell"


@dataclass(frozen=True)
class Columns:
    """The user's settings of columns: what they become, and their types."""

    becomes: Mapping[str, str]  # by the name in the file; "" leaves a column out
    types: Mapping[str, str]


@dataclass(frozen=True)
class Column:
    """One column: what it is called, what it becomes ("" for nothing), and how its cells are written as JSON."""

    name: str
    becomes: str
    convert: Converter | None  # None: as text

    @property
    def is_ours(self) -> bool:
        """Whether it only says what was wrong before."""
        return self.name in OURS

    @property
    def is_trimmed(self) -> bool:
        """Whether blanks at the edges of its cells do not count: not so where they may be meant."""
        is_text_attribute = self.becomes.startswith(ATTRIBUTE) and self.convert in {None, CONVERTERS["text"]}
        return bool(self.becomes) and self.becomes != "user_id" and not is_text_attribute


@dataclass(frozen=True)
class Header:
    """The columns, the delimiter, and the number of lines of the header."""

    columns: tuple[Column, ...]
    delimiter: str
    lines: int

    @property
    def own_names(self) -> list[str]:
        """The input's own columns."""
        return [column.name for column in self.columns if not column.is_ours]

    @property
    def user_id_at(self) -> int:
        """Where the user ID is in a row, from 0."""
        return next(at for at, column in enumerate(self.columns) if column.becomes == "user_id")

    @property
    def are_ids_as_stated(self) -> bool:
        """Whether `--type user_id=text` says that IDs are taken as they are."""
        return self.columns[self.user_id_at].convert is not None


def column_settings(becomes: Sequence[str], types: Sequence[str]) -> Columns:
    """Return the settings of `--map` and `--type`. Raises UsageError for invalid ones."""
    mapped = _pairs(becomes, "--map", "column=field")
    typed = _pairs(types, "--type", "column=number")
    for name, kind in typed.items():
        if kind not in CONVERTERS:
            raise UsageError(f"Unknown type '{kind}' in --type {name}={kind}.", f"Use one of {', '.join(CONVERTERS)}.")
    return Columns(mapped, typed)


def _pairs(given: Sequence[str], flag: str, form: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.rpartition("=")
        if not equals or not name.strip():
            raise UsageError(f"Invalid mapping: {flag} {text}.", f"Use the form {flag} {form}.")
        if name.strip() in found:
            raise UsageError(f"{flag} specifies the column {name.strip()} twice.", "Specify each column once.")
        found[name.strip()] = value.strip()
    return found


def read_header(
    lines: Sequence[str], name: str, settings: Columns, *, delimiter: str | None, encoding: Encoding
) -> Header:
    """Return the header in the first of `lines`. Raises DocumentError if it cannot be used."""
    skipped = next((number for number, line in enumerate(lines) if line.strip("\r\n")), len(lines))
    rest = list(lines[skipped:])
    stated = _STATED.fullmatch(rest[0]) if rest else None
    if stated:
        skipped, rest, delimiter = skipped + 1, rest[1:], delimiter or _stated_delimiter(stated)
    if not rest:
        raise DocumentError(f"{name} is empty: it has no header row.", "Check the file.")
    rows = [_row(rest, one) for one in ([delimiter] if delimiter else [",", ";", "\t"])]
    best = max(
        rows, key=lambda row: (settings.becomes.keys() & set(row.cells) != set(), "user_id" in row.cells, row.width)
    )
    best = best if "user_id" in best.cells else next((row for row in rows if row.fault), best)
    _refuse_undecodable("".join(rest[: max(best.lines, 1)]), f"{name}, line {skipped + 1}", encoding)
    if best.fault:
        raise DocumentError(
            f"{name}, line {skipped + 1}: invalid header row: {best.fault.rstrip('?')}.",
            "Check its quotes.",
        )
    columns = _columns(best.cells, name, settings)
    return Header(columns, best.delimiter, skipped + best.lines)


def _stated_delimiter(stated: re.Match[str]) -> str:
    """Return the delimiter of a line such as `sep=;`; the delimiters after it are those of the file."""
    return stated["padding"][:1] or stated["stated"]


def _refuse_undecodable(text: str, place: str, encoding: Encoding) -> None:
    shown = undecodable(text)
    if shown:
        raise DocumentError(
            f"{place}: invalid {encoding.label} ({shown}).",
            "Pass the encoding of the file, such as --encoding cp1252, or save it as UTF-8.",
        )


@dataclass(frozen=True)
class _Row:
    """The header as cut by one delimiter."""

    cells: Sequence[str]
    delimiter: str
    lines: int
    fault: str = ""

    @property
    def width(self) -> int:
        return 0 if self.fault else len(self.cells)


def _row(lines: Sequence[str], delimiter: str) -> _Row:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        cells = [cell.strip(EDGES) for cell in next(reader)]
    except csv.Error as error:
        return _Row([], delimiter, reader.line_num, csv_reason(str(error)))
    return _Row(cells, delimiter, reader.line_num)


def _columns(names: Sequence[str], file: str, settings: Columns) -> tuple[Column, ...]:
    """Return the columns. Raises DocumentError with all problems of the names."""
    unknown = [name for name in (*settings.becomes, *settings.types) if name not in names]
    if unknown:
        raise UsageError(f"No column {', '.join(unknown)} in {file}.", f"Its columns are: {', '.join(names)}.")
    passed_over = OURS + (OF_EXPORTS if set(OF_EXPORTS) <= set(names) else ())
    becomes = [_becomes(name, settings, passed_over) for name in names]
    problems = [*_naming_problems(names), *_meeting_problems(names, becomes)]
    if problems:
        raise DocumentError(
            f"The columns of {file} are invalid.", "Fix the header row, or use --map.", problems=problems
        )
    if "user_id" not in becomes:
        raise DocumentError(f"No column user_id in {file}.", _advice(names))
    return tuple(Column(name, what, _convert(name, what, settings)) for name, what in zip(names, becomes, strict=True))


def _becomes(name: str, settings: Columns, passed_over: Sequence[str]) -> str:
    """Return the field of a column: `user_id` and the like, `attributes.plan`, or "" for a column that is left out."""
    if not name or name in OURS or (name in passed_over and name not in settings.becomes):
        return ""  # a column without a name may be there as long as nothing stands in it
    if name not in settings.becomes:
        is_known = name in FIELDS or (name.startswith(ATTRIBUTE) and name != ATTRIBUTE)
        return name if is_known else ATTRIBUTE + name
    wanted = settings.becomes[name]
    is_known = not wanted or wanted in MAPPED_FIELDS or wanted.startswith(ATTRIBUTE)
    return wanted if is_known else ATTRIBUTE + wanted


def _naming_problems(names: Sequence[str]) -> list[Problem]:
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    return [Problem("More than one column has this name.", name) for name in twice]


def _meeting_problems(names: Sequence[str], becomes: Sequence[str]) -> list[Problem]:
    first: dict[str, str] = {}
    problems = []
    for name, what in zip(names, becomes, strict=True):
        other = first.setdefault(what, name)
        if what and other != name:
            problems.append(Problem(f"This column and {other} both map to {what.removeprefix(ATTRIBUTE)}.", name))
    return problems


def _advice(names: Sequence[str]) -> str:
    """Return which column may be meant."""
    for name in names:
        if re.sub(r"[\W_]", "", name).lower() in _OTHER_NAMES:
            return f'If {name} contains the user ID, pass `--map "{name}=user_id"`.'
    shown = [name if len(name) <= _LONGEST_NAME_SHOWN else f"{name[:_LONGEST_NAME_SHOWN]}..." for name in names]
    return f"{_MAP_ADVICE} The columns are: {', '.join(shown)}."


def _convert(name: str, becomes: str, settings: Columns) -> Converter | None:
    kind = settings.types.get(name)
    if becomes in _LISTS:
        if kind:
            raise UsageError(f"{name} is a list of tags and cannot have another type.", f"Remove --type {name}={kind}.")
        return tag_list
    if kind in {"number", "boolean"} and not becomes.startswith(ATTRIBUTE):
        raise UsageError(f"{becomes} is text and cannot have another type.", f"Remove --type {name}={kind}.")
    return CONVERTERS[kind] if kind else None


def nearly_fields(header: Header) -> list[tuple[str, str]]:
    """Return the columns that become attributes though they look like fields: `E-Mail`, and `email`."""
    plain = {re.sub(r"[\W_]", "", field).lower(): field for field in FIELDS}
    taken = {column.becomes for column in header.columns}
    found = []
    for column in header.columns:
        field = plain.get(re.sub(r"[\W_]", "", column.name).lower())
        if field and field not in taken and column.becomes == ATTRIBUTE + column.name:
            found.append((column.name, field))
    return found


def csv_reason(said: str) -> str:
    """Return the reason why a row cannot be read."""
    return next((reason for what, reason in _REASONS.items() if said.startswith(what)), _BAD_QUOTES)
