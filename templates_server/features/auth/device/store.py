"""All SQL for device codes and for guesses of user codes.

One statement uses up a code, in the transaction that stores its tokens; one statement also stores a decision.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, select, text, update

from templates_server.primitives.timestamps import HOUR, LATEST_AHEAD, MINUTE, SECOND
from templates_server.storage.tables import device_codes, device_guesses

LIFETIME = 15 * MINUTE
KEPT_AFTER_EXPIRY = HOUR  # so that a program is told what became of its code
SLOWER_BY_SECONDS = 5  # RFC 8628, 3.5
MAX_WRONG_CODES = 10
GUESSES_WINDOW = LIFETIME
ALLOWED, REFUSED = "allowed", "refused"


@dataclass(frozen=True)
class NewDeviceCode:
    """The codes issued to a program: its own secret, stored as a hash, and a code for a person."""

    code_hash: bytes
    user_code: str
    client_id: str
    scopes: str
    interval_seconds: int


@dataclass(frozen=True)
class DeviceCodeRequest:
    """A program that waits for a decision."""

    user_code: str
    client_id: str
    scopes: str


@dataclass(frozen=True)
class DeviceCode:
    """An issued device code. `decision` is None while pending."""

    code_hash: bytes
    account_id: str | None
    scopes: str
    expires: int
    decision: str | None
    redeemed: int | None


def add_device_code(connection: Connection, code: NewDeviceCode, *, now: int) -> None:
    """Store an issued code, and delete those that expired long ago."""
    connection.execute(delete(device_codes).where(device_codes.c.expires <= now - KEPT_AFTER_EXPIRY))
    connection.execute(
        device_codes.insert().values(
            code_hash=code.code_hash,
            user_code=code.user_code,
            client_id=code.client_id,
            scopes=code.scopes,
            interval_seconds=code.interval_seconds,
            created=now,
            expires=now + LIFETIME,
        )
    )


def is_taken(connection: Connection, user_code: str) -> bool:
    """Return whether the user code is already in use by a program."""
    query = select(device_codes.c.expires).where(device_codes.c.user_code == user_code)
    return connection.execute(query).one_or_none() is not None


def has_ended(code: DeviceCode, now: int) -> bool:
    """Return whether a code is expired or not yet valid: issued in the future, while a clock was wrong."""
    return not now < code.expires <= now + LIFETIME + LATEST_AHEAD


def _is_alive(now: int) -> ColumnElement[bool]:
    """Return the SQL condition for codes that have not ended."""
    return device_codes.c.expires.between(now + 1, now + LIFETIME + LATEST_AHEAD)


def find_device_code_request(connection: Connection, user_code: str, now: int) -> DeviceCodeRequest | None:
    """Return the program that shows this code and is pending, or None."""
    query = select(device_codes.c.user_code, device_codes.c.client_id, device_codes.c.scopes).where(
        device_codes.c.user_code == user_code, device_codes.c.decision.is_(None), _is_alive(now)
    )
    row = connection.execute(query).one_or_none()
    return DeviceCodeRequest(*row) if row else None


def decide(connection: Connection, user_code: str, *, account_id: str, decision: str, now: int) -> bool:
    """Store the decision and return whether it is now in effect; the first stays, and none is possible after expiry."""
    decided = (
        update(device_codes)
        .where(device_codes.c.user_code == user_code, device_codes.c.decision.is_(None), _is_alive(now))
        .values(account_id=account_id, decision=decision)
    )
    return connection.execute(decided).rowcount == 1


def use_device_code(connection: Connection, code_hash: bytes, *, client_id: str, now: int) -> DeviceCode | None:
    """Use up and return the code; None if unknown, another client's, not allowed, expired or already used."""
    used = (
        update(device_codes)
        .where(
            device_codes.c.code_hash == code_hash,
            device_codes.c.client_id == client_id,
            device_codes.c.decision == ALLOWED,
            device_codes.c.redeemed.is_(None),
            _is_alive(now),
        )
        .values(redeemed=now)
        .returning(*_COLUMNS)
    )
    row = connection.execute(used).one_or_none()
    return DeviceCode(*row) if row else None


_COLUMNS = (
    device_codes.c.code_hash,
    device_codes.c.account_id,
    device_codes.c.scopes,
    device_codes.c.expires,
    device_codes.c.decision,
    device_codes.c.redeemed,
)


def find_device_code(connection: Connection, code_hash: bytes, *, client_id: str) -> DeviceCode | None:
    """Return the code in any state; None if unknown or another client's."""
    query = select(*_COLUMNS).where(device_codes.c.code_hash == code_hash, device_codes.c.client_id == client_id)
    row = connection.execute(query).one_or_none()
    return DeviceCode(*row) if row else None


def record_poll(connection: Connection, code_hash: bytes, now: int) -> bool:
    """Record a poll and return whether the program waited for its interval; if not, the interval increases."""
    mine = device_codes.c.code_hash == code_hash
    polled = device_codes.c.last_polled
    is_early = (polled + device_codes.c.interval_seconds * SECOND > now) & (polled <= now + MINUTE)
    patient = update(device_codes).where(mine, is_early.is_not(True)).values(last_polled=now)
    if connection.execute(patient).rowcount == 1:
        return True
    longer_seconds = device_codes.c.interval_seconds + SLOWER_BY_SECONDS
    connection.execute(update(device_codes).where(mine).values(last_polled=now, interval_seconds=longer_seconds))
    return False


def count_wrong_codes(connection: Connection, account_id: str, now: int) -> int:
    """Count the account's recent wrong codes; block it from entering another until the transaction ends."""
    first = text(
        "INSERT INTO device_guesses (account_id, wrong, since) VALUES (:account_id, 0, :now)"
        " ON CONFLICT (account_id) DO NOTHING"
    )
    connection.execute(first, {"account_id": account_id, "now": now})
    mine = device_guesses.c.account_id == account_id
    is_over = device_guesses.c.since <= now - GUESSES_WINDOW
    connection.execute(update(device_guesses).where(mine, is_over).values(wrong=0, since=now))
    is_ahead = device_guesses.c.since > now + MINUTE  # stored while a clock was wrong: the window begins now
    connection.execute(update(device_guesses).where(mine, is_ahead).values(since=now))
    held = update(device_guesses).where(mine).values(wrong=device_guesses.c.wrong).returning(device_guesses.c.wrong)
    return int(connection.execute(held).scalar_one())


def record_wrong_code(connection: Connection, account_id: str) -> None:
    """Record a wrong code."""
    mine = device_guesses.c.account_id == account_id
    connection.execute(update(device_guesses).where(mine).values(wrong=device_guesses.c.wrong + 1))
