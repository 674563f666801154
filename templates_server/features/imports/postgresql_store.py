"""All SQL that stores the rows of a part in PostgreSQL: by direct COPY, or via a temporary table.

Others write at the same time. Inserted and changed people are locked in order of person, by code points.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from templates_server.features.imports.fast_parser import Row
from templates_server.features.imports.part_result import PartResult, group_by_person, replace_columns
from templates_server.features.imports.store import PartMark
from templates_server.features.people.profile import COLUMNS
from templates_server.features.people.store import find_columns
from templates_server.storage.dialect import as_text

ROWS_A_WRITE = 2_000
ROWS_A_LOOK = 2_000
SAMPLED = 50
NAMES = ", ".join(COLUMNS)
STRAIGHT = f"environment_id, kind, created, updated, imported_by, share_number, person_id, called, {NAMES}"
COPY_STRAIGHT = f"COPY persons ({STRAIGHT}) FROM STDIN"
STAGE = (
    "CREATE TEMPORARY TABLE {table} (is_repeated boolean, share_number bigint, person_id text, called text, "
    "email text, phone text, timezone text, locale text, joined bigint, "
    "tags text, attributes text, dates text) ON COMMIT DROP"
)
COPY_STAGE = f"COPY {{table}} (is_repeated, share_number, person_id, called, {NAMES}) FROM STDIN"
BY_INDEX = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"  # few of many: never read all people
OF_PERSONS = ", ".join(f"persons.{name}" for name in COLUMNS)
OF_ARRIVING = ", ".join(f"arriving.{name}" for name in COLUMNS)
OPTIONAL = ("email", "phone", "timezone", "locale", "joined", "dates")
FIELDS = ", E'\\t', ".join(f"coalesce({name}::text, E'\\x1f')" if name in OPTIONAL else name for name in COLUMNS)
STORED = (  # as `_line` writes it
    f"SELECT string_agg(concat(person_id, E'\\t', called, E'\\t', {FIELDS}, E'\\x1e'), '' "  # noqa: S608 - names of ours
    'ORDER BY person_id COLLATE "C") FROM persons WHERE environment_id = ? AND person_id = ANY(?::text[])'
)
LEFT = (  # all but those who are stored just so: what was sent changes nothing of them
    "SELECT arriving.person_id FROM arriving LEFT JOIN persons "  # noqa: S608 - names of ours
    "ON persons.environment_id = ? AND persons.person_id = arriving.person_id "
    f"AND NOT is_repeated AND ({OF_PERSONS}) IS NOT DISTINCT FROM ({OF_ARRIVING}) WHERE persons.person_id IS NULL"
)
ADD_OR_LOCK = (  # the condition never holds: it locks the row of who is there already and changes nothing
    f"INSERT INTO persons ({STRAIGHT}) SELECT ?, 'user', ?, ?, ?, share_number, person_id, called, {NAMES} "  # noqa: S608 - names of ours
    'FROM arriving WHERE person_id = ANY(?) ORDER BY person_id COLLATE "C" '
    "ON CONFLICT (environment_id, person_id) DO UPDATE SET kind = persons.kind WHERE false RETURNING person_id"
)
CHANGE = (
    "UPDATE persons SET updated = ?, imported_by = ?, "  # noqa: S608 - names of ours
    f"{', '.join(f'{name} = changing.{name}' for name in COLUMNS)} FROM changing "
    "WHERE persons.environment_id = ? AND persons.person_id = changing.person_id"
)
CHANGED = (
    "SELECT sent.person_id FROM unnest(?::text[]) AS sent (person_id) LEFT JOIN persons "
    "ON persons.environment_id = ? AND persons.person_id = sent.person_id "
    "AND (imported_by, updated) IN (VALUES {marks}) WHERE persons.person_id IS NULL"
)
NULL, FIELD_END, ROW_END = (
    "\x1f",
    "\t",
    "\x1e",
)  # no value holds any of them: control characters are refused, or escaped


def apply_rows(connection: Connection, arriving: PartResult) -> None:
    """Insert new people and update existing ones."""
    repeated = _group_repeated(arriving)
    new = _as_new(arriving, repeated)
    if not _some_are_there(connection, arriving, new):
        if _copied_straight(connection, arriving, new):
            _note_new(arriving, new, repeated)
            return
    elif not repeated:
        new = _drop_unchanged(connection, arriving)
        if not new:
            return
    connection.exec_driver_sql(BY_INDEX)
    _stage(connection, "arriving", new, repeated)
    environment_id = arriving.environment_id
    left = list(connection.exec_driver_sql(as_text(connection, LEFT), (environment_id,)).scalars())
    arriving.unchanged += len(new) - len(left)
    if not left:
        return
    added = set(
        connection.exec_driver_sql(
            as_text(connection, ADD_OR_LOCK), (environment_id, arriving.now, arriving.now, arriving.mark, left)
        ).scalars()
    )
    _note_new(arriving, [row for row in new if row[0] in added], repeated)
    _change(connection, arriving, set(left) - added)


def find_changed(
    connection: Connection, environment_id: str, marks: Sequence[PartMark], person_ids: Sequence[str]
) -> Collection[str]:
    """Return the people changed since a part with one of these marks was applied; see `people_store`."""
    connection.exec_driver_sql(BY_INDEX)
    query = as_text(connection, CHANGED.format(marks=", ".join("(?::bigint, ?::bigint)" for _ in marks)))
    parameters = (_array(person_ids), environment_id, *itertools.chain(*marks))
    return set(connection.exec_driver_sql(query, parameters).scalars())


def _array(person_ids: Sequence[str]) -> str:
    """Format a list as a PostgreSQL array literal: a list would be dumped element by element."""
    return f"{{{','.join(person_ids)}}}"


def _group_repeated(arriving: PartResult) -> Mapping[str, Sequence[Row]]:
    """Return the rows of people with several, by person."""
    if len({row[0] for row in arriving.rows}) == len(arriving.rows):
        return {}
    return {person_id: own for person_id, own in group_by_person(arriving.rows) if len(own) > 1}


def _as_new(arriving: PartResult, repeated: Mapping[str, Sequence[Row]]) -> Sequence[Row]:
    """Return one row per person, in the form for a new person."""
    if not repeated:
        return arriving.rows
    return [
        own[0] if len(own) == 1 else replace_columns(own[0], arriving.apply(own, None).columns)
        for _, own in group_by_person(arriving.rows)
    ]


def _note_new(arriving: PartResult, new: Sequence[Row], repeated: Mapping[str, Sequence[Row]]) -> None:
    arriving.add_new([row for row in new if row[0] not in repeated] if repeated else new)
    for row in new if repeated else ():
        if row[0] in repeated:
            own = repeated[row[0]]
            arriving.note(own, arriving.apply(own, None), None)


def _some_are_there(connection: Connection, arriving: PartResult, new: Sequence[Row]) -> bool:
    """Return whether any of a sample exists, so that others probably do too."""
    sample = [row[0] for row in new[:: max(1, len(new) // SAMPLED)]]
    return bool(find_columns(connection, arriving.environment_id, sample))


def _drop_unchanged(connection: Connection, arriving: PartResult) -> Sequence[Row]:
    """Drop rows if a large group is stored identically, which needs no check of each row."""
    left: list[Row] = []
    for start in range(0, len(arriving.rows), ROWS_A_LOOK):
        rows = arriving.rows[start : start + ROWS_A_LOOK]
        if _are_stored(connection, arriving.environment_id, rows):
            arriving.unchanged += len(rows)
        else:
            left += rows
    return left


def _are_stored(connection: Connection, environment_id: str, rows: Sequence[Row]) -> bool:
    person_ids = _array([row[0] for row in rows])
    stored = connection.exec_driver_sql(as_text(connection, STORED), (environment_id, person_ids)).scalar_one()
    return bool(stored == "".join([_line(row) for row in rows]))


def _copied_straight(connection: Connection, arriving: PartResult, new: Sequence[Row]) -> bool:
    """Insert all rows; return False, without any change, when one of the people exists."""
    now = str(arriving.now)
    fixed = FIELD_END.join((arriving.environment_id, "user", now, now, str(arriving.mark), ""))
    try:
        with connection.begin_nested():
            _copy(connection, COPY_STRAIGHT, _texts(new, fixed))
    except IntegrityError:
        return False
    return True


def _change(connection: Connection, arriving: PartResult, person_ids: Collection[str]) -> None:
    """Apply the rows of existing people, which are locked by this transaction."""
    own = group_by_person(row for row in arriving.rows if row[0] in person_ids)
    changed: list[Row] = []
    while some := dict(itertools.islice(own, ROWS_A_WRITE)):
        stored = find_columns(connection, arriving.environment_id, list(some))
        for person_id, rows in some.items():
            after = arriving.settle(rows, stored[person_id])
            if after is not None:
                changed.append(replace_columns(rows[0], after))
    if changed:
        _stage(connection, "changing", changed, ())
        parameters = (arriving.now, arriving.mark, arriving.environment_id)
        connection.exec_driver_sql(as_text(connection, CHANGE), parameters)


def _stage(connection: Connection, table: str, rows: Sequence[Row], repeated: Collection[str]) -> None:
    """Copy rows into a temporary table."""
    connection.exec_driver_sql(STAGE.format(table=table))
    once = (row for row in rows if row[0] not in repeated) if repeated else rows
    often = (row for row in rows if row[0] in repeated) if repeated else ()
    texts = itertools.chain(_texts(once, f"f{FIELD_END}"), _texts(often, f"t{FIELD_END}"))
    _copy(connection, COPY_STAGE.format(table=table), texts)


def _copy(connection: Connection, statement: str, texts: Iterable[str]) -> None:
    """Run a COPY, with the error handling of any other statement."""
    driver: psycopg.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    try:
        with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for text in texts:
                copy.write(text)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect) from error


def _texts(rows: Iterable[Row], fixed: str) -> Iterator[str]:
    """Return rows in the text format of COPY, in bulk; each starts with `fixed` and its number."""
    lines = (f"{fixed}{row[3]}{FIELD_END}{_line(row)}" for row in rows)
    while text := "".join(itertools.islice(lines, ROWS_A_WRITE)):
        yield text.replace("\\", "\\\\").replace("\n", "\\n").replace(NULL, "\\N").replace(ROW_END, "\n")


def _line(row: Row) -> str:
    """Return a row before escaping; none of its optional texts is empty.

    It omits the number, which may differ for existing people.
    """
    person_id, _, called, _, email, phone, timezone, locale, joined, tags, attributes, dates = row
    day = NULL if joined is None else joined
    return (
        f"{person_id}\t{called}\t{email or NULL}\t{phone or NULL}\t{timezone or NULL}\t{locale or NULL}\t{day}"
        f"\t{tags}\t{attributes}\t{dates or NULL}{ROW_END}"
    )
