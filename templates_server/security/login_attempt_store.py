"""All SQL about failed attempts: each is counted in one statement, so that concurrent ones are not lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from templates_server.primitives.timestamps import LATEST_AHEAD, MINUTE
from templates_server.security.backoff import FORGOTTEN_AFTER_MILLISECONDS, LONGEST_DELAY_MILLISECONDS, delay_after
from templates_server.storage.dialect import dialect_of
from templates_server.storage.tables import failed_attempts

COLUMNS = failed_attempts.c
LATEST_CLOSED_AHEAD = LONGEST_DELAY_MILLISECONDS + MINUTE  # by the clock of another server


class LockedOut(Exception):
    """Raised inside a transaction that must leave no trace: a subject must wait until a time (milliseconds)."""

    def __init__(self, until: int) -> None:
        super().__init__(until)
        self.until = until


def locked_until(connection: Connection, subjects: Sequence[bytes], now: int) -> int:
    """Return the time until which one of the subjects must wait; 0 if none has to."""
    is_possible = COLUMNS.closed_until <= now + LATEST_CLOSED_AHEAD
    query = select(func.max(COLUMNS.closed_until)).where(COLUMNS.subject_hash.in_(subjects), is_possible)
    return connection.execute(query).scalar_one() or 0


def count_failures(connection: Connection, subjects: Sequence[bytes], now: int) -> None:
    """Count a failure for each subject; LockedOut if one of them must wait."""
    for subject in subjects:
        failures = connection.execute(_upsert_failure(connection, subject, now)).scalar_one_or_none()
        if failures is None:
            raise LockedOut(locked_until(connection, [subject], now))
        if failures == 1:
            _forget_old(connection, now)
        if delay := delay_after(failures):
            connection.execute(
                update(failed_attempts).where(COLUMNS.subject_hash == subject).values(closed_until=now + delay)
            )


def _upsert_failure(connection: Connection, subject: bytes, now: int) -> Any:
    """Add a failure, or start at one if the last is long ago; return no row if the subject must wait."""
    insert = sqlite.insert if dialect_of(connection).is_sqlite else postgresql.insert
    long_ago = COLUMNS.last <= now - FORGOTTEN_AFTER_MILLISECONDS
    return (
        insert(failed_attempts)
        .values(subject_hash=subject, failures=1, last=now, closed_until=0)
        .on_conflict_do_update(
            index_elements=[COLUMNS.subject_hash],
            set_={"failures": case((long_ago, 1), else_=COLUMNS.failures + 1), "last": now},
            where=(COLUMNS.closed_until <= now) | (COLUMNS.closed_until > now + LATEST_CLOSED_AHEAD),
        )
        .returning(COLUMNS.failures)
    )


def discount_failures(connection: Connection, subjects: Sequence[bytes], now: int) -> None:
    """Take back a failure of each subject, and the wait that it caused."""
    connection.execute(
        update(failed_attempts)
        .where(COLUMNS.subject_hash.in_(subjects), COLUMNS.failures > 0)
        .values(failures=COLUMNS.failures - 1, closed_until=now)
    )


def forget(connection: Connection, subject: bytes) -> None:
    """Reset the failures of a subject."""
    connection.execute(delete(failed_attempts).where(COLUMNS.subject_hash == subject))


def _forget_old(connection: Connection, now: int) -> None:
    """Delete failures of long ago. Those from the future, stored while a clock was wrong, count as of now."""
    connection.execute(update(failed_attempts).where(COLUMNS.last > now + LATEST_AHEAD).values(last=now))
    connection.execute(delete(failed_attempts).where(COLUMNS.last <= now - FORGOTTEN_AFTER_MILLISECONDS))
