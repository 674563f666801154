"""The rows of a part while they are being stored, and their results so far. Pure."""

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
    """Return the row with other columns."""
    return row[0], row[1], row[2], row[3], *columns


def find_tags(columns: Columns) -> str:
    """Return the column of tags."""
    return columns[5]


@dataclass
class PartResult:
    """Rows received in an environment at a time, in milliseconds, and the number per outcome; `refused` by line.

    `mark` is stored with every profile that the part writes.
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
        """Return all rows, by person and line."""
        return self.part.rows

    def add_new(self, rows: Sequence[Row]) -> None:
        """Record each of these rows as a new user; there is one row per person."""
        self.created += len(rows)
        self._tags.update(map(tags_of_row, rows))

    def settle(self, rows: Sequence[Row], stored: Columns | None) -> Columns | None:
        """Return the columns of one person after their rows; None when they are unchanged."""
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
        """Return the change in the number of users of each tag."""
        more: Counter[str] = Counter()
        for text, users in self._tags.items():
            for tag in decode_tags(text):
                more[tag] += users
        return more


def group_by_person(rows: Iterable[Row]) -> Iterable[tuple[str, Sequence[Row]]]:
    """Group consecutive rows by person."""
    return ((person_id, list(own)) for person_id, own in itertools.groupby(rows, person_of_row))
