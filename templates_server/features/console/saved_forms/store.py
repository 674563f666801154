"""All SQL for forms stored during a sign-in.

They share the table of responses to requests with a key, which are also encrypted and stored for a limited time. Their
rows have fixed names, so that their number is limited and each is found without an index of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select

from templates_server.http.idempotency.store import lock
from templates_server.primitives.timestamps import HOUR, LATEST_AHEAD
from templates_server.storage.tables import idempotent_answers

MOST_KEPT = 100
MOST_KEPT_BYTES = 64 * 1024 * 1024
LIFETIME_MILLISECONDS = 2 * HOUR
PATIENCE_SECONDS = 2.0
PLACES: Sequence[bytes] = [hashlib.sha256(f"kept form {number}".encode()).digest() for number in range(MOST_KEPT)]

_columns = idempotent_answers.c


@dataclass(frozen=True)
class SealedForm:
    """An encrypted form, and the hash by which its browser finds it."""

    name: bytes
    content: bytes


def save_form(connection: Connection, form: SealedForm, *, now: int) -> bool:
    """Store a form, replacing an earlier one of its name, and the oldest ones above the limit.

    Return False if the lock is not available because others are storing forms.
    """
    if not lock(connection, PLACES[0], patience_seconds=PATIENCE_SECONDS):
        return False
    held = connection.execute(_held()).all()
    staying = _staying(held, form, now=now)
    taken = {row.key_hash for row in staying}
    gone = [row.key_hash for row in held if row.key_hash not in taken]
    connection.execute(delete(idempotent_answers).where(_columns.key_hash.in_(gone)))
    place = next(each for each in PLACES if each not in taken)
    row = {"key_hash": place, "request_hash": form.name, "answer": form.content, "created": now}
    connection.execute(insert(idempotent_answers), row)
    return True


def find(connection: Connection, name: bytes, *, now: int) -> bytes | None:
    """Return a form by the hash of its name; None if there is none or it is expired."""
    query = select(_columns.answer).where(
        _columns.key_hash.in_(PLACES),
        _columns.request_hash == name,
        _columns.created.between(now - LIFETIME_MILLISECONDS + 1, now + LATEST_AHEAD),
    )
    found: bytes | None = connection.execute(query).scalar_one_or_none()
    return found


def _held() -> Select[Any]:
    length = func.length(_columns.answer).label("length")
    query = select(_columns.key_hash, _columns.request_hash, _columns.created, length)
    return query.where(_columns.key_hash.in_(PLACES)).order_by(_columns.created)


def _staying(held: Sequence[Row[Any]], form: SealedForm, *, now: int) -> Sequence[Row[Any]]:
    """Return the forms that remain beside a new one, oldest first."""
    is_live = range(now - LIFETIME_MILLISECONDS + 1, now + LATEST_AHEAD + 1)
    others = [row for row in held if row.request_hash != form.name and row.created in is_live]
    size = sum(row.length for row in others) + len(form.content)
    while others and (len(others) >= MOST_KEPT or size > MOST_KEPT_BYTES):
        size -= others.pop(0).length
    return others
