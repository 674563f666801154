"""Bringing the rows of a part into the tables of people: what both databases have in common.

Rows are taken in order of person, so that whoever does the same waits for nobody who waits for them; the counts of tags
come last, in order of tag.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from templates_server.features.imports import postgresql_store, sqlite_store
from templates_server.features.imports.part_result import PartResult
from templates_server.features.imports.store import PartMark
from templates_server.features.people.store import count_tags
from templates_server.storage.dialect import dialect_of


def apply_rows(connection: Connection, arriving: PartResult) -> None:
    """Store the rows, as if each had been applied after the one before it; `arriving` then knows what they came to."""
    if dialect_of(connection).is_sqlite:
        sqlite_store.apply_rows(connection, arriving)
    else:
        postgresql_store.apply_rows(connection, arriving)
    count_tags(connection, arriving.environment_id, arriving.more_tags())


def find_changed(
    connection: Connection, environment_id: str, marks: Sequence[PartMark], person_ids: Sequence[str]
) -> Collection[str]:
    """Those of these people whose profile is not what a part with one of these marks made it.

    Whoever else changes a profile takes the mark away, and notes another time.
    """
    find = sqlite_store.find_changed if dialect_of(connection).is_sqlite else postgresql_store.find_changed
    return find(connection, environment_id, marks, sorted(person_ids))
