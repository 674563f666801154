"""All SQL about users, tags and visitors: inserted, updated, looked up. Removing is in `erasure`.

Locks are taken in one order everywhere: rows of people by the code points of their ids, then the counts of tags by the
tag. Who keeps to it waits for nobody that waits for them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from templates_server.database import among, as_text, listed
from templates_server.errors import NotFound, ValidationFailed
from templates_server.persons.names import PersonKind, named
from templates_server.persons.profiles import COLUMNS, Columns, decode_tags
from templates_server.users.folding import Folded, Outcome, UserChange, folded

PROFILE = ", ".join(COLUMNS)
TAGS = COLUMNS.index("tags")
ADDED = f"environment_id, person_id, kind, called, created, updated, {PROFILE}"
ADD = f"INSERT INTO persons ({ADDED}) VALUES (?, ?, ?, ?, ?, ?, {', '.join('?' * len(COLUMNS))})"  # noqa: S608 - names of ours
ADD_OR_LOCK = (  # the condition never holds: it locks the row of who is there already and changes nothing
    f"INSERT INTO persons ({ADDED}) SELECT ?, person_id, ?, called, ?, ?, {PROFILE} FROM unnest("  # noqa: S608 - names of ours
    "?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[], ?::text[], ?::text[], ?::text[]) "
    f"AS sent (person_id, called, {PROFILE}) "
    "ON CONFLICT (environment_id, person_id) DO UPDATE SET kind = persons.kind WHERE false RETURNING person_id"
)
CHANGE = (
    f"UPDATE persons SET {', '.join(f'{column} = ?' for column in COLUMNS)}, updated = ? "  # noqa: S608 - names of ours
    "WHERE environment_id = ? AND person_id = ?"
)
FIND = f"SELECT person_id, {PROFILE} FROM persons WHERE environment_id = ? AND person_id "  # noqa: S608 - names of ours
LOCK = ' ORDER BY person_id COLLATE "C" FOR UPDATE'
COUNT = (
    "INSERT INTO user_tags (environment_id, tag, users) VALUES (?, ?, ?) "
    "ON CONFLICT (environment_id, tag) DO UPDATE SET users = user_tags.users + excluded.users"
)
UNCOUNT = "DELETE FROM user_tags WHERE environment_id = ? AND tag = ? AND users = 0"

Stored = Mapping[str, Columns]
"""What is kept of people, by their person id."""


def upsert_users(
    connection: Connection, environment_id: str, changes: Sequence[UserChange], *, now: int
) -> Sequence[Outcome]:
    """Insert or update users as if one change came after the other; what each came to, in their order.

    ValidationFailed when a profile becomes too large: then nothing of it may be stored.
    """
    sent = _by_person(changes)
    fresh = {person_id: folded(None, mine) for person_id, mine in sent.items()}
    stored = _insert_or_lock(connection, environment_id, sent, fresh, now=now)
    after = {
        person_id: folded(stored[person_id], mine) if person_id in stored else fresh[person_id]
        for person_id, mine in sent.items()
    }
    _refuse_excess(after.values())
    _update_changed(connection, environment_id, stored, after, now=now)
    _count_tags(connection, environment_id, stored, after)
    told = {mine[0].user_id: iter(after[person_id].outcomes) for person_id, mine in sent.items()}
    return [next(told[change.user_id]) for change in changes]


def change_user(connection: Connection, environment_id: str, sent: UserChange, *, now: int) -> Outcome:
    """Change a user who is there; NotFound when nobody is, ValidationFailed when the profile becomes too large."""
    person_id = named(PersonKind.USER, sent.user_id).person_id
    stored = lock_columns(connection, environment_id, [person_id])
    if not stored:
        raise NotFound
    after = {person_id: folded(stored[person_id], [sent])}
    _refuse_excess(after.values())
    _update_changed(connection, environment_id, stored, after, now=now)
    _count_tags(connection, environment_id, stored, after)
    return after[person_id].outcomes[0]


def _by_person(changes: Iterable[UserChange]) -> Mapping[str, Sequence[UserChange]]:
    """The changes by the id of their person, in the order in which rows are locked."""
    found: dict[str, list[UserChange]] = defaultdict(list)
    for change in changes:
        found[change.user_id].append(change)
    by_person = {named(PersonKind.USER, user_id).person_id: mine for user_id, mine in found.items()}
    return dict(sorted(by_person.items()))


def _refuse_excess(after: Iterable[Folded]) -> None:
    problems = [problem for one in after for problem in one.problems]
    if problems:
        raise ValidationFailed(sorted(problems, key=lambda problem: problem.path))


def _insert_or_lock(
    connection: Connection,
    environment_id: str,
    sent: Mapping[str, Sequence[UserChange]],
    fresh: Mapping[str, Folded],
    *,
    now: int,
) -> Stored:
    """Insert who is not there; what is kept of those who are, for this transaction alone to change."""
    rows = [(person_id, mine[0].user_id, *fresh[person_id].columns) for person_id, mine in sent.items()]
    kind = PersonKind.USER.value
    if connection.dialect.name == "postgresql":
        columns = [list(column) for column in zip(*rows, strict=True)]
        query = as_text(connection, ADD_OR_LOCK)
        added = set(connection.exec_driver_sql(query, (environment_id, kind, now, now, *columns)).scalars())
        return find_columns(connection, environment_id, [row[0] for row in rows if row[0] not in added])
    stored = find_columns(connection, environment_id, list(sent))
    missing = [
        (environment_id, person_id, kind, called, now, now, *columns)
        for person_id, called, *columns in rows
        if person_id not in stored
    ]
    _execute_all(connection, ADD, missing)
    return stored


def find_columns(connection: Connection, environment_id: str, person_ids: Sequence[str], *, lock: str = "") -> Stored:
    """What is kept of those of these people who are there."""
    if not person_ids:
        return {}
    query = as_text(connection, FIND + among(connection) + lock)
    rows = connection.exec_driver_sql(query, (environment_id, listed(connection, person_ids)))
    return {row[0]: (row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8]) for row in rows}


def lock_columns(connection: Connection, environment_id: str, person_ids: Sequence[str]) -> Stored:
    """As `find_columns`; these people are this transaction's alone to change."""
    is_locking = connection.dialect.name == "postgresql"  # SQLite has one writer
    return find_columns(connection, environment_id, person_ids, lock=LOCK if is_locking else "")


