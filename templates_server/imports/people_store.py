"""Bringing the rows of a part into the tables of people: what both databases have in common.

Rows are taken in order of person, so that whoever does the same waits for nobody who waits for them; the counts of tags
come last, in order of tag.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from templates_server.imports import postgres_store, sqlite_store
from templates_server.imports.arriving import Arriving
from templates_server.imports.store import Mark
from templates_server.users.store import count_tags


def apply_rows(connection: Connection, arriving: Arriving) -> None:
    """Store the rows, as if each had been applied after the one before it; `arriving` then knows what they came to."""
    if connection.dialect.name == "sqlite":
        sqlite_store.apply_rows(connection, arriving)
    else:
        postgres_store.apply_rows(connection, arriving)
    count_tags(connection, arriving.environment_id, arriving.more_tags())


def are_as_left(connection: Connection, environment_id: str, marks: Sequence[Mark], person_ids: Sequence[str]) -> bool:
    """Whether parts with these marks made the profiles of all these people, of whom none is twice, what they are.

    Whoever else changes a profile takes the mark away, and notes another time.
    """
    if connection.dialect.name == "sqlite":
        return sqlite_store.are_as_left(connection, environment_id, marks, person_ids)
    return postgres_store.are_as_left(connection, environment_id, marks, person_ids)
