"""All SQL about stored responses."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, or_, select

from templates_server.primitives.timestamps import LATEST_AHEAD
from templates_server.storage.dialect import dialect_of
from templates_server.storage.tables import idempotent_answers

MOST_PURGED_AT_ONCE = 100
LOCK_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class StoredResponse:
    """An encrypted response, and the hash of the request that it belongs to."""

    request_hash: bytes
    answer: bytes


def lock(connection: Connection, key_hash: bytes, *, patience_seconds: float) -> bool:
    """Lock a key until this transaction ends; return False if another one holds it (SQLite: one at a time)."""
    if dialect_of(connection).is_sqlite:
        return True
    number = int.from_bytes(key_hash[:8], signed=True)
    deadline = time.monotonic() + patience_seconds
    while not connection.execute(select(func.pg_try_advisory_xact_lock(number))).scalar_one():
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOCK_PAUSE_SECONDS)
    return True


def find_response(connection: Connection, key_hash: bytes, *, since: int, now: int) -> StoredResponse | None:
    """Return the response stored under a key, unless it is older than `since` (milliseconds) or from the future."""
    columns = idempotent_answers.c
    is_kept = columns.created.between(since + 1, now + LATEST_AHEAD)
    query = select(columns.request_hash, columns.answer).where(columns.key_hash == key_hash, is_kept)
    row = connection.execute(query).one_or_none()
    return StoredResponse(row.request_hash, row.answer) if row else None


def save_response(connection: Connection, key_hash: bytes, kept: StoredResponse, *, now: int, since: int) -> None:
    """Store a response, replacing the one under this key, and delete a number of expired ones."""
    columns = idempotent_answers.c
    old = select(columns.key_hash).where(columns.created <= since).order_by(columns.created).limit(MOST_PURGED_AT_ONCE)
    gone = or_(columns.key_hash == key_hash, columns.key_hash.in_(old.with_for_update(skip_locked=True)))
    connection.execute(delete(idempotent_answers).where(gone))
    row = {"key_hash": key_hash, "request_hash": kept.request_hash, "answer": kept.answer, "created": now}
    connection.execute(idempotent_answers.insert(), row)
