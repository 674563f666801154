"""Restoring a backup into an empty data folder and an empty database, of either kind: all of it or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import Connection

from templates_server import migrations
from templates_server.backup import archive, tables
from templates_server.data_folder import DataFolder, write_private
from templates_server.database import Database

FILES_KEPT = frozenset({"server.key", "demo.json"})


class NotEmpty(Exception):
    """The database that would be restored into holds tables already."""


def restore_into(database: Database, folder: DataFolder, source: Path) -> Mapping[str, int]:
    """Restore in one transaction; how many rows each table got. NotEmpty, or NotABackup when the file will not do."""
    return database.write_now(lambda connection: _restore(connection, folder, source))


def _restore(connection: Connection, folder: DataFolder, source: Path) -> Mapping[str, int]:
    if not tables.is_empty(connection):
        raise NotEmpty
    content = archive.members(source)
    _make_schema(connection, content)
    files, rows = _fill(connection, content)
    migrations.upgrade_connection(connection)
    for name, text in files.items():
        write_private(folder.path / name, text)
    return rows


def _make_schema(connection: Connection, content: Iterator[tuple[str, bytes]]) -> None:
    """The tables as they were when the backup was made."""
    name, first = next(content, ("", b""))
    if name != archive.MANIFEST:
        raise archive.NotABackup("it does not begin with a manifest")
    manifest = archive.read_manifest(first)
    if not migrations.is_known(manifest.schema):
        raise archive.NotABackup(f"it was made by the later mtribes-server {manifest.version}: upgrade this one first")
    migrations.upgrade_connection(connection, revision=manifest.schema)


def _fill(
    connection: Connection, content: Iterator[tuple[str, bytes]]
) -> tuple[Mapping[str, bytes], Mapping[str, int]]:
    """Every row into its table; the files beside the database, and the count of rows by table."""
    known = {table.name: table for table in tables.tables_of(connection)}
    files: dict[str, bytes] = {}
    rows: Counter[str] = Counter()
    for name, text in content:
        kind, _, rest = name.partition("/")
        table = rest.partition("/")[0]
        if kind == "tables" and table in known:
            rows[table] += tables.insert_chunk(connection, known[table], text)
        elif kind == "files" and rest in FILES_KEPT:
            files[rest] = text
        elif name == archive.END:
            archive.check_end(text, rows)
            return files, rows
        else:
            raise archive.NotABackup(f"it holds {name!r}, which is no part of a backup")
    raise archive.NotABackup("it is cut: the end is missing")
