"""All SQL about browser sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from templates_server.features.accounts.store import Account
from templates_server.primitives.timestamps import DAY, HOUR, LATEST_AHEAD, MINUTE
from templates_server.security.secrets import hash_secret
from templates_server.storage.tables import accounts, browser_sessions

IDLE_MILLISECONDS = 12 * HOUR
LIFETIME_MILLISECONDS = 14 * DAY
TOUCH_MILLISECONDS = MINUTE
MOST_SESSIONS = 100  # that are listed


def start_session(connection: Connection, cookie: str, *, account_id: str, now: int) -> None:
    """Sign an account in under a new cookie, and delete the account's expired sessions."""
    over = (browser_sessions.c.last_used <= now - IDLE_MILLISECONDS) | (
        browser_sessions.c.created <= now - LIFETIME_MILLISECONDS
    )
    connection.execute(delete(browser_sessions).where(browser_sessions.c.account_id == account_id, over))
    connection.execute(
        insert(browser_sessions).values(id_hash=hash_secret(cookie), account_id=account_id, created=now, last_used=now)
    )


def end_session(connection: Connection, cookie: str) -> None:
    """Sign out the account of the cookie."""
    connection.execute(delete(browser_sessions).where(browser_sessions.c.id_hash == hash_secret(cookie)))


@dataclass(frozen=True)
class BrowserSession:
    """An account signed in at a browser; times in milliseconds."""

    created: int
    last_used: int
    is_here: bool


def list_sessions(connection: Connection, account_id: str, *, here: str, now: int) -> Sequence[BrowserSession]:
    """Return an account's sessions, most recently used first; `here` is the cookie of the requesting browser."""
    columns = browser_sessions.c
    query = select(columns.created, columns.last_used, columns.id_hash).where(_is_live(account_id, now))
    rows = connection.execute(query.order_by(columns.last_used.desc()).limit(MOST_SESSIONS))
    return [BrowserSession(row.created, row.last_used, row.id_hash == hash_secret(here)) for row in rows]


def end_other_sessions(connection: Connection, account_id: str, *, here: str) -> int:
    """Sign an account out of every browser but this one; return how many sessions ended."""
    others = (browser_sessions.c.account_id == account_id) & (browser_sessions.c.id_hash != hash_secret(here))
    return connection.execute(delete(browser_sessions).where(others)).rowcount


def _is_live(account_id: str, now: int) -> ColumnElement[bool]:
    columns = browser_sessions.c
    since = columns.created.between(now - LIFETIME_MILLISECONDS + 1, now + LATEST_AHEAD)
    return (columns.account_id == account_id) & (columns.last_used > now - IDLE_MILLISECONDS) & since


def find_signed_in(connection: Connection, cookie: str, now: int) -> tuple[Account, int] | None:
    """Return the account signed in under the cookie at a time and the last use of the session; None if nobody is."""
    query = (
        select(accounts.c.id, accounts.c.email, accounts.c.name, accounts.c.password_hash, browser_sessions.c.last_used)
        .join_from(browser_sessions, accounts)
        .where(
            browser_sessions.c.id_hash == hash_secret(cookie),
            browser_sessions.c.last_used > now - IDLE_MILLISECONDS,
            browser_sessions.c.created.between(now - LIFETIME_MILLISECONDS + 1, now + LATEST_AHEAD),
        )
    )
    row = connection.execute(query).one_or_none()
    return (Account(row.id, row.email, row.name, row.password_hash), row.last_used) if row else None


def touch_session(connection: Connection, cookie: str, now: int) -> None:
    """Record a use of the session."""
    connection.execute(
        update(browser_sessions).where(browser_sessions.c.id_hash == hash_secret(cookie)).values(last_used=now)
    )
