"""All SQL about users, tags and visitors: insert, update, look up. Removal is in `erasure`.

Locks are acquired in the same order everywhere: rows of people by the code points of their ids, then the counts of tags
by the tag. This prevents deadlocks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection

from templates_server.errors import NotFound, ValidationFailed
from templates_server.features.people.apply_changes import ChangeOutcome, ChangeResult, UserChange, apply_changes
from templates_server.features.people.identity import ID_OF_OURS, PersonKind, make_person_ref
from templates_server.features.people.profile import (
    COLUMNS,
    TAG_SEPARATOR,
    Columns,
    Profile,
    ProfileChange,
    decode_tags,
    from_columns,
)
from templates_server.primitives.shares import share_number
from templates_server.storage.dialect import as_text, dialect_of, in_clause, in_param
from templates_server.storage.pipelining import execute_pipelined

PROFILE = ", ".join(COLUMNS)
TAGS = COLUMNS.index("tags")
ADDED = f"environment_id, person_id, kind, called, share_number, created, updated, {PROFILE}"
ADD = f"INSERT INTO persons ({ADDED}) VALUES (?, ?, ?, ?, ?, ?, ?, {', '.join('?' * len(COLUMNS))})"  # noqa: S608 - names of ours
ADD_OR_LOCK = (  # the condition never holds: it locks the row of who is there already and changes nothing
    f"INSERT INTO persons ({ADDED}) SELECT ?, person_id, ?, called, share_number, ?, ?, {PROFILE} FROM unnest("  # noqa: S608 - names of ours
    "?::text[], ?::text[], ?::bigint[], "
    "?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[], ?::text[], ?::text[], ?::text[]) "
    f"AS sent (person_id, called, share_number, {PROFILE}) "
    "ON CONFLICT (environment_id, person_id) DO UPDATE SET kind = persons.kind WHERE false RETURNING person_id"
)
CHANGE = (
    f"UPDATE persons SET {', '.join(f'{column} = ?' for column in COLUMNS)}, updated = ?, imported_by = NULL "  # noqa: S608 - names of ours
    "WHERE environment_id = ? AND person_id = ?"
)
FIND = f"SELECT person_id, {PROFILE} FROM persons WHERE environment_id = ? AND person_id "  # noqa: S608 - names of ours
LOCK = "= ? FOR UPDATE"  # of one person: Citus locks the rows of one alone
PERSON = f"person_id, called, created, updated, first_seen, last_seen, {PROFILE}"
PEOPLE = f"SELECT {PERSON} FROM persons WHERE environment_id = ? AND kind = ?"  # noqa: S608 - names of ours
COUNT = (
    "INSERT INTO user_tags (environment_id, tag, users, visitors) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (environment_id, tag) DO UPDATE SET users = user_tags.users + excluded.users, "
    "visitors = user_tags.visitors + excluded.visitors"
)
UNCOUNT = "DELETE FROM user_tags WHERE environment_id = ? AND tag = ? AND users = 0 AND visitors = 0"
VISITORS = "SELECT person_id FROM persons WHERE environment_id = ? AND kind = ? AND person_id "
NOBODY: Mapping[str, int] = {}
MOST_LOOKED_THROUGH = 25_000
"""The maximum number of people examined for one page of search results, which takes less than 100 ms."""

Stored = Mapping[str, Columns]
"""The stored data of people, by person id."""


def upsert_users(
    connection: Connection, environment_id: str, changes: Sequence[UserChange], *, now: int
) -> Sequence[ChangeOutcome]:
    """Insert or update users, applying changes in sequence; return the outcome of each, in order.

    Raise ValidationFailed when a profile becomes too large: then nothing of it may be stored.
    """
    sent = _by_person(changes)
    fresh = {person_id: apply_changes(None, mine) for person_id, mine in sent.items()}
    stored = _insert_or_lock(connection, environment_id, sent, fresh, now=now)
    after = {
        person_id: apply_changes(stored[person_id], mine) if person_id in stored else fresh[person_id]
        for person_id, mine in sent.items()
    }
    _refuse_excess(after.values())
    _update_changed(connection, environment_id, stored, after, now=now)
    _count_tags(connection, environment_id, stored, after)
    told = {mine[0].user_id: iter(after[person_id].outcomes) for person_id, mine in sent.items()}
    return [next(told[change.user_id]) for change in changes]


def change_person(
    connection: Connection, environment_id: str, person_id: str, change: ProfileChange, *, now: int
) -> ChangeOutcome:
    """Change an existing user or visitor.

    Raise NotFound when there is none, ValidationFailed when the profile becomes too large.
    """
    outcomes = change_people(connection, environment_id, [person_id], change, now=now)
    if not outcomes:
        raise NotFound
    return outcomes[person_id]


def change_people(
    connection: Connection, environment_id: str, person_ids: Sequence[str], change: ProfileChange, *, now: int
) -> Mapping[str, ChangeOutcome]:
    """Change those of these people who exist; return the results by person id.

    Raise ValidationFailed when a profile becomes too large: then nothing of it may be stored.
    """
    stored = lock_columns(connection, environment_id, person_ids)
    after = {person_id: apply_changes(columns, [UserChange("", change)]) for person_id, columns in stored.items()}
    _refuse_excess(after.values())
    _update_changed(connection, environment_id, stored, after, now=now)
    _count_tags(connection, environment_id, stored, after)
    return {person_id: one.outcomes[0] for person_id, one in after.items()}


def _by_person(changes: Iterable[UserChange]) -> Mapping[str, Sequence[UserChange]]:
    """Return the changes by person id, in locking order."""
    found: dict[str, list[UserChange]] = defaultdict(list)
    for change in changes:
        found[change.user_id].append(change)
    by_person = {make_person_ref(PersonKind.USER, user_id).person_id: mine for user_id, mine in found.items()}
    return dict(sorted(by_person.items()))


def _refuse_excess(after: Iterable[ChangeResult]) -> None:
    problems = [problem for one in after for found in one.problems.values() for problem in found]
    if problems:
        raise ValidationFailed(sorted(problems, key=lambda problem: problem.path))


def _insert_or_lock(
    connection: Connection,
    environment_id: str,
    sent: Mapping[str, Sequence[UserChange]],
    fresh: Mapping[str, ChangeResult],
    *,
    now: int,
) -> Stored:
    """Insert people who do not exist; return the data of those who do, locked by this transaction."""
    kind = PersonKind.USER.value
    names = {person_id: mine[0].user_id for person_id, mine in sent.items()}
    rows = [
        (person_id, called, share_number(kind, called), *fresh[person_id].columns)
        for person_id, called in names.items()
    ]
    if not dialect_of(connection).is_sqlite:
        columns = [list(column) for column in zip(*rows, strict=True)]
        query = as_text(connection, ADD_OR_LOCK)
        added = set(connection.exec_driver_sql(query, (environment_id, kind, now, now, *columns)).scalars())
        return find_columns(connection, environment_id, [row[0] for row in rows if row[0] not in added])
    stored = find_columns(connection, environment_id, list(sent))
    missing = [
        (environment_id, person_id, kind, called, number, now, now, *columns)
        for person_id, called, number, *columns in rows
        if person_id not in stored
    ]
    _execute_all(connection, ADD, missing)
    return stored


def find_columns(connection: Connection, environment_id: str, person_ids: Sequence[str]) -> Stored:
    """Return the stored data of those of these people who exist."""
    if not person_ids:
        return {}
    query = as_text(connection, FIND + in_clause(connection))
    rows = connection.exec_driver_sql(query, (environment_id, in_param(connection, person_ids)))
    return {row[0]: _columns(row[1:]) for row in rows}


def _columns(row: Sequence[Any]) -> Columns:
    email, phone, timezone, locale, joined, tags, attributes, dates = row
    return email, phone, timezone, locale, joined, tags, attributes, dates


def lock_columns(connection: Connection, environment_id: str, person_ids: Sequence[str]) -> Stored:
    """Return the data like `find_columns`, with these people locked by this transaction."""
    if dialect_of(connection).is_sqlite:  # there is one writer
        return find_columns(connection, environment_id, person_ids)
    statements = [(FIND + LOCK, (environment_id, person_id)) for person_id in sorted(person_ids)]
    return {row[0]: _columns(row[1:]) for rows in execute_pipelined(connection, statements) for row in rows}


def _update_changed(
    connection: Connection, environment_id: str, stored: Stored, after: Mapping[str, ChangeResult], *, now: int
) -> None:
    rows = [
        (*after[person_id].columns, now, environment_id, person_id)
        for person_id, columns in stored.items()
        if after[person_id].columns != columns
    ]
    _execute_all(connection, CHANGE, rows)


def _count_tags(connection: Connection, environment_id: str, stored: Stored, after: Mapping[str, ChangeResult]) -> None:
    """Update the counts of tags according to the changes."""
    changed = [one for one in after if _tags_or_none(stored.get(one)) != tags_in(after[one].columns)]
    visitors = find_visitors(connection, environment_id, [one for one in changed if one in stored])
    more: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for person_id in changed:
        counted = more[person_id in visitors]
        counted.update(tags_in(after[person_id].columns))
        counted.subtract(_tags_or_none(stored.get(person_id)))
    count_tags(connection, environment_id, more[False], visitors=more[True])


def _tags_or_none(columns: Columns | None) -> Sequence[str]:
    return () if columns is None else tags_in(columns)


def find_visitors(connection: Connection, environment_id: str, person_ids: Collection[str]) -> Collection[str]:
    """Return those of these people who are visitors."""
    if not person_ids:
        return ()
    values = (environment_id, PersonKind.VISITOR.value, in_param(connection, person_ids))
    return set(connection.exec_driver_sql(as_text(connection, VISITORS + in_clause(connection)), values).scalars())


def tags_in(columns: Columns) -> Sequence[str]:
    """Return the tags among the columns of a profile."""
    return decode_tags(str(columns[TAGS]))


def count_tags(
    connection: Connection, environment_id: str, users: Mapping[str, int], *, visitors: Mapping[str, int] = NOBODY
) -> None:
    """Add to or subtract from the user and visitor counts of tags; a tag that nobody has is deleted."""
    counts = [(tag, users.get(tag, 0), visitors.get(tag, 0)) for tag in sorted({*users, *visitors})]
    changed = [(environment_id, *one) for one in counts if one[1] or one[2]]
    _execute_all(connection, COUNT, changed)
    _execute_all(connection, UNCOUNT, [one[:2] for one in changed if min(one[2:]) < 0])


def _execute_all(connection: Connection, query: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a query for every row, in order; do nothing without rows."""
    if rows:
        connection.exec_driver_sql(as_text(connection, query), list(rows))