def _update_changed(
    connection: Connection, environment_id: str, stored: Stored, after: Mapping[str, Folded], *, now: int
) -> None:
    rows = [
        (*after[person_id].columns, now, environment_id, person_id)
        for person_id, columns in stored.items()
        if after[person_id].columns != columns
    ]
    _execute_all(connection, CHANGE, rows)


def _count_tags(connection: Connection, environment_id: str, stored: Stored, after: Mapping[str, Folded]) -> None:
    """Bring the counts of tags in step with what changed."""
    more: Counter[str] = Counter()
    for person_id, one in after.items():
        more.update(tags_in(one.columns))
        more.subtract(tags_in(stored[person_id]) if person_id in stored else ())
    count_tags(connection, environment_id, more)


def tags_in(columns: Columns) -> Sequence[str]:
    """The tags among the columns of a profile."""
    return decode_tags(str(columns[TAGS]))


def count_tags(connection: Connection, environment_id: str, more: Mapping[str, int]) -> None:
    """So many users more have each of these tags, or fewer; a tag that nobody has is gone."""
    changed = [(environment_id, tag, count) for tag, count in sorted(more.items()) if count]
    _execute_all(connection, COUNT, changed)
    _execute_all(connection, UNCOUNT, [(environment_id, tag) for _, tag, count in changed if count < 0])


def _execute_all(connection: Connection, query: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a query for every row, in their order; not at all where there is none."""
    if rows:
        connection.exec_driver_sql(as_text(connection, query), list(rows))
