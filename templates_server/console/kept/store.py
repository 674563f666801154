"""All SQL about forms that are kept over a sign-in.

They stand among the answers to requests with a key, which are encrypted and kept for a while as well: in rows of names
that are known beforehand, so that there are never more, and that each is found without an index of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select

from templates_server.idempotency.store import lock
from templates_server.schema import idempotent_answers
from templates_server.times import HOUR, LATEST_AHEAD

MOST_KEPT = 100
MOST_KEPT_BYTES = 64 * 1024 * 1024
LIFETIME_MILLISECONDS = 2 * HOUR
PATIENCE_SECONDS = 2.0
PLACES: Sequence[bytes] = [hashlib.sha256(f"kept form {number}".encode()).digest() for number in range(MOST_KEPT)]

_columns = idempotent_answers.c


@dataclass(frozen=True)
class SealedForm:
    """A form, encrypted, and the hash by which its browser finds it."""

    name: bytes
    content: bytes


def keep(connection: Connection, form: SealedForm, *, now: int) -> bool:
    """Keep a form in the place of an earlier one of its name, and of the oldest where there are too many.

    False where others keep forms for so long that it would have to wait.
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
    """A form by the hash of its name; None where none is kept, or for too long."""
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
    """Those that stay beside a new one, the oldest first."""
    is_live = range(now - LIFETIME_MILLISECONDS + 1, now + LATEST_AHEAD + 1)
    others = [row for row in held if row.request_hash != form.name and row.created in is_live]
    size = sum(row.length for row in others) + len(form.content)
    while others and (len(others) >= MOST_KEPT or size > MOST_KEPT_BYTES):
        size -= others.pop(0).length
    return others
