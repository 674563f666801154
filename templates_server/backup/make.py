"""Making a backup of a data folder and its database, while a server works on them."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Table

from templates_server import migrations
from templates_server.backup import archive, tables
from templates_server.backup.beside import fault_in
from templates_server.data_folder import DataFolder, put_in_place
from templates_server.database import Database
from templates_server.times import system_clock


class NothingToBackUp(Exception):
    """No server has ever kept anything there."""


class CannotBeBackedUp(Exception):
    """A file beside the database is damaged; the message says which."""


def back_up(folder: DataFolder, database: Database, target: Path) -> int:
    """Write a backup of one moment to a path where nothing is yet; its size in bytes. The file is private."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        database.read_now(lambda connection: _write(connection, folder, temporary))
        size = temporary.stat().st_size
        put_in_place(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return size


def _write(connection: Connection, folder: DataFolder, path: Path) -> None:
    schema = migrations.current_revision(connection)
    if schema is None:
        raise NothingToBackUp
    manifest = archive.Manifest(archive.FORMAT, version("mtribes"), schema, system_clock())
    with archive.writing(path) as writer:
        writer.add(archive.MANIFEST, msgspec.json.encode(manifest))
        files = [file for file in (folder.key_file, folder.demo_file, folder.erasures_file) if file.exists()]
        for file in files:
            writer.add(archive.FILES + file.name, _checked(file))
        rows = {table.name: _write_table(connection, table, writer) for table in tables.tables_of(connection)}
        writer.add(archive.END, msgspec.json.encode(archive.End(rows, [file.name for file in files])))


def _checked(file: Path) -> bytes:
    """The content of a file; CannotBeBackedUp where its backup could not be restored."""
    content = file.read_bytes()
    if fault := fault_in(file.name, content):
        raise CannotBeBackedUp(f"{file} {fault}")
    return content


def _write_table(connection: Connection, table: Table, writer: archive.Writer) -> int:
    total = 0
    for number, (count, chunk) in enumerate(tables.chunks_of(connection, table), start=1):
        writer.add(archive.piece_name(table.name, number), chunk)
        total += count
    return total