# Looking


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """A person of an environment, by the id that their sender assigned; times in milliseconds."""

    person_id: str
    called: str
    created: int
    updated: int
    first_seen: int | None
    last_seen: int | None
    columns: Columns

    @property
    def profile(self) -> Profile:
        """The stored profile."""
        return from_columns(self.columns)


@dataclass(frozen=True, slots=True)
class UserQuery:
    """A query for a number of people after one, optionally with a tag or with a text in id or e-mail address.

    `attribute`: texts of which their encoded attributes contain one (`attribute_patterns`).
    """

    kind: PersonKind
    limit: int
    after: str = ""
    tag: str = ""
    search: str = ""
    attribute: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class UserPage:
    """People, and the one to continue after; None if there are no more."""

    people: Sequence[StoredPerson]
    more_after: str | None


class SqlCondition(NamedTuple):
    """An SQL condition with `?` as the placeholder of values."""

    text: str
    values: tuple[str, ...]


def find_person_id(called: str, kind: PersonKind = PersonKind.USER) -> str:
    """Return the person id for a path, which has the sender's id or the person id itself."""
    return called if ID_OF_OURS.fullmatch(called) else make_person_ref(kind, called).person_id


def find_user(connection: Connection, environment_id: str, user: str) -> StoredPerson:
    """Return the user in a path. Raise NotFound when there is none."""
    return find_person(connection, environment_id, PersonKind.USER, user)


