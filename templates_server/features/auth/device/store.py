"""All SQL about device codes, and about user codes that were guessed.

A code is used up by one statement, in the transaction that stores its tokens; a decision is made by one as well.
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
    """What a program is given: a secret for itself, stored as its hash, and a code for a person."""

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
    """A device code that was issued. `decision` None: nobody has decided yet."""

    code_hash: bytes
    account_id: str | None
    scopes: str
    expires: int
    decision: str | None
    redeemed: int | None


def add_device_code(connection: Connection, code: NewDeviceCode, *, now: int) -> None:
    """Store a code that was issued, and forget those that are long over."""
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
    """Whether the user code belongs to a program already."""
    query = select(device_codes.c.expires).where(device_codes.c.user_code == user_code)
    return connection.execute(query).one_or_none() is not None


def has_ended(code: DeviceCode, now: int) -> bool:
    """Whether nobody can use a code any more, or yet: one from the future was issued while a clock was wrong."""
    return not now < code.expires <= now + LIFETIME + LATEST_AHEAD


def _is_alive(now: int) -> ColumnElement[bool]:
    """The same, of the rows, the other way round."""
    return device_codes.c.expires.between(now + 1, now + LIFETIME + LATEST_AHEAD)


def find_device_code_request(connection: Connection, user_code: str, now: int) -> DeviceCodeRequest | None:
    """The program that shows this code and waits; None when none does."""
    query = select(device_codes.c.user_code, device_codes.c.client_id, device_codes.c.scopes).where(
        device_codes.c.user_code == user_code, device_codes.c.decision.is_(None), _is_alive(now)
    )
    row = connection.execute(query).one_or_none()
    return DeviceCodeRequest(*row) if row else None


def decide(connection: Connection, user_code: str, *, account_id: str, decision: str, now: int) -> bool:
    """Whether that is now the decision; the first one stays, and after the life of the code there is none."""
    decided = (
        update(device_codes)
        .where(device_codes.c.user_code == user_code, device_codes.c.decision.is_(None), _is_alive(now))
        .values(account_id=account_id, decision=decision)
    )
    return connection.execute(decided).rowcount == 1


def use_device_code(connection: Connection, code_hash: bytes, *, client_id: str, now: int) -> DeviceCode | None:
    """The code, used up by this; None when it is unknown, another client's, not allowed, over, or was used before."""
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
    """The code in whatever state; None when it is unknown or another client's."""
    query = select(*_COLUMNS).where(device_codes.c.code_hash == code_hash, device_codes.c.client_id == client_id)
    row = connection.execute(query).one_or_none()
    return DeviceCode(*row) if row else None


def record_poll(connection: Connection, code_hash: bytes, now: int) -> bool:
    """Whether the program has waited as long as it was told; if not, it has to wait longer from now on."""
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
    """How many wrong codes the account has entered of late; until the transaction ends, it enters no other."""
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
    """Count a wrong code."""
    mine = device_guesses.c.account_id == account_id
    connection.execute(update(device_guesses).where(mine).values(wrong=device_guesses.c.wrong + 1))
