"""The rows of a part on their way into the tables, and what has become of them so far. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from templates_server.errors import ErrorDetail
from templates_server.features.imports.fast_parser import Row
from templates_server.features.imports.parser import PartRows, person_of_row
from templates_server.features.people.apply_changes import ChangeOutcome, ChangeResult, UserChange, apply_changes
from templates_server.features.people.profile import COLUMNS, Columns, decode_tags

FIRST_COLUMN = 4
TAGS = COLUMNS.index("tags")
tags_of_row = itemgetter(FIRST_COLUMN + TAGS)


def replace_columns(row: Row, columns: Columns) -> Row:
    """The row with other columns."""
    return row[0], row[1], row[2], row[3], *columns


def find_tags(columns: Columns) -> str:
    """The column of tags."""
    return columns[5]


@dataclass
class PartResult:
    """Rows of an environment that arrive at a time, in milliseconds; how many had which outcome, `refused` by line.

    `mark` is left with everybody whose profile the part makes what it is.
    """

    environment_id: str
    part: PartRows
    now: int
    mark: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[tuple[int, Sequence[ErrorDetail]]] = field(default_factory=list)
    _tags: Counter[str] = field(default_factory=Counter)  # by the text of the column

    @property
    def rows(self) -> Sequence[Row]:
        """All of them, in order of person and line."""
        return self.part.rows

    def add_new(self, rows: Sequence[Row]) -> None:
        """Note that each of these rows is a user who was not there; of one person there is one."""
        self.created += len(rows)
        self._tags.update(map(tags_of_row, rows))

    def settle(self, rows: Sequence[Row], stored: Columns | None) -> Columns | None:
        """The columns that one person has after their rows; None when they are as they are stored."""
        if len(rows) == 1 and rows[0][FIRST_COLUMN:] == stored:  # what a change made once, it leaves as it is
            self.unchanged += 1
            return None
        result = self.apply(rows, stored)
        self.note(rows, result, stored)
        return None if result.columns == stored else result.columns

    def apply(self, rows: Sequence[Row], stored: Columns | None) -> ChangeResult:
        """Return what one person's rows come to."""
        return apply_changes(stored, (UserChange(row[2], self.part.change_at(row[1])) for row in rows))

    def note(self, rows: Sequence[Row], result: ChangeResult, stored: Columns | None) -> None:
        """Count what one person's rows came to."""
        counts = Counter(result.outcomes)
        self.created += counts[ChangeOutcome.CREATED]
        self.updated += counts[ChangeOutcome.UPDATED]
        self.unchanged += counts[ChangeOutcome.UNCHANGED]
        self.refused += [(rows[at][1], found) for at, found in result.problems.items()]
        if stored is not None:
            self._tags[find_tags(stored)] -= 1
        self._tags[find_tags(result.columns)] += 1

    def more_tags(self) -> Mapping[str, int]:
        """How many users more have each tag, or fewer."""
        more: Counter[str] = Counter()
        for text, users in self._tags.items():
            for tag in decode_tags(text):
                more[tag] += users
        return more


def group_by_person(rows: Iterable[Row]) -> Iterable[tuple[str, Sequence[Row]]]:
    """Each person's rows, where they stand together."""
    return ((person_id, list(own)) for person_id, own in itertools.groupby(rows, person_of_row))
