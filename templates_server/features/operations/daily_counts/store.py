"""All SQL about daily counts: counting rows by stretches of a primary key, storing and reading counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from templates_server.primitives.timestamps import DAY, LATEST_AHEAD
from templates_server.storage.dialect import as_text
from templates_server.storage.tables import daily_counts, environments, metadata, spaces, tribe_sizes

KEPT_DAYS = 400
ACTIVE_DAYS = (1, 7, 30, 90)
ROWS_A_STEP = 1000
MOST_SO_FAR = 20_000
"""The maximum number of rows examined to count the current day for a page."""

Key = Sequence[str]
EnvironmentDay = tuple[str, int]
"""An environment's id and the first moment of a day."""


@dataclass(frozen=True, slots=True)
class TableScan:
    """A table that is scanned in the order of its primary key, and the column of the times that are counted."""

    table: str
    key: str
    time: str

    @property
    def whole_key(self) -> str:
        """The primary key, in scan order."""
        return ", ".join(filter(None, ("environment_id", "person_id", self.key)))

    @property
    def beginning(self) -> Key:
        """The position before every key."""
        return [""] * len(self.whole_key.split(", "))


PEOPLE = TableScan("persons", "", "last_seen")
SESSIONS = TableScan("sessions", "session_id", "started")
EVENTS = TableScan("events", "event_id", "received")


@dataclass(frozen=True, slots=True)
class ScanRange:
    """The rows of a scan after one key up to another; `end` is None for the end of the table."""

    walk: TableScan
    start: Key
    end: Key | None

    @property
    def condition(self) -> str:
        """The SQL condition that selects its rows."""
        key, marks = self.walk.whole_key, ", ".join("?" * len(self.start))
        until = f" AND ({key}) <= ({marks})" if self.end else ""
        return f"({key}) > ({marks}){until}"

    @property
    def values(self) -> Sequence[str]:
        """The parameters of the condition."""
        return (*self.start, *(self.end or ()))


@dataclass(frozen=True, slots=True)
class DayCounts:
    """The counts of an environment on a day; None where unavailable. `active` is in order of ACTIVE_DAYS."""

    environment_id: str
    day: int
    active: Sequence[int | None]
    sessions: int | None
    events: int | None


@dataclass(frozen=True, slots=True)
class TribeSize:
    """The number of an environment's people in a tribe when a day ended."""

    environment_id: str
    tribe: str
    day: int
    people: int


@dataclass(frozen=True, slots=True)
class CountedEnvironment:
    """An environment, its Space, and when that was created, in milliseconds."""

    id: str
    space_id: str
    created: int


def list_environments(connection: Connection) -> Sequence[CountedEnvironment]:
    """Return all environments, grouped by Space."""
    query = select(environments.c.id, environments.c.space_id, spaces.c.created).join_from(environments, spaces)
    rows = connection.execute(query.order_by(environments.c.space_id, environments.c.id))
    return [CountedEnvironment(row.id, row.space_id, row.created) for row in rows]


def list_closed_days(connection: Connection, first: int, *, now: int) -> Collection[EnvironmentDay]:
    """Return the closed days from that one on, with their environments; not those of a clock that was ahead."""
    query = select(daily_counts.c.environment_id, daily_counts.c.day)
    query = query.where(daily_counts.c.day >= first, daily_counts.c.counted <= now + LATEST_AHEAD)
    return {(row.environment_id, row.day) for row in connection.execute(query)}


def next_stretch(connection: Connection, walk: TableScan, *, start: Key, rows: int) -> ScanRange:
    """Return a stretch of that many rows after a key."""
    key, marks = walk.whole_key, ", ".join("?" * len(start))
    query = f"SELECT {key} FROM {walk.table} WHERE ({key}) > ({marks}) ORDER BY {key} LIMIT 1 OFFSET ?"  # noqa: S608 - names of ours
    row = connection.exec_driver_sql(as_text(connection, query), (*start, rows - 1)).first()
    return ScanRange(walk, start, tuple(row) if row else None)


def count_by_day(connection: Connection, stretch: ScanRange, *, first: int, end: int) -> Mapping[EnvironmentDay, int]:
    """Return the number of rows of a stretch by day, from one moment up to another."""
    time = stretch.walk.time
    query = (
        f"SELECT environment_id, {time} / {DAY} AS day_number, count(*) FROM {stretch.walk.table} "  # noqa: S608 - names of ours
        f"WHERE {stretch.condition} AND {time} >= ? AND {time} < ? GROUP BY environment_id, {time} / {DAY}"
    )
    rows = connection.exec_driver_sql(as_text(connection, query), (*stretch.values, first, end))
    return {(row[0], row[1] * DAY): row[2] for row in rows}


def _latest(table: str, time: str) -> str:
    of_them = f"{table}.environment_id = persons.environment_id AND {table}.person_id = persons.person_id"
    return f"(SELECT max({time}) FROM {table} WHERE {of_them} AND {time} < ?)"  # noqa: S608 - names of ours


SEEN_AGAIN = "CASE WHEN last_seen >= ? THEN {} END"
ACTIVE = ", ".join(["count(CASE WHEN seen >= ? OR began >= ? OR sent >= ? THEN 1 END)"] * len(ACTIVE_DAYS))