def find_person(connection: Connection, environment_id: str, kind: PersonKind, called: str) -> StoredPerson:
    """Return the user or visitor in a path. Raise NotFound when there is none."""
    query = as_text(connection, f"{PEOPLE} AND person_id = ?")
    row = connection.exec_driver_sql(query, (environment_id, kind.value, find_person_id(called, kind))).one_or_none()
    if row is None:
        raise NotFound
    return to_person(row)


def list_people(connection: Connection, environment_id: str, wanted: UserQuery) -> UserPage:
    """Return people in order of id, but first the one whose id exactly matches the search text.

    At most `MOST_LOOKED_THROUGH` people are examined for a page: it may be short without being the last.
    """
    scope, condition = _scope(environment_id, wanted.kind), _condition(connection, wanted)
    last = find_last_examined(connection, scope, wanted.after, MOST_LOOKED_THROUGH)
    called = make_person_ref(wanted.kind, wanted.search).person_id if wanted.search and wanted.limit > 1 else ""
    first = _people(connection, [scope, condition, SqlCondition("person_id = ?", (called,))], 1) if called else []
    shown = first if not wanted.after else []
    asked = [scope, condition, SqlCondition("person_id > ? AND person_id <> ?", (wanted.after, called))]
    if last is not None:
        asked.append(SqlCondition("person_id <= ?", (last,)))
    limit = wanted.limit - len(shown)
    people = _people(connection, asked, limit)
    more_after = people[-1].person_id if len(people) == limit else last
    return UserPage([*shown, *people], more_after)


