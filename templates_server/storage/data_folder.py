"""The data folder of a server: its contents, its owner, and the server that is running on it."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
OUR_NAMES = frozenset(
    {
        "server.json",
        "server.lock",
        "server.log",
        "server.log.1",
        "server.key",
        "demo.json",
        "local-code",
        "mtribes.db",
        "erasures.jsonl",
        "exports",
        "uploads",
    }
)
LOST_AND_FOUND = "lost+found"  # of the file system itself, on a volume of its own
SIGNS_OF_A_SERVER = ("server.key", "server.json", "demo.json", "local-code", "erasures.jsonl", "exports", "uploads")
IGNORED_NAMES = frozenset(
    {LOST_AND_FOUND, "server.lock", "server.log", "server.log.1", ".restoring", "erasures.jsonl", "exports", "uploads"}
)


class ServerRecord(msgspec.Struct, frozen=True):
    """The file that a running server leaves in its data folder for the command line."""

    pid: int
    url: str
    local: bool = False
    demo: bool = False
    version: str = ""


class FolderInUse(Exception):
    """Raised if a server is running on the folder; `record` describes it, as far as it is known."""

    def __init__(self, record: ServerRecord | None) -> None:
        super().__init__("a server runs on this data folder")
        self.record = record


class ForeignFolder(Exception):
    """Raised if the folder contains other things than a server's data."""


@dataclass(frozen=True)
class DataFolder:
    """A data folder, with the paths of its contents."""

    path: Path

    @property
    def record_file(self) -> Path:
        """The record of the running server: `ServerRecord` as JSON."""
        return self.path / "server.json"

    @property
    def log_file(self) -> Path:
        """The log of the server."""
        return self.path / "server.log"

    @property
    def key_file(self) -> Path:
        """The key of the server."""
        return self.path / "server.key"

    @property
    def demo_file(self) -> Path:
        """The access data of the demo."""
        return self.path / "demo.json"

    @property
    def local_code_file(self) -> Path:
        """The one-time code of the local sign-in."""
        return self.path / "local-code"

    @property
    def erasures_file(self) -> Path:
        """The list of erased people, who must stay erased whatever is restored."""
        return self.path / "erasures.jsonl"

    @property
    def exports_folder(self) -> Path:
        """The files of exports, each for a day."""
        return self.path / "exports"

    @property
    def uploads_folder(self) -> Path:
        """The files uploaded for imports in the console, each for an hour."""
        return self.path / "uploads"

    @property
    def database_file(self) -> Path:
        """The embedded database."""
        return self.path / "mtribes.db"

    def prepare(self) -> None:
        """Make the folder, and make it private; ForeignFolder when it is somebody else's.

        A folder that is another user's, such as the root of a volume in a container, stays as it is, where it can be
        written: its mode is for its owner to decide. PermissionError where it cannot.
        """
        self.path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        names = {entry.name for entry in self.path.iterdir()} - {LOST_AND_FOUND}
        if names and not names & OUR_NAMES:
            raise ForeignFolder(str(self.path))
        found = self.path.stat()
        if stat.S_IMODE(found.st_mode) != PRIVATE_FOLDER and _is_own(found):
            self.path.chmod(PRIVATE_FOLDER)
        if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.path))

    def signs_of_a_server(self) -> list[str]:
        """Return the files that show that a server once ran on the folder, except its database."""
        return [name for name in SIGNS_OF_A_SERVER if (self.path / name).exists()]

    def is_empty(self) -> bool:
        """Return whether no server has stored anything here."""
        return not self.path.exists() or all(entry.name in IGNORED_NAMES for entry in self.path.iterdir())

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Lock the folder until the block ends; FolderInUse if another server is running on it."""
        lock = FileLock(self.path / "server.lock", mode=PRIVATE_FILE)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise FolderInUse(self.record()) from None
        try:
            yield
        finally:
            lock.release()

    def record(self) -> ServerRecord | None:
        """Return the record of a running server; None if the file is missing or cannot be read."""
        try:
            return msgspec.json.decode(self.record_file.read_bytes(), type=ServerRecord)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def running(self) -> ServerRecord | None:
        """Return the record of the server that is running here; that of a killed server is stale and ignored."""
        record = self.record()
        if record is None:
            return None
        try:
            with self.held():
                return None
        except FolderInUse:
            return record

    @contextlib.contextmanager
    def announced(self, record: ServerRecord) -> Iterator[None]:
        """Write the record of this server until the block ends."""
        write_private(self.record_file, msgspec.json.encode(record) + b"\n")
        try:
            yield
        finally:
            self.record_file.unlink(missing_ok=True)


def _is_own(found: os.stat_result) -> bool:
    """Return whether this user may change the mode; everybody may where files have no owners."""
    return not hasattr(os, "geteuid") or os.geteuid() in {0, found.st_uid}


def write_private(path: Path, content: bytes) -> None:
    """Write a private file (mode 0600) atomically."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def put_in_place(temporary: Path, path: Path) -> None:
    """Rename a finished file of the same folder to its final name, durably."""
    temporary.replace(path)
    keep_names(path.parent)


def keep_names(folder: Path) -> None:
    """Make the names of new files in a folder survive a loss of power, as their contents do."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