def count_active(connection: Connection, stretch: ScanRange, *, end: int) -> Mapping[str, Sequence[int]]:
    """Return the number of people of a stretch seen in the days before a moment, by environment, as in ACTIVE_DAYS.

    People who were seen again since are counted by their earlier sessions and events.
    """
    again = [SEEN_AGAIN.format(_latest(walk.table, walk.time)) for walk in (SESSIONS, EVENTS)]
    people = (
        f"SELECT environment_id, CASE WHEN last_seen < ? THEN last_seen END AS seen, {again[0]} AS began, "  # noqa: S608 - names of ours
        f"{again[1]} AS sent FROM persons WHERE {stretch.condition} AND last_seen >= ?"
    )
    query = f"SELECT environment_id, {ACTIVE} FROM ({people}) AS people GROUP BY environment_id"  # noqa: S608 - names of ours
    starts = [end - days * DAY for days in ACTIVE_DAYS]
    windows = [start for start in starts for _ in range(3)]
    parameters = (*windows, *[end] * 5, *stretch.values, min(starts))
    rows = connection.exec_driver_sql(as_text(connection, query), parameters)
    return {row[0]: tuple(row[1:]) for row in rows}


CLOSE = (
    "INSERT INTO daily_counts "
    "(environment_id, day, active_1, active_7, active_30, active_90, sessions, events, counted) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (environment_id, day) DO UPDATE SET "
    + ", ".join(f"{column.name} = excluded.{column.name}" for column in daily_counts.columns if not column.primary_key)
    + " WHERE daily_counts.counted > ?"
)
KEEP_SIZE = (
    "INSERT INTO tribe_sizes (environment_id, tribe, day, people, counted) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (environment_id, tribe, day) DO UPDATE SET people = excluded.people, counted = excluded.counted "
    "WHERE tribe_sizes.counted > ?"
)


def close_days(connection: Connection, counts: Iterable[DayCounts], *, now: int) -> None:
    """Store counts of days; for days already closed, the first counts remain.

    Deleted environments are skipped.
    """
    there = set(connection.execute(select(environments.c.id)).scalars())
    rows = [
        (one.environment_id, one.day, *one.active, one.sessions, one.events, now, now + LATEST_AHEAD)
        for one in counts
        if one.environment_id in there
    ]
    if rows:
        connection.exec_driver_sql(as_text(connection, CLOSE), rows)


def list_sized_tribes(connection: Connection, day: int, *, now: int) -> Collection[tuple[str, str]]:
    """Return the environments and tribes with stored sizes of a day; not those of a clock that was ahead."""
    query = select(tribe_sizes.c.environment_id, tribe_sizes.c.tribe)
    query = query.where(tribe_sizes.c.day == day, tribe_sizes.c.counted <= now + LATEST_AHEAD)
    return {(row.environment_id, row.tribe) for row in connection.execute(query)}


def keep_size(connection: Connection, size: TribeSize, *, now: int) -> None:
    """Store the size of a tribe at the end of a day, unless it is stored or the environment was deleted."""
    there = select(environments.c.id).where(environments.c.id == size.environment_id)
    if connection.execute(there).first() is not None:
        row = (size.environment_id, size.tribe, size.day, size.people, now, now + LATEST_AHEAD)
        connection.exec_driver_sql(as_text(connection, KEEP_SIZE), row)


def remove_some_old(connection: Connection, before: int) -> int:
    """Remove some of the counts of days before one; return how many."""
    removed = 0
    for table in (daily_counts, tribe_sizes):
        key = ", ".join(table.primary_key.columns.keys())
        query = (
            f"DELETE FROM {table.name} WHERE ({key}) IN "  # noqa: S608 - names of ours
            f"(SELECT {key} FROM {table.name} WHERE day < ? LIMIT {ROWS_A_STEP})"
        )
        removed += connection.exec_driver_sql(as_text(connection, query), (before,)).rowcount
    return removed


# What pages read


def environments_of(connection: Connection, space_ids: Collection[str], name: str) -> Mapping[str, str]:
    """Return the ids of the environments with that name, by the id of their Space."""
    columns = environments.c
    query = select(columns.space_id, columns.id).where(columns.space_id.in_(space_ids), columns.name == name)
    return {row.space_id: row.id for row in connection.execute(query)}


def list_days(connection: Connection, environment_ids: Collection[str], *, first: int) -> Sequence[DayCounts]:
    """Return the counts of these environments from a day on, in order of day."""
    columns = daily_counts.c
    query = select(daily_counts).where(columns.environment_id.in_(environment_ids), columns.day >= first)
    return [
        DayCounts(
            row.environment_id,
            row.day,
            (row.active_1, row.active_7, row.active_30, row.active_90),
            row.sessions,
            row.events,
        )
        for row in connection.execute(query.order_by(columns.day))
    ]


def list_sizes(connection: Connection, environment_id: str, tribe: str, *, first: int) -> Sequence[tuple[int, int]]:
    """Return the sizes of a tribe by day, from one day on, in order of day."""
    columns = tribe_sizes.c
    query = select(columns.day, columns.people).where(
        columns.environment_id == environment_id, columns.tribe == tribe, columns.day >= first
    )
    return [(row.day, row.people) for row in connection.execute(query.order_by(columns.day))]


def count_so_far(
    connection: Connection, walk: TableScan, environment_ids: Collection[str], *, since: int
) -> Mapping[str, int] | None:
    """Return how many rows of environments are not older than a moment; None when there are too many to count."""
    table = metadata.tables[walk.table].c
    rows = select(table.environment_id, table[walk.time].label("at")).where(table.environment_id.in_(environment_ids))
    some = rows.limit(MOST_SO_FAR + 1).subquery()
    recent = func.count(case((some.c.at >= since, 1)))
    query = select(some.c.environment_id, func.count(), recent).group_by(some.c.environment_id)
    found = list(connection.execute(query))
    if sum(row[1] for row in found) > MOST_SO_FAR:
        return None
    return dict.fromkeys(environment_ids, 0) | {row[0]: row[2] for row in found}
