"""The format of a backup: a tar file compressed with zstandard, the same for every database.

    manifest.json                   {"format": 1, "version": ..., "schema": ..., "created": ...}
    files/server.key ...            the files beside the database in the data folder
    tables/<table>/<number>.jsonl   rows, one JSON object a line, binary values as {"base64": ...}
    end.json                        {"rows": {table: count}, "files": [name]}: a file without it was truncated

One frame of zstandard with a checksum, and nothing after it. Any deviation raises NotABackup, which says where:
members are read in this order, each once. Nothing here depends on a database.
"""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, BinaryIO, TypeVar, cast

import msgspec
import zstandard

from templates_server.storage.data_folder import PRIVATE_FILE

FORMAT = 1
ZSTANDARD_LEVEL = 6
MANIFEST, END = "manifest.json", "end.json"
FILES, TABLES = "files/", "tables/"
PACKED_BYTES_AT_ONCE = 4096  # a hostile file may inflate each of them to 32 KiB
UNREADABLE = (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError)  # what a tar file may do to Python

Read = TypeVar("Read")


class NotABackup(Exception):
    """An error for a file that is not a complete backup or is unreadable by this version; the message says why."""


class Manifest(msgspec.Struct, frozen=True):
    """The metadata of a backup. `created` in milliseconds."""

    format: int
    version: str
    schema: str
    created: int


class BackupEnd(msgspec.Struct, frozen=True):
    """The expected totals at the end; earlier versions did not list the files."""

    rows: dict[str, int]
    files: list[str] | None = None


def piece_name(table: str, number: int) -> str:
    """Return the name of a piece of a table, numbered from 1."""
    return f"{TABLES}{table}/{number:06}.jsonl"


class BackupWriter:
    """A writer that adds members to a backup, in order."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def add(self, name: str, content: bytes) -> None:
        """Add a member."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o600
        self._archive.addfile(entry, io.BytesIO(content))


@contextlib.contextmanager
def create_backup(path: Path) -> Iterator[BackupWriter]:
    """Create a private backup at a path; it is complete and synced to disk when the block ends without an error."""
    compressor = zstandard.ZstdCompressor(level=ZSTANDARD_LEVEL, write_checksum=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as file:
        with (
            compressor.stream_writer(file, closefd=False) as stream,
            tarfile.open(fileobj=stream, mode="w|") as archive,
        ):
            yield BackupWriter(archive)
        file.flush()
        os.fsync(file.fileno())


class _Frame:
    """The content of one frame of zstandard that is a whole file. Raises NotABackup on damage or trailing data."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._text = bytearray()

    def read(self, size: int) -> bytes:
        """Return that many bytes, or fewer at the end."""
        while len(self._text) < size and not self._frame.eof:
            self._inflate()
        taken = bytes(self._text[:size])
        del self._text[:size]
        return taken

    def _inflate(self) -> None:
        packed = self._file.read(PACKED_BYTES_AT_ONCE)
        if not packed:
            raise NotABackup(f"the file is truncated after {self._file.tell()} bytes")
        try:
            self._text += self._frame.decompress(packed)
        except zstandard.ZstdError as error:
            raise NotABackup(
                f"the file is damaged before byte {self._file.tell()}, or not a backup ({error})"
            ) from None
        if self._frame.eof and (rest := len(self._frame.unused_data) + len(self._file.read(1))):
            raise NotABackup(f"unexpected data after its end at byte {self._file.tell() - rest}")

    def check_end(self) -> None:
        """Raise NotABackup unless only the padding of a tar file remains."""
        while rest := self.read(PACKED_BYTES_AT_ONCE):
            if rest.strip(b"\0"):
                raise NotABackup("the file is damaged: unreadable data follows its last member")


def read_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every member by name, in order. Raise NotABackup when the file has another format or is damaged."""
    last = "its beginning"
    try:
        with path.open("rb") as file:
            frame = _Frame(file)
            with tarfile.open(fileobj=cast("IO[bytes]", frame), mode="r|") as archive:
                for entry in archive:
                    last = repr(entry.name)
                    yield entry.name, _content_of(archive, entry)
            frame.check_end()
    except UNREADABLE as error:
        raise NotABackup(f"the file is damaged at {last}, or not a backup ({error})") from None


def _content_of(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    content = archive.extractfile(entry) if entry.isreg() and not entry.issparse() else None
    if content is None:
        raise NotABackup(f"its member {entry.name!r} is not a regular file")
    text = content.read()
    if len(text) != entry.size:
        raise NotABackup(f"its member {entry.name!r} is truncated")
    return text


def read_manifest(content: bytes) -> Manifest:
    """Return the manifest. Raise NotABackup when it has another format."""
    manifest = read_json(MANIFEST, content, Manifest)
    if manifest.format != FORMAT:
        raise NotABackup(f"its format is {manifest.format}, but this mtribes-server reads format {FORMAT}")
    return manifest


def check_end(content: bytes, rows: Mapping[str, int], files: Collection[str]) -> None:
    """Raise NotABackup unless the row counts of all tables, and the files, are exactly those that were written."""
    end = read_json(END, content, BackupEnd)
    for table, written in end.rows.items():
        if rows.get(table, 0) != written:
            raise NotABackup(f"rows are missing: table {table} has {rows.get(table, 0)} of {written}")
    if uncounted := sorted(rows.keys() - end.rows.keys()):
        raise NotABackup(f"{END} has no row count for {uncounted[0]}")
    if end.files is not None and (different := sorted(set(end.files) ^ set(files))):
        raise NotABackup(f"{FILES}{different[0]} is missing or was added")


def read_json(name: str, content: bytes, kind: type[Read]) -> Read:
    """Return the content of a member as JSON. The message of NotABackup names the member."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (ValueError, RecursionError) as error:
        raise NotABackup(f"its member {name} cannot be read ({error})") from None
