"""Bulk upsert of a part's rows into the tables of people: the code shared by both databases.

Rows are processed in order of person, so that concurrent imports cannot deadlock; tag counts are updated last, in
order of tag.
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
    """Store the rows as if applied one after the other, and record the results in `arriving`."""
    if dialect_of(connection).is_sqlite:
        sqlite_store.apply_rows(connection, arriving)
    else:
        postgresql_store.apply_rows(connection, arriving)
    count_tags(connection, arriving.environment_id, arriving.more_tags())


def find_changed(
    connection: Connection, environment_id: str, marks: Sequence[PartMark], person_ids: Sequence[str]
) -> Collection[str]:
    """Return the people whose profile was changed since a part with one of these marks was applied.

    Every other change of a profile removes the mark and sets another time.
    """
    find = sqlite_store.find_changed if dialect_of(connection).is_sqlite else postgresql_store.find_changed
    return find(connection, environment_id, marks, sorted(person_ids))
