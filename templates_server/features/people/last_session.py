"""The app data of a person's latest session. Pure, except for fragments of SQL.

All values are from one session: if it does not state its version, the version is unknown, whatever the session before
it stated. A session that began earlier and arrives later changes nothing.
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
"""The assignments in an upsert of a person, if `IS_LATER` holds."""


class AppFacts(msgspec.Struct, frozen=True, gc=False):
    """The app data of a session for tribes: the versions as keys (`versions`), the platform by name."""

    version: str | None = None
    os_version: str | None = None
    platform: str | None = None


SAYS_NOTHING = AppFacts()


class LastSessionColumns(NamedTuple):
    """The columns of a person; `seen` is the start of the session in milliseconds. None: no session is known."""

    version: str | None = None
    os_version: str | None = None
    platform: str | None = None
    seen: int | None = None


NO_SESSION = LastSessionColumns()


def read_last_session(columns: Sequence[object]) -> LastSessionColumns:
    """Return the values in the columns of a person."""
    return msgspec.convert(tuple(columns), LastSessionColumns)


def later_session(of_user: LastSessionColumns, of_visitor: LastSessionColumns) -> LastSessionColumns:
    """Return a user's columns after a visitor was merged: the user's own if both sessions began at the same time."""
    if of_visitor.seen is None or (of_user.seen is not None and of_user.seen >= of_visitor.seen):
        return of_user
    return of_visitor
