"""Restoring a backup into an empty data folder and an empty database, of either kind: all of it or nothing.

But whoever was erased since stays out. An erasure that the backed-up database knows of came before the backup: who is
in the backup nevertheless had come back, and stays. Every other erasure that is listed, in the backup's files or by
whoever restores, is made again. No clock has a say in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from templates_server import migrations
from templates_server.backup import archive, tables
from templates_server.data_folder import DataFolder, write_private
from templates_server.database import Database
from templates_server.users.erasure.listing import UnreadableList, format_erasures, parse_erasures
from templates_server.users.erasure.store import ErasedPerson, erase_again, list_erasures

ERASURES = "erasures.jsonl"
FILES_KEPT = frozenset({"server.key", "demo.json", ERASURES})


class NotEmpty(Exception):
    """The database that would be restored into holds tables already."""


@dataclass(frozen=True)
class Restored:
    """How many rows each table got, and how many people were removed again because they had been erased since."""

    rows: Mapping[str, int]
    erased_again: int


def restore_into(
    database: Database, folder: DataFolder, source: Path, erasures: Collection[ErasedPerson] = ()
) -> Restored:
    """Restore in one transaction, less the people of these erasures whom the backup knows and should not.

    NotEmpty, or NotABackup when the file will not do.
    """
    return database.write_now(lambda connection: _restore(connection, folder, source, erasures))


def _restore(connection: Connection, folder: DataFolder, source: Path, erasures: Collection[ErasedPerson]) -> Restored:
    if not tables.is_empty(connection):
        raise NotEmpty
    content = archive.members(source)
    _make_schema(connection, content)
    files, rows = _fill(connection, content)
    migrations.upgrade_connection(connection)
    listed = {*_listed_in(files), *erasures}
    erased_again = _erase_again(connection, listed)
    if listed:
        files[ERASURES] = format_erasures(sorted(listed, key=lambda one: (one.erased, one)))
    for name, text in files.items():
        write_private(folder.path / name, text)
    return Restored(rows, erased_again)


def _listed_in(files: Mapping[str, bytes]) -> Collection[ErasedPerson]:
    try:
        return parse_erasures(files.get(ERASURES, b""))
    except UnreadableList as error:
        raise archive.NotABackup(f"its list of erasures is damaged: {error}") from None


def _erase_again(connection: Connection, listed: Collection[ErasedPerson]) -> int:
    """Remove whoever was erased after the database was backed up; how many of them were there."""
    known = {(one.environment_id, one.person_id): one.erased for one in list_erasures(connection)}
    since = [one for one in listed if one.erased > known.get((one.environment_id, one.person_id), -1)]
    return erase_again(connection, sorted(since, key=lambda one: one.erased))


def _make_schema(connection: Connection, content: Iterator[tuple[str, bytes]]) -> None:
    """The tables as they were when the backup was made."""
    name, first = next(content, ("", b""))
    if name != archive.MANIFEST:
        raise archive.NotABackup("it does not begin with a manifest")
    manifest = archive.read_manifest(first)
    if not migrations.is_known(manifest.schema):
        raise archive.NotABackup(f"it was made by the later mtribes-server {manifest.version}: upgrade this one first")
    migrations.upgrade_connection(connection, revision=manifest.schema)


def _fill(connection: Connection, content: Iterator[tuple[str, bytes]]) -> tuple[dict[str, bytes], Mapping[str, int]]:
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
