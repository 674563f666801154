"""All SQL about users, tags and visitors: inserted, updated, looked up. Removing is in `erasure`.

Locks are taken in one order everywhere: rows of people by the code points of their ids, then the counts of tags by the
tag. Who keeps to it waits for nobody that waits for them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from templates_server.database import among, as_text, listed
from templates_server.errors import NotFound, ValidationFailed
from templates_server.persons.names import ID_OF_OURS, PersonKind, named
from templates_server.persons.profiles import (
    COLUMNS,
    TAG_SEPARATOR,
    Change,
    Columns,
    Profile,
    decode_tags,
    from_columns,
)
from templates_server.round_trips import run_together
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
    f"UPDATE persons SET {', '.join(f'{column} = ?' for column in COLUMNS)}, updated = ?, imported_by = NULL "  # noqa: S608 - names of ours
    "WHERE environment_id = ? AND person_id = ?"
)
FIND = f"SELECT person_id, {PROFILE} FROM persons WHERE environment_id = ? AND person_id "  # noqa: S608 - names of ours
LOCK = "= ? FOR UPDATE"  # of one person: Citus locks the rows of one alone
PERSON = f"person_id, called, created, updated, first_seen, last_seen, {PROFILE}"
PEOPLE = f"SELECT {PERSON} FROM persons WHERE environment_id = ? AND kind = ?"  # noqa: S608 - names of ours
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


def change_user(connection: Connection, environment_id: str, person_id: str, change: Change, *, now: int) -> Outcome:
    """Change a user who is there; NotFound when nobody is, ValidationFailed when the profile becomes too large."""
    stored = lock_columns(connection, environment_id, [person_id])
    if not stored:
        raise NotFound
    after = {person_id: folded(stored[person_id], [UserChange("", change)])}
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


def find_columns(connection: Connection, environment_id: str, person_ids: Sequence[str]) -> Stored:
    """What is kept of those of these people who are there."""
    if not person_ids:
        return {}
    query = as_text(connection, FIND + among(connection))
    rows = connection.exec_driver_sql(query, (environment_id, listed(connection, person_ids)))
    return {row[0]: _columns(row[1:]) for row in rows}


def _columns(row: Sequence[Any]) -> Columns:
    email, phone, timezone, locale, joined, tags, attributes, dates = row
    return email, phone, timezone, locale, joined, tags, attributes, dates


def lock_columns(connection: Connection, environment_id: str, person_ids: Sequence[str]) -> Stored:
    """As `find_columns`; these people are this transaction's alone to change."""
    if connection.dialect.name == "sqlite":  # there is one writer
        return find_columns(connection, environment_id, person_ids)
    statements = [(FIND + LOCK, (environment_id, person_id)) for person_id in sorted(person_ids)]
    return {row[0]: _columns(row[1:]) for rows in run_together(connection, statements) for row in rows}


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


# Looking


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """A person of an environment, by the id that their sender gave them; times in milliseconds."""

    person_id: str
    called: str
    created: int
    updated: int
    first_seen: int | None
    last_seen: int | None
    columns: Columns

    @property
    def profile(self) -> Profile:
        """What is kept of them."""
        return from_columns(self.columns)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which people of an environment: so many after one; where said, with a tag, or with a text in id or e-mail."""

    kind: PersonKind
    limit: int
    after: str = ""
    tag: str = ""
    search: str = ""


def person_id_of(user: str) -> str:
    """The id of the person whom a path names: by their user id, or by that id itself."""
    return user if ID_OF_OURS.fullmatch(user) else named(PersonKind.USER, user).person_id


def find_user(connection: Connection, environment_id: str, user: str) -> StoredPerson:
    """The user whom a path names; NotFound when there is none."""
    query = as_text(connection, f"{PEOPLE} AND person_id = ?")
    row = connection.exec_driver_sql(query, (environment_id, PersonKind.USER.value, person_id_of(user))).one_or_none()
    if row is None:
        raise NotFound
    return to_person(row)


def list_people(connection: Connection, environment_id: str, wanted: Wanted) -> Sequence[StoredPerson]:
    """Those people, in order of their ids."""
    position = "instr" if connection.dialect.name == "sqlite" else "strpos"
    collation = "" if connection.dialect.name == "sqlite" else ' COLLATE "C"'  # lower() shall know ASCII alone
    query, values = PEOPLE, [environment_id, wanted.kind.value]
    if wanted.tag:
        query += f" AND ({position}(tags, ?) > 0 OR {position}(tags, ?) > 0)"
        values += [f"{TAG_SEPARATOR}{wanted.tag}{TAG_SEPARATOR}", f"{TAG_SEPARATOR}{wanted.tag}/"]
    if wanted.search:
        query += f" AND ({position}(lower(called{collation}), ?) > 0 OR {position}(lower(email{collation}), ?) > 0)"
        values += [lower_ascii(wanted.search)] * 2
    query += " AND person_id > ? ORDER BY person_id LIMIT ?"
    rows = connection.exec_driver_sql(as_text(connection, query), (*values, wanted.after, wanted.limit))
    return [to_person(row) for row in rows]


def to_person(row: Sequence[Any]) -> StoredPerson:
    """The person of a row with the columns of `PERSON`."""
    person_id, called, created, updated, first_seen, last_seen, *columns = row
    return StoredPerson(person_id, called, created, updated, first_seen, last_seen, _columns(columns))


def lower_ascii(text: str) -> str:
    """The text with the letters A to Z in lower case, and no others, as both databases do it."""
    return text.encode().lower().decode()


def list_tags(
    connection: Connection, environment_id: str, *, search: str, after: str, limit: int
) -> Sequence[tuple[str, int]]:
    """So many tags after one, by code points, and how many users have each; where said, those with a text in them."""
    position = "instr" if connection.dialect.name == "sqlite" else "strpos"
    tag = "tag" if connection.dialect.name == "sqlite" else 'tag COLLATE "C"'
    query = (
        f"SELECT tag, users FROM user_tags WHERE environment_id = ? AND {tag} > ? "  # noqa: S608 - names of ours
        f"AND (? = '' OR {position}(tag, ?) > 0) ORDER BY {tag} LIMIT ?"
    )
    rows = connection.exec_driver_sql(as_text(connection, query), (environment_id, after, search, search, limit))
    return [(row[0], row[1]) for row in rows]
