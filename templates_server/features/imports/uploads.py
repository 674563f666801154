"""Files uploaded from a browser to an environment: stored for an hour in the data folder, for one person each."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from templates_server.errors import Conflict, NotFound, Unavailable
from templates_server.features.imports.csv_files.header import ColumnMapping
from templates_server.features.imports.schemas import Totals
from templates_server.primitives.ids import new_id
from templates_server.primitives.timestamps import HOUR, SECOND, Clock
from templates_server.storage.data_folder import PRIVATE_FILE, PRIVATE_FOLDER, put_in_place

LOGGER = logging.getLogger("templates_server")
MAX_FILE_BYTES = 16 * 1024 * 1024
KEPT_MS = HOUR
MOST_A_PERSON = 3
MOST = 64
LEFT_FREE_BYTES = 256 * 1024 * 1024  # for the database, which lies on the same disk as a rule
PURGE_EVERY_SECONDS = 600
ID = re.compile(r"[0-9a-f]{32}")
ABOUT, CONTENT, REJECTS = ".json", ".csv", ".rejects"
SENT, CHECKING, CHECKED, IMPORTING, STOPPED, COMPLETE = (
    "sent", "checking", "checked", "importing", "stopped", "complete",
)  # fmt: skip
BEGUN = frozenset({IMPORTING, STOPPED, COMPLETE})
"""States in which rows may have been applied: the columns can no longer change."""


class UploadReject(msgspec.Struct, frozen=True):
    """A rejected row, in the form shown on a page."""

    line: int
    reason: str
    row: str


class Upload(msgspec.Struct, frozen=True):
    """A file, its owner and its progress; times in milliseconds."""

    id: str
    environment_id: str
    account_id: str
    import_id: str
    name: str
    size: int
    uploaded: int
    columns: Sequence[str]
    examples: Sequence[Sequence[str]]
    state: str = SENT
    touched: int = 0
    becomes: Mapping[str, str] = {}
    types: Mapping[str, str] = {}
    totals: Totals = Totals()
    rejects: Sequence[UploadReject] = ()
    error: str = ""

    @property
    def wanted(self) -> ColumnMapping:
        """The requested column mapping."""
        return ColumnMapping(self.becomes, self.types)

    @property
    def expires(self) -> int:
        """The time when it is deleted."""
        return self.uploaded + KEPT_MS

    def is_over(self, now: int) -> bool:
        """Return whether it has expired, or its time is invalid."""
        return abs(now - self.uploaded) >= KEPT_MS


def upload_id(account_id: str, environment_id: str, key: str, content: bytes) -> str:
    """Return the id of a file: the same for a form that is sent twice."""
    digest = hashlib.sha256(content).hexdigest()
    return hashlib.sha256(f"{account_id} {environment_id} {digest} {key}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class UploadOwner:
    """The owner of a file, a person in an environment: nobody else can access it, and only there."""

    account_id: str
    environment_id: str

    def has(self, upload: Upload) -> bool:
        """Return whether the file belongs to the owner."""
        return (upload.account_id, upload.environment_id) == (self.account_id, self.environment_id)


class Uploads:
    """The folder of uploaded files. Its methods block on disk access: call them in a thread."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._purging: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start removing expired files."""
        self._purging = asyncio.create_task(self._purge_now_and_then())

    async def finish(self) -> None:
        """Stop."""
        if self._purging is not None:
            self._purging.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._purging

    def add(self, upload: Upload, content: bytes) -> Upload:
        """Store a file, or return the one stored under its id. The owner's oldest file is replaced if necessary.

        Raise Conflict when all of theirs are being imported; Unavailable when there is no room for it.
        """
        self._folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        self.purge()
        kept = list(self._all())
        known = next((one for one in kept if one.id == upload.id), None)
        if known is not None:
            return known
        theirs = sorted((one for one in kept if one.account_id == upload.account_id), key=lambda one: one.uploaded)
        self._make_room(theirs)
        if len(kept) >= MOST or shutil.disk_usage(self._folder).free - len(content) < LEFT_FREE_BYTES:
            raise Unavailable("The server has no space for another file. Try again later.")
        self._write(upload.id + ABOUT, msgspec.json.encode(upload))
        try:
            self._write(upload.id + CONTENT, content)
        except Unavailable:
            self.remove(upload)
            raise
        return upload

    def _make_room(self, theirs: Sequence[Upload]) -> None:
        if len(theirs) < MOST_A_PERSON:
            return
        idle = [one for one in theirs if one.state not in {CHECKING, IMPORTING}]
        if not idle:
            raise Conflict(f"{len(theirs)} of your files are being imported. Wait until one of them is complete.")
        self.remove(idle[0])

    def find(self, owner: UploadOwner, upload: str) -> Upload:
        """Return the owner's file. Raise NotFound when it does not exist or has expired."""
        found = self._read(upload)
        if found is None or not owner.has(found) or found.is_over(self._clock()):
            raise NotFound
        return found

    def of(self, owner: UploadOwner) -> Sequence[Upload]:
        """Return all files of the owner, newest first."""
        now = self._clock()
        found = [one for one in self._all() if owner.has(one) and not one.is_over(now)]
        return sorted(found, key=lambda one: one.uploaded, reverse=True)

    def store(self, upload: Upload) -> Upload:
        """Store the current state of a file. Raise NotFound when it was discarded meanwhile."""
        if self._read(upload.id) is None:
            raise NotFound("The file was discarded.")
        touched = msgspec.structs.replace(upload, touched=self._clock())
        self._write(upload.id + ABOUT, msgspec.json.encode(touched))
        return touched

    def stop(self, upload: Upload, why: str) -> None:
        """Store that the import was cancelled, and its progress. Raise NotFound when it was discarded."""
        known = self._read(upload.id) or upload
        state = SENT if upload.state == CHECKING else STOPPED
        self.store(msgspec.structs.replace(known, state=state, error=why))

    def content(self, upload: Upload) -> bytes:
        """Return the content of the file. Raise NotFound if it no longer exists."""
        return self._content(upload.id + CONTENT)

    def rejects(self, upload: Upload) -> bytes:
        """Return the rejects file. Raise NotFound if there is none."""
        return self._content(upload.id + REJECTS)

    def complete(self, upload: Upload, rejects: bytes) -> None:
        """Complete the import: store its rejects and delete the file."""
        if rejects:
            self._write(upload.id + REJECTS, rejects)
        self.store(upload)
        (self._folder / (upload.id + CONTENT)).unlink(missing_ok=True)

    def remove(self, upload: Upload) -> None:
        """Delete the file."""
        for path in self._paths():
            if path.name.partition(".")[0] == upload.id:
                path.unlink(missing_ok=True)

    def purge(self) -> None:
        """Remove expired files, and files without a record."""
        now, paths = self._clock(), self._paths()
        known = {file_id: self._read(file_id) for file_id in {path.name.partition(".")[0] for path in paths}}
        for path in paths:
            upload = known[path.name.partition(".")[0]]
            if _is_old(path) if upload is None else upload.is_over(now):
                path.unlink(missing_ok=True)

    def _paths(self) -> Sequence[Path]:
        return list(self._folder.iterdir()) if self._folder.exists() else []

    def _all(self) -> Iterator[Upload]:
        for path in self._paths():
            if path.suffix == ABOUT:
                upload = self._read(path.stem)
                if upload is not None:
                    yield upload

    def _read(self, upload: str) -> Upload | None:
        if ID.fullmatch(upload) is None:
            return None
        try:
            return msgspec.json.decode((self._folder / (upload + ABOUT)).read_bytes(), type=Upload)
        except (FileNotFoundError, msgspec.DecodeError):  # it is gone, or of another version of the server
            return None

    def _content(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            raise NotFound from None

    def _write(self, name: str, content: bytes) -> None:
        part = self._folder / f"{name}.{new_id('tmp')}.part"
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            put_in_place(part, self._folder / name)
        except OSError as error:
            raise Unavailable(f"The server could not store the file: {error.strerror or error}.") from error
        finally:
            part.unlink(missing_ok=True)

    async def _purge_now_and_then(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.purge)
            except OSError:
                LOGGER.exception("could not remove uploaded files; retrying in %d seconds", PURGE_EVERY_SECONDS)
            await asyncio.sleep(PURGE_EVERY_SECONDS)


def _is_old(path: Path) -> bool:
    """Return whether an unknown file is too old to be one that is being written now."""
    try:
        return abs(time.time() - path.stat().st_mtime) * SECOND >= KEPT_MS
    except FileNotFoundError:
        return False
