"""Parsing of a part's body into rows for storage, and the errors of invalid rows. Pure.

The rules for a row are in `people.profile_parser`; this module locates errors in the part and sorts valid rows in the
order of the table. Several rows of the same person are applied in order of line.
"""

from __future__ import annotations

import io
import itertools
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

import msgspec

from templates_server.errors import BadRequest, ErrorDetail, Problems, TooLarge
from templates_server.features.imports.fast_parser import Row, plain_rows
from templates_server.features.imports.schemas import RowError
from templates_server.features.people.identity import PersonKind, have_edges
from templates_server.features.people.profile import NOTHING_KNOWN, ProfileChange, apply_change, to_columns
from templates_server.features.people.profile_parser import find_profile_problems, read_user
from templates_server.primitives.ids import derive_ids
from templates_server.primitives.json_depth import check_depth
from templates_server.primitives.shares import ids_and_numbers

MOST_ROWS = 50_000
MOST_LINES = 100_000
LINES_AT_ONCE = 64
FEWEST_LINES_AT_ONCE = 8
"""The size of a group with a row that is not plain that is parsed by all rules: splitting it costs more."""
MAX_PART_BYTES = 16 * 1024 * 1024
MAX_ROW_DEPTH = 32
MOST_READ_ALONE = 1 / 16  # of a part; more are read with all others, which is quicker
MOST_PROBLEMS_A_ROW = 10
MOST_PROBLEMS = 50_000
"""The number of errors in a part after which only the first of each row is reported."""

RowProblems = Sequence[ErrorDetail] | Problems

person_of_row = itemgetter(0)


@dataclass(frozen=True)
class PartRows:
    """A parsed part: its `rows` by person and line, and the `errors` of invalid rows."""

    body: bytes
    starts: Sequence[int]  # where each line begins
    rows: Sequence[Row]
    rejected: int
    errors: Sequence[RowError]

    def change_at(self, line: int) -> ProfileChange:
        """Return the change that a good row asks for, which its columns do not tell: null is not absent there.

        It is decoded again, for those few who change: the changes of all rows of a part would take tens of megabytes.
        """
        start = self.starts[line - 1]
        end = self.body.find(b"\n", start)
        return read_user(msgspec.json.decode(self.body[start : end if end >= 0 else None]))[1]


class _Rows:
    """A collector of rows and errors."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.errors: list[RowError] = []
        self.rejected = 0

    def add(self, first_line: int, lines: Sequence[bytes]) -> None:
        """Add consecutive lines: at once if all are plain, otherwise by halves."""
        rows = plain_rows(first_line, lines)
        if rows is not None:
            self.rows += rows
        elif len(lines) > FEWEST_LINES_AT_ONCE:
            half = len(lines) // 2
            self.add(first_line, lines[:half])
            self.add(first_line + half, lines[half:])
        else:
            for number, line in enumerate(lines, first_line):
                if line and not line.isspace():
                    self._add_by_the_rules(number, line)

    def _add_by_the_rules(self, line: int, text: bytes) -> None:
        row, problems = read_row(line, text)
        if row is None:
            self.reject(line, problems)
        else:
            self.rows.append(row)

    def reject(self, line: int, problems: RowProblems) -> None:
        """Count an invalid row and record its errors."""
        self.rejected += 1
        self.errors += find_row_errors(line, problems, told=len(self.errors))


def read_part(body: bytes) -> PartRows:
    """Return the rows of a part. Raise TooLarge when there are too many."""
    if body.count(b"\n") > MOST_LINES:
        raise TooLarge(f"A part can have at most {MOST_LINES:,} lines.")
    found, starts, stream = _Rows(), array("L", [0]), io.BytesIO(body)
    while lines := list(itertools.islice(stream, LINES_AT_ONCE)):
        found.add(len(starts), [line.rstrip(b"\n") for line in lines])
        starts.extend(itertools.accumulate(map(len, lines), initial=starts.pop()))
    if len(found.rows) + found.rejected > MOST_ROWS:
        raise TooLarge(f"A part can have at most {MOST_ROWS:,} rows.")
    found.rows.sort(key=person_of_row)  # and of one person by line, as they came
    return PartRows(body, starts, found.rows, found.rejected, found.errors)


class _NamedUser(msgspec.Struct, gc=False):
    """A row of which only the user's id is parsed."""

    user_id: str


_decode_names = msgspec.json.Decoder(_NamedUser).decode_lines


@dataclass(frozen=True)
class KnownPart:
    """A part of valid rows, each of a different person: `person_ids`, by line."""

    body: bytes
    person_ids: Sequence[str]

    def rows_of(self, person_ids: Collection[str]) -> PartRows:
        """Return the part reduced to the rows of some people."""
        if len(person_ids) > len(self.person_ids) * MOST_READ_ALONE:
            everybody = read_part(self.body)
            return replace(everybody, rows=[row for row in everybody.rows if row[0] in person_ids])
        found, lines = _Rows(), self.body.split(b"\n")
        numbers = (number for number, line in enumerate(lines, 1) if line and not line.isspace())
        for number, person_id in zip(numbers, self.person_ids, strict=True):
            if person_id in person_ids:
                found.add(number, [lines[number - 1]])
        found.rows.sort(key=person_of_row)
        starts = array("L", itertools.accumulate((len(line) + 1 for line in lines), initial=0))
        return PartRows(self.body, starts, found.rows, 0, ())


def read_known_part(body: bytes) -> KnownPart | None:
    """Return a part whose rows were all valid before; None if a person has several, or a blank line is not valid JSON.

    Also None when an id is now invalid that was valid when the part was applied.
    """
    try:
        names = [user.user_id for user in _decode_names(body)]
    except msgspec.DecodeError:
        return None
    if have_edges(names):
        return None
    return KnownPart(body, derive_ids("per", PersonKind.USER, names)) if len(set(names)) == len(names) else None


def read_row(line: int, text: bytes) -> tuple[Row | None, RowProblems]:
    """Return the row of a line parsed by all the rules, or all of its problems."""
    sent, not_json = _decode_row(text)
    if not_json:
        return None, not_json
    user_id, change, problems = read_user(sent)
    profile = apply_change(NOTHING_KNOWN, change)
    problems.extend(find_profile_problems(profile))  # too much for a new user is too much for any
    if problems:
        return None, problems
    [person_id], [number] = ids_and_numbers(PersonKind.USER, [user_id])
    return (person_id, line, user_id, number, *to_columns(profile)), ()


def _decode_row(text: bytes) -> tuple[Any, Sequence[ErrorDetail]]:
    try:
        check_depth(text, MAX_ROW_DEPTH)
        return msgspec.json.decode(text), ()
    except BadRequest as error:
        return None, error.problems
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return None, (ErrorDetail("", f"Invalid JSON: {error}.", BadRequest.code),)


def find_row_errors(line: int, problems: RowProblems, *, told: int) -> Sequence[RowError]:
    """Return the errors of an invalid row, given the number already reported."""
    most = MOST_PROBLEMS_A_ROW if told < MOST_PROBLEMS else 1
    first = list(itertools.islice(problems, most))
    errors = [RowError(line, problem.code, problem.message, problem.path) for problem in first]
    more = len(problems) - most
    if more > 0 and most > 1:
        noun = "problem" if more == 1 else "problems"
        verb = "is" if more == 1 else "are"
        errors.append(RowError(line, first[0].code, f"{more:,} more {noun} in this row {verb} not listed.", ""))
    return errors