def find_last_examined(connection: Connection, scope: SqlCondition, after: str, most: int) -> str | None:
    """Return the last of that many people after one; None if there are fewer."""
    query = f"SELECT person_id FROM persons WHERE {scope.text} AND person_id > ? ORDER BY person_id LIMIT 1 OFFSET ?"  # noqa: S608 - names of ours
    row = connection.exec_driver_sql(as_text(connection, query), (*scope.values, after, most - 1)).first()
    return None if row is None else str(row[0])


def _scope(environment_id: str, kind: PersonKind) -> SqlCondition:
    """Return the scope of a search: visitors have their own index, users are found among all."""
    text = "environment_id = ?" + (" AND kind = 'visitor'" if kind is PersonKind.VISITOR else "")
    return SqlCondition(text, (environment_id,))


def _condition(connection: Connection, wanted: UserQuery) -> SqlCondition:
    """Return the search condition."""
    position = dialect_of(connection).position
    collation = dialect_of(connection).by_code_points  # lower() shall know ASCII alone
    query, values = "kind = ?", [wanted.kind.value]
    if wanted.tag:
        query += f" AND ({position}(tags, ?) > 0 OR {position}(tags, ?) > 0)"
        values += [f"{TAG_SEPARATOR}{wanted.tag}{TAG_SEPARATOR}", f"{TAG_SEPARATOR}{wanted.tag}/"]
    if wanted.search:
        query += f" AND ({position}(lower(called{collation}), ?) > 0 OR {position}(lower(email{collation}), ?) > 0)"
        values += [lower_ascii(wanted.search)] * 2
    if wanted.attribute:
        query += f" AND ({' OR '.join([f'{position}(attributes, ?) > 0'] * len(wanted.attribute))})"
        values += wanted.attribute
    return SqlCondition(query, tuple(values))


def _people(connection: Connection, conditions: Sequence[SqlCondition], limit: int) -> list[StoredPerson]:
    """Return that many people who match all conditions."""
    where = " AND ".join(one.text for one in conditions)
    query = f"SELECT {PERSON} FROM persons WHERE {where} ORDER BY person_id LIMIT ?"  # noqa: S608 - names of ours
    values = [value for one in conditions for value in one.values]
    return [to_person(row) for row in connection.exec_driver_sql(as_text(connection, query), (*values, limit))]


def to_person(row: Sequence[Any]) -> StoredPerson:
    """Return the person of a row with the columns of `PERSON`."""
    person_id, called, created, updated, first_seen, last_seen, *columns = row
    return StoredPerson(person_id, called, created, updated, first_seen, last_seen, _columns(columns))


def lower_ascii(text: str) -> str:
    """Return the text with only A to Z in lower case, like both databases."""
    return text.encode().lower().decode()


def list_tags(
    connection: Connection, environment_id: str, *, search: str, after: str, limit: int
) -> Sequence[tuple[str, int, int]]:
    """Return that many tags after one, in code point order, with their numbers of users and visitors.

    Optionally only those that contain a text.
    """
    position = dialect_of(connection).position
    tag = f"tag{dialect_of(connection).by_code_points}"
    query = (
        f"SELECT tag, users, visitors FROM user_tags WHERE environment_id = ? AND {tag} > ? "  # noqa: S608 - names of ours
        f"AND (? = '' OR {position}(tag, ?) > 0) ORDER BY {tag} LIMIT ?"
    )
    rows = connection.exec_driver_sql(as_text(connection, query), (environment_id, after, search, search, limit))
    return [(row[0], row[1], row[2]) for row in rows]
