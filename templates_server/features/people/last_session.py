"""What is kept of the session of a person that began last: what its app says of itself. Pure, but for pieces of SQL.

All of it is of one session: where that says nothing of its version, the version is not known, whatever the session
before it said. A session that began earlier and arrives later changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

KINDS: Mapping[str, str] = {
    **dict.fromkeys(("app_version", "os_version", "app_platform"), "text"),
    "app_seen": "bigint",
}
"""The columns of `persons` in the order of `LastSessionColumns`, with PostgreSQL's types."""
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


class LastSessionColumns(NamedTuple):
    """The columns of a person; `seen` is when the session began, in milliseconds. None: no session is known of."""

    version: str | None = None
    os_version: str | None = None
    platform: str | None = None
    seen: int | None = None


NO_SESSION = LastSessionColumns()


def read_last_session(columns: Sequence[object]) -> LastSessionColumns:
    """Return what stands in the columns of a person."""
    return msgspec.convert(tuple(columns), LastSessionColumns)


def later_session(of_user: LastSessionColumns, of_visitor: LastSessionColumns) -> LastSessionColumns:
    """Return what a user has once a visitor was merged into them: theirs where both began at the same time."""
    if of_visitor.seen is None or (of_user.seen is not None and of_user.seen >= of_visitor.seen):
        return of_user
    return of_visitor
