"""Files on their way from a browser into an environment: kept for an hour in the data folder, for one person each."""

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

from templates_server.data_folder import PRIVATE_FILE, PRIVATE_FOLDER, put_in_place
from templates_server.errors import Conflict, NotFound, Unavailable
from templates_server.identifiers import new_id
from templates_server.imports.csv_files.header import Wanted
from templates_server.imports.models import Totals
from templates_server.times import HOUR, SECOND, Clock

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
"""States in which rows may have been applied: the columns stay as they are."""


class ShownReject(msgspec.Struct, frozen=True):
    """A row that is not taken, as a page shows it."""

    line: int
    reason: str
    row: str


class Upload(msgspec.Struct, frozen=True):
    """A file, whose it is, and how far it is; times in milliseconds."""

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
    rejects: Sequence[ShownReject] = ()
    error: str = ""

    @property
    def wanted(self) -> Wanted:
        """What is said of its columns."""
        return Wanted(self.becomes, self.types)

    @property
    def expires(self) -> int:
        """When it is deleted."""
        return self.uploaded + KEPT_MS

    def is_over(self, now: int) -> bool:
        """Whether its time is over, or its clock was wrong."""
        return abs(now - self.uploaded) >= KEPT_MS


def upload_id(account_id: str, environment_id: str, key: str, content: bytes) -> str:
    """The id of a file: a form that is sent twice gives the same."""
    digest = hashlib.sha256(content).hexdigest()
    return hashlib.sha256(f"{account_id} {environment_id} {digest} {key}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Owner:
    """The person and the environment that a file is of: nobody else reaches it, and it is reached nowhere else."""

    account_id: str
    environment_id: str

    def has(self, upload: Upload) -> bool:
        """Whether the file is theirs."""
        return (upload.account_id, upload.environment_id) == (self.account_id, self.environment_id)


class Uploads:
    """The folder with these files. Its methods wait for the disk: call them aside."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._purging: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to remove what is over."""
        self._purging = asyncio.create_task(self._purge_now_and_then())

    async def finish(self) -> None:
        """Stop."""
        if self._purging is not None:
            self._purging.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._purging

    def add(self, upload: Upload, content: bytes) -> Upload:
        """Keep a file, or what is kept under its id. The oldest of the same person makes room.

        Conflict when all of theirs are being imported; Unavailable when there is no room for it.
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
            raise Unavailable("The server has no room for another file now. Try again later.")
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
            raise Conflict(f"{len(theirs)} of your files are being imported. Wait until one of them is done.")
        self.remove(idle[0])

    def find(self, owner: Owner, upload: str) -> Upload:
        """A file of that person in that environment; NotFound when there is none, or no longer."""
        found = self._read(upload)
        if found is None or not owner.has(found) or found.is_over(self._clock()):
            raise NotFound
        return found

    def of(self, owner: Owner) -> Sequence[Upload]:
        """All files of that person in that environment, the newest first."""
        now = self._clock()
        found = [one for one in self._all() if owner.has(one) and not one.is_over(now)]
        return sorted(found, key=lambda one: one.uploaded, reverse=True)

    def store(self, upload: Upload) -> Upload:
        """Keep what is known of a file now; NotFound when it was discarded meanwhile."""
        if self._read(upload.id) is None:
            raise NotFound("The file was discarded.")
        touched = msgspec.structs.replace(upload, touched=self._clock())
        self._write(upload.id + ABOUT, msgspec.json.encode(touched))
        return touched

    def stop(self, upload: Upload, why: str) -> None:
        """Keep that it was broken off, with what is known of how far it came; NotFound when it was discarded."""
        known = self._read(upload.id) or upload
        state = SENT if upload.state == CHECKING else STOPPED
        self.store(msgspec.structs.replace(known, state=state, error=why))

    def content(self, upload: Upload) -> bytes:
        """The file itself; NotFound once it is gone."""
        return self._content(upload.id + CONTENT)

    def rejects(self, upload: Upload) -> bytes:
        """The rejects file; NotFound where there is none."""
        return self._content(upload.id + REJECTS)

    def complete(self, upload: Upload, rejects: bytes) -> None:
        """It is done: its rejects are kept, and the file is not."""
        if rejects:
            self._write(upload.id + REJECTS, rejects)
        self.store(upload)
        (self._folder / (upload.id + CONTENT)).unlink(missing_ok=True)

    def remove(self, upload: Upload) -> None:
        """Forget it."""
        for path in self._paths():
            if path.name.partition(".")[0] == upload.id:
                path.unlink(missing_ok=True)

    def purge(self) -> None:
        """Remove what is over, and what is left of files that nothing is known of."""
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
            raise Unavailable(f"The server could not keep the file: {error.strerror or error}.") from error
        finally:
            part.unlink(missing_ok=True)

    async def _purge_now_and_then(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.purge)
            except OSError:
                LOGGER.exception(
                    "removing uploaded files failed; the next attempt is in %d seconds", PURGE_EVERY_SECONDS
                )
            await asyncio.sleep(PURGE_EVERY_SECONDS)


def _is_old(path: Path) -> bool:
    """Whether a file that nothing is known of is none that is being written now."""
    try:
        return abs(time.time() - path.stat().st_mtime) * SECOND >= KEPT_MS
    except FileNotFoundError:
        return False
