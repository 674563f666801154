"""What is kept of the session of a person that began last: what its app says of itself. Pure, but for pieces of SQL.

All of it is of one session: where that says nothing of its version, the version is not known, whatever the session
before it said. A session that began earlier and arrives later changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

KINDS: Mapping[str, str] = {
    **dict.fromkeys(("app_version", "os_version", "app_platform"), "text"),
    "app_seen": "bigint",
}
"""The columns of `persons` in the order of `LastSession`, with PostgreSQL's types."""
COLUMNS = ", ".join(KINDS)
IS_LATER = "excluded.app_seen >= COALESCE(persons.app_seen, excluded.app_seen)"
KEEP_LATER = ", ".join(
    f"{column} = CASE WHEN {IS_LATER} THEN excluded.{column} ELSE persons.{column} END" for column in KINDS
)
"""What an upsert of a person sets, `IS_LATER` being when it must."""


class AppFacts(msgspec.Struct, frozen=True, gc=False):
    """What tribes know of the app of a session: the versions as keys (`versions`), the platform as its word."""

    version: str | None = None
    os_version: str | None = None
    platform: str | None = None


SAYS_NOTHING = AppFacts()


class LastSession(NamedTuple):
    """The columns of a person; `seen` is when the session began, in milliseconds. None: no session is known of."""

    version: str | None = None
    os_version: str | None = None
    platform: str | None = None
    seen: int | None = None


NO_SESSION = LastSession()


def last_session(app: AppFacts | None, began: int) -> LastSession:
    """Return what a session leaves with its person; None is no session."""
    return NO_SESSION if app is None else LastSession(app.version, app.os_version, app.platform, began)


def latest(sessions: Iterable[LastSession]) -> LastSession:
    """Return the one that began last; of several at the same time the last one, as an upsert has it."""
    found = NO_SESSION
    for one in sessions:
        if one.seen is not None and (found.seen is None or one.seen >= found.seen):
            found = one
    return found


def read_last_session(columns: Sequence[object]) -> LastSession:
    """Return what stands in the columns of a person."""
    return msgspec.convert(tuple(columns), LastSession)


def later_session(of_user: LastSession, of_visitor: LastSession) -> LastSession:
    """Return what a user has once a visitor was merged into them: theirs where both began at the same time."""
    return latest((of_visitor, of_user))
