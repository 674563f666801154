"""Backup of a data folder and its database while a server is running."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Table

from templates_server.features.operations import backup_archive, backup_tables
from templates_server.features.operations.backup_files import find_fault
from templates_server.primitives.timestamps import system_clock
from templates_server.storage import migrations
from templates_server.storage.data_folder import DataFolder, put_in_place
from templates_server.storage.database import Database


class NothingToBackUp(Exception):
    """An error for a data folder that no server has ever used."""


class CannotBeBackedUp(Exception):
    """An error for a damaged file beside the database; the message names it."""


def back_up(folder: DataFolder, database: Database, target: Path) -> int:
    """Write a consistent backup to a new path and return its size in bytes. The file is private."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        database.read_sync(lambda connection: _write(connection, folder, temporary))
        size = temporary.stat().st_size
        put_in_place(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return size


def _write(connection: Connection, folder: DataFolder, path: Path) -> None:
    schema = migrations.current_revision(connection)
    if schema is None:
        raise NothingToBackUp
    manifest = backup_archive.Manifest(backup_archive.FORMAT, version("mtribes"), schema, system_clock())
    with backup_archive.create_backup(path) as writer:
        writer.add(backup_archive.MANIFEST, msgspec.json.encode(manifest))
        files = [file for file in (folder.key_file, folder.demo_file, folder.erasures_file) if file.exists()]
        for file in files:
            writer.add(backup_archive.FILES + file.name, _read_checked(file))
        rows = {table.name: _write_table(connection, table, writer) for table in backup_tables.tables_of(connection)}
        writer.add(
            backup_archive.END, msgspec.json.encode(backup_archive.BackupEnd(rows, [file.name for file in files]))
        )


def _read_checked(file: Path) -> bytes:
    """Return the content of a file. Raise CannotBeBackedUp when its backup could not be restored."""
    content = file.read_bytes()
    if fault := find_fault(file.name, content):
        raise CannotBeBackedUp(f"{file} {fault}")
    return content


def _write_table(connection: Connection, table: Table, writer: backup_archive.BackupWriter) -> int:
    total = 0
    for number, (count, chunk) in enumerate(backup_tables.chunks_of(connection, table), start=1):
        writer.add(backup_archive.piece_name(table.name, number), chunk)
        total += count
    return total
