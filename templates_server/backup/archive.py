"""The form of a backup: a tar file under zstandard, the same for every database.

    manifest.json                   {"format": 1, "version": ..., "schema": ..., "created": ...}
    files/server.key ...            what lies beside the database in the data folder
    tables/<table>/<number>.jsonl   rows, one JSON object a line, binary values as {"base64": ...}
    end.json                        {"rows": {table: count}}: a file without it was cut

Nothing here knows a database.
"""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import zstandard

from templates_server.data_folder import PRIVATE_FILE

FORMAT = 1
ZSTANDARD_LEVEL = 6
MANIFEST, END = "manifest.json", "end.json"
FILES, TABLES = "files/", "tables/"


class NotABackup(Exception):
    """The file is not a whole backup, or one that this version cannot read; the message says why."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup is of. `created` in milliseconds."""

    format: int
    version: str
    schema: str
    created: int


class End(msgspec.Struct, frozen=True):
    """What must have been read by the end."""

    rows: dict[str, int]


class Writer:
    """Puts members into a backup, in order."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def add(self, name: str, content: bytes) -> None:
        """One more member."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o600
        self._archive.addfile(entry, io.BytesIO(content))


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A new backup at a path, for its owner's eyes; complete, and on the disk, when the block ends well."""
    compressor = zstandard.ZstdCompressor(level=ZSTANDARD_LEVEL)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as file:
        with (
            compressor.stream_writer(file, closefd=False) as stream,
            tarfile.open(fileobj=stream, mode="w|") as archive,
        ):
            yield Writer(archive)
        file.flush()
        os.fsync(file.fileno())


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every member by name, in order; NotABackup when the file is something else or is damaged."""
    decompressor = zstandard.ZstdDecompressor()
    try:
        with (
            path.open("rb") as file,
            decompressor.stream_reader(file) as stream,
            tarfile.open(fileobj=stream, mode="r|") as archive,
        ):
            for entry in archive:
                content = archive.extractfile(entry)
                if content is None:
                    raise NotABackup(f"{entry.name} in it is not a file")
                yield entry.name, content.read()
    except (zstandard.ZstdError, tarfile.TarError, EOFError) as error:
        raise NotABackup(f"it is damaged or something else ({error})") from None


def read_manifest(content: bytes) -> Manifest:
    """The manifest; NotABackup when it is of a later format."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise NotABackup(f"its manifest is not readable ({error})") from None
    if manifest.format != FORMAT:
        raise NotABackup(f"its format {manifest.format} is of a later mtribes-server than this one")
    return manifest


def check_end(content: bytes, rows: Mapping[str, int]) -> None:
    """NotABackup unless exactly as many rows were read as were written."""
    expected = msgspec.json.decode(content, type=End).rows
    found = {table: rows.get(table, 0) for table in expected}
    if found != expected:
        raise NotABackup("rows are missing in it")
