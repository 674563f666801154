"""Restore of a backup into an empty data folder and an empty database, of either kind: everything or nothing.

People erased since the backup remain erased. An erasure in the backed-up database came before the backup: a person who
is nevertheless in the backup had come back, and remains. Every other erasure in the list, from the backup's files or
from the operator, is repeated. This does not depend on any clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table
from sqlalchemy.exc import OperationalError, StatementError

from templates_server.features.operations import backup_archive, backup_tables
from templates_server.features.operations.backup_files import ERASURES, FILES_KEPT, find_fault
from templates_server.features.people.erasure_log import format_erasures, parse_erasures
from templates_server.features.people.erasure_store import ErasedPerson, list_erasures, repeat_erasures
from templates_server.storage import migrations
from templates_server.storage.data_folder import DataFolder, write_private
from templates_server.storage.database import Database

NOT_OF_ITS_SCHEMA = (StatementError, ValueError, KeyError, TypeError)


class NotEmpty(Exception):
    """An error for a target database that already has tables."""


@dataclass(frozen=True)
class RestoreSummary:
    """The number of rows per table, and of people removed again because they had been erased since."""

    rows: Mapping[str, int]
    erased_again: int


def restore_into(
    database: Database, folder: DataFolder, source: Path, erasures: Collection[ErasedPerson] = ()
) -> RestoreSummary:
    """Restore in one transaction, without the people in these erasures who were erased after the backup.

    Raise NotEmpty, or NotABackup when the file is unusable.
    """
    return database.write_sync(lambda connection: _restore(connection, folder, source, erasures))


def _restore(
    connection: Connection, folder: DataFolder, source: Path, erasures: Collection[ErasedPerson]
) -> RestoreSummary:
    if not backup_tables.is_empty(connection):
        raise NotEmpty
    content = backup_archive.read_members(source)
    _make_schema(connection, content)
    files, rows = _fill(connection, content)
    _upgrade(connection)
    listed = {*parse_erasures(files.get(ERASURES, b"")), *erasures}
    erased_again = _erase_again(connection, listed)
    if listed:
        files[ERASURES] = format_erasures(sorted(listed, key=lambda one: (one.erased, one)))
    for name, text in files.items():
        write_private(folder.path / name, text)
    return RestoreSummary(rows, erased_again)


def _upgrade(connection: Connection) -> None:
    """Upgrade restored data to the schema of this version. Raise NotABackup when its values do not fit its version."""
    try:
        migrations.upgrade_connection(connection)
    except OperationalError:
        raise
    except NOT_OF_ITS_SCHEMA as error:
        raise backup_archive.NotABackup(
            f"its rows cannot be migrated to the schema of this version ({error})"
        ) from None


def _erase_again(connection: Connection, listed: Collection[ErasedPerson]) -> int:
    """Remove people erased after the database was backed up; return how many of them existed."""
    known = {(one.environment_id, one.person_id): one.erased for one in list_erasures(connection)}
    since = [one for one in listed if one.erased > known.get((one.environment_id, one.person_id), -1)]
    return repeat_erasures(connection, sorted(since, key=lambda one: one.erased))


def _make_schema(connection: Connection, content: Iterator[tuple[str, bytes]]) -> None:
    """Create the tables of the schema at the time of the backup."""
    name, first = next(content, ("", b""))
    if name != backup_archive.MANIFEST:
        raise backup_archive.NotABackup("the manifest is missing")
    manifest = backup_archive.read_manifest(first)
    if not migrations.is_known(manifest.schema):
        raise backup_archive.NotABackup(
            f"it was created by mtribes-server {manifest.version}: upgrade this mtribes-server first"
        )
    migrations.upgrade_connection(connection, revision=manifest.schema)


def _fill(connection: Connection, content: Iterator[tuple[str, bytes]]) -> tuple[dict[str, bytes], Mapping[str, int]]:
    """Store every row; return the files beside the database, and the row count of each table."""
    known = {table.name: table for table in backup_tables.tables_of(connection)}
    files: dict[str, bytes] = {}
    rows = dict.fromkeys(known, 0)
    pieces = _Pieces(known)
    for name, text in content:
        if name == backup_archive.END:
            backup_archive.check_end(text, rows, files)
            _check_nothing_follows(content)
            return files, rows
        kind, _, rest = name.partition("/")
        if kind == "files" and rest in FILES_KEPT and rest not in files and not pieces.have_begun:
            files[rest] = _checked_file(rest, text)
        else:
            table = pieces.table_of(name)
            rows[table.name] += pieces.reader.insert(connection, name, text)
    raise backup_archive.NotABackup("the file is truncated: the end is missing")


class _Pieces:
    """A check of the order of pieces: those of a table from 1 on, and each table once."""

    def __init__(self, known: Mapping[str, Table]) -> None:
        self._left = dict(known)
        self._table: Table | None = None
        self._number = 0
        self.reader: backup_tables.TableReader

    @property
    def have_begun(self) -> bool:
        """Return whether a table has started."""
        return self._table is not None

    def table_of(self, name: str) -> Table:
        """Return the table of the next member. Raise NotABackup when another one is expected."""
        table = name.removeprefix(backup_archive.TABLES).partition("/")[0]
        if name.startswith(backup_archive.TABLES) and table in self._left:
            self._table = self._left.pop(table)
            self._number = 0
            self.reader = backup_tables.TableReader(self._table)
        if self._table is None or name != backup_archive.piece_name(self._table.name, self._number + 1):
            raise backup_archive.NotABackup(f"unexpected member {name!r}")
        self._number += 1
        return self._table


def _checked_file(name: str, content: bytes) -> bytes:
    """Return a file that belongs beside the database. Raise NotABackup when no server could use it."""
    if fault := find_fault(name, content):
        raise backup_archive.NotABackup(f"its member {backup_archive.FILES}{name} {fault}")
    return content


def _check_nothing_follows(content: Iterator[tuple[str, bytes]]) -> None:
    """Read to the end of the file, where its checksum is."""
    for name, _ in content:
        raise backup_archive.NotABackup(f"unexpected member {name!r} after its end")
