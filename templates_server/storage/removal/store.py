"""All SQL that removes what deleted Spaces and organizations leave, step by step.

A removal of a Space is a row for each of its environments.

The Space itself goes with the transaction that begins its removals: from then on nobody reaches its environments. Their
rows go in steps, a transaction each, so that nobody waits long for the writer. Whoever takes the same step at the same
time finds the rows gone, and removes others or none.

An organization that was deleted is called by its id, which is no key, and nobody belongs to it. Its audit log, which
can be long, goes in steps; then it goes itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, Table

from templates_server.primitives.timestamps import MINUTE
from templates_server.storage.dialect import as_text
from templates_server.storage.tables import metadata, organizations

ROWS_A_STEP = 1000
KEPT_FOR = 10 * MINUTE
"""How long it is looked for what arrives late: requests that had begun, in this process or in others."""

BEGIN = (
    "INSERT INTO environment_removals (environment_id, created) "
    "SELECT id, CAST(? AS BIGINT) FROM environments WHERE space_id = ?"
)
LIST = "SELECT environment_id, created FROM environment_removals ORDER BY created, environment_id"
END = "DELETE FROM environment_removals WHERE environment_id = ?"
WITHOUT_SPACES = "NOT EXISTS (SELECT 1 FROM spaces WHERE spaces.organization_id = organizations.id)"
"""What is known of people hangs on no foreign key: a Space has to be deleted by itself, before its organization."""
REMOVED_ORGANIZATIONS = f"SELECT id FROM organizations WHERE key = id AND {WITHOUT_SPACES} ORDER BY id"  # noqa: S608 - names of ours
AUDIT_ENTRIES = "DELETE FROM audit_entries WHERE organization_id = ?"
LAST_ENTRY_OF_STEP = "SELECT id FROM audit_entries WHERE organization_id = ? ORDER BY id LIMIT 1 OFFSET ?"
END_ORGANIZATION = f"DELETE FROM organizations WHERE id = ? AND key = id AND {WITHOUT_SPACES}"  # noqa: S608 - names of ours


def _tables() -> Sequence[Table]:
    """Return the tables of environments that do not go with these by themselves."""
    columns = [(table, table.c.get("environment_id")) for table in metadata.sorted_tables]
    found = [table for table, column in columns if column is not None and not column.foreign_keys]
    return [table for table in found if table.name != "environment_removals"]


TABLES = _tables()


def begin(connection: Connection, space_id: str, *, now: int) -> None:
    """Have what the environments of a Space have removed; the Space is deleted in the same transaction."""
    connection.exec_driver_sql(as_text(connection, BEGIN), (now, space_id))


def list_removals(connection: Connection) -> Sequence[tuple[str, int]]:
    """Return the environments whose rows are to be removed, and since when, in milliseconds."""
    return [(row[0], row[1]) for row in connection.exec_driver_sql(LIST)]


def remaining(connection: Connection, environment_id: str) -> Collection[str]:
    """Return the names of the tables that have rows of an environment."""
    query = as_text(connection, "SELECT 1 FROM {} WHERE environment_id = ? LIMIT 1")
    rows = {table.name: connection.exec_driver_sql(query.format(table.name), (environment_id,)) for table in TABLES}
    return [name for name, found in rows.items() if found.first() is not None]


def take_step(connection: Connection, environment_id: str, table_name: str) -> int:
    """Remove the next rows of an environment from a table; how many."""
    names = metadata.tables[table_name].primary_key.columns.keys()
    key = ", ".join(names[1:])
    last = f"SELECT {key} FROM {table_name} WHERE environment_id = ? ORDER BY {key} LIMIT 1 OFFSET {ROWS_A_STEP - 1}"  # noqa: S608 - names of ours
    end = connection.exec_driver_sql(as_text(connection, last), (environment_id,)).first()
    removal = f"DELETE FROM {table_name} WHERE environment_id = ?"  # noqa: S608 - names of ours
    if end is None:
        return connection.exec_driver_sql(as_text(connection, removal), (environment_id,)).rowcount
    up_to = f"{removal} AND ({key}) <= ({', '.join('?' * len(end))})"
    return connection.exec_driver_sql(as_text(connection, up_to), (environment_id, *end)).rowcount


def end(connection: Connection, environment_id: str) -> None:
    """Note that nothing of an environment is left, and that nothing more comes."""
    connection.exec_driver_sql(as_text(connection, END), (environment_id,))


# Organizations


def is_kept() -> ColumnElement[bool]:
    """Return whether an organization has not been deleted."""
    return organizations.c.key != organizations.c.id


def list_removed_organizations(connection: Connection) -> Sequence[str]:
    """Return the organizations that were deleted and are still to be removed."""
    return list(connection.exec_driver_sql(REMOVED_ORGANIZATIONS).scalars())


def take_step_of_organization(connection: Connection, organization_id: str) -> None:
    """Remove the next entries of a deleted organization's audit log; with the last, the organization."""
    last = as_text(connection, LAST_ENTRY_OF_STEP)
    end = connection.exec_driver_sql(last, (organization_id, ROWS_A_STEP - 1)).scalar_one_or_none()
    if end is not None:
        up_to = as_text(connection, f"{AUDIT_ENTRIES} AND id <= ?")
        connection.exec_driver_sql(up_to, (organization_id, end))
        return
    for removal in (AUDIT_ENTRIES, END_ORGANIZATION):
        connection.exec_driver_sql(as_text(connection, removal), (organization_id,))
