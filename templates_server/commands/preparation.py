"""What a server needs before it serves: the schema of this version, its key, demo data or a first Space."""

from __future__ import annotations

import sys

import msgspec

from templates_server.commands.errors import WrongUsage
from templates_server.commands.local_setup import ORGANIZATION, SPACE, make_first_space
from templates_server.commands.lost_database import refuse_lost_database
from templates_server.commands.start_options import ServerOptions
from templates_server.features.demo import seed
from templates_server.features.people.erasure_log import ErasureLog, UnreadableErasureLog
from templates_server.features.people.erasure_store import list_erasures
from templates_server.primitives.timestamps import system_clock
from templates_server.security import server_key
from templates_server.security.passwords import Passwords
from templates_server.security.server_key import ServerKey
from templates_server.settings import (
    Settings,
)
from templates_server.storage import migrations
from templates_server.storage.data_folder import DataFolder, write_private
from templates_server.storage.database import Database
from templates_server.storage.factory import open_database


def prepare(settings: Settings, options: ServerOptions) -> None:
    """Bring the schema to this version, and seed what a demo needs.

    The key comes after the database: a key without a database is the sign of one that was lost.
    """
    folder = options.folder
    database = open_database(settings.database_url)
    try:
        if not options.new_database:
            refuse_lost_database(folder, settings.database_url, database)
        migrations.upgrade(database)
        key = _server_key(folder)
        if settings.demo:
            _seed(settings, database, key, folder)
        elif settings.local and make_first_space(database):
            sys.stderr.write(f"Created organization {ORGANIZATION} with an empty Space, {SPACE}.\n")
        _complete_erasures(database, folder)
    finally:
        database.close()


def _complete_erasures(database: Database, folder: DataFolder) -> None:
    """Bring the folder's list of erasures in step with the database's, for the day when only the list is left."""
    try:
        ErasureLog(folder.erasures_file).complete(database.read_sync(list_erasures))
    except UnreadableErasureLog as error:
        raise WrongUsage(
            f"{folder.erasures_file} is not a valid list of erasures: {error}.",
            "Correct the line, or move the file away: the server recreates it from the database.",
        ) from None


def _server_key(folder: DataFolder) -> ServerKey:
    """The key, made now when there is none: before several processes need it."""
    try:
        return server_key.load(folder.path)
    except ValueError as error:
        raise WrongUsage(
            f"{error}.", "Correct the file, or remove it. If you remove it, everyone must sign in again."
        ) from None


def _seed(settings: Settings, database: Database, key: ServerKey, folder: DataFolder) -> None:
    """Demo data where there is none yet, and how to get at it."""
    passwords = Passwords()
    try:
        facts = database.write_sync(
            lambda connection: seed(connection, system_clock(), key=key, hash_password=passwords.hash_now)
        )
    finally:
        passwords.close()
    told = {"host": settings.public_url, **msgspec.to_builtins(facts)}
    write_private(folder.demo_file, msgspec.json.format(msgspec.json.encode(told)) + b"\n")
