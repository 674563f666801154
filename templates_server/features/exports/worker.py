"""Writes export files in the background, a few at a time, and removes them when they expire.

A snapshot is one read transaction, which prevents SQLite from checkpointing and PostgreSQL from vacuuming what is
written meanwhile: its duration is limited.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

from filelock import FileLock
from sqlalchemy import Connection

from templates_server.errors import Unavailable
from templates_server.features.exports import queries, store
from templates_server.features.exports.cursors import to_cursor
from templates_server.features.exports.file_store import ExportFiles, ExportWriteError, Form
from templates_server.primitives.integers import counted
from templates_server.primitives.timestamps import DAY, LATEST_AHEAD, MINUTE, Clock
from templates_server.storage.database import Database

LOGGER = logging.getLogger("templates_server")
AT_ONCE = 2
MOST_WAITING = 16  # those that are being made among them; an organization that has none always gets one more
MOST_AN_ORGANIZATION = MOST_WAITING // 4
LONGEST_SECONDS = 15 * 60.0
MARGIN_MS = 5 * MINUTE
KEPT_MS = DAY
PURGE_EVERY_SECONDS = 600
STOPPED = "The server stopped before the export was complete. Start it again."
FAILED = "Internal server error. The server logged it."

Lines = Callable[[Connection, int], queries.Batches]
"""A function that returns the lines of an export in a connection's snapshot, at a time in milliseconds."""


@dataclass(frozen=True)
class Job:
    """A file to write. `has_cursor`: a later export can request the changes since."""

    export_id: str
    environment_id: str
    form: Form
    lines: Lines
    has_cursor: bool


class Reservation:
    """The right to write one file, reserved before the export is stored so that it never appears abandoned."""

    def __init__(self, spooler: ExportWorker, export_id: str, organization_id: str, lock: FileLock) -> None:
        self._spooler, self._export_id, self._lock = spooler, export_id, lock
        self.organization_id = organization_id

    def begin(self, job: Job) -> None:
        """Start writing the file."""
        self._spooler.begin(job, self)

    def release(self) -> None:
        """Release the reservation when the file is done or not needed."""
        self._spooler.release(self._export_id, self._lock)


class FairTurns:
    """A queue of jobs: next is the oldest job of the organization with the fewest running jobs."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Job, Reservation]] = []
        self._running: Counter[str] = Counter()
        self._changing = threading.Lock()

    def add(self, job: Job, slot: Reservation) -> None:
        """Add a job."""
        with self._changing:
            self._waiting.append((job, slot))

    @contextmanager
    def next(self) -> Iterator[tuple[Job, Reservation]]:
        """Return the next job; it counts as running until the block ends."""
        with self._changing:
            turn = min(self._waiting, key=lambda waiting: self._running[waiting[1].organization_id])
            self._waiting.remove(turn)
            self._running[turn[1].organization_id] += 1
        try:
            yield turn
        finally:
            with self._changing:
                self._running[turn[1].organization_id] -= 1
                self._running += Counter()  # forget those that have none


class ExportWorker:
    """A worker that writes export files in its own threads."""

    def __init__(self, database: Database, files: ExportFiles, clock: Clock) -> None:
        self._database, self.files, self._clock = database, files, clock
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="export")
        self._held: dict[str, str] = {}  # the organization of each export that is being made or waits
        self._turns = FairTurns()
        self._counting = threading.Lock()
        self._stopping = threading.Event()
        self._purging = threading.Thread(target=self._purge_until_stopped, name="export-purge", daemon=True)

    def start(self) -> None:
        """Start removing expired exports."""
        self._purging.start()

    async def finish(self) -> None:
        """Cancel the running exports and wait until they have stopped."""
        self._stopping.set()
        await asyncio.to_thread(self._threads.shutdown)
        if self._purging.is_alive():
            await asyncio.to_thread(self._purging.join)

    def reserve(self, export_id: str, organization_id: str) -> Reservation:
        """Reserve a slot. Raise Unavailable when too many jobs are waiting, in total or in the organization."""
        with self._counting:
            self._check_share(organization_id)
            self._held[export_id] = organization_id
        lock = self.files.hold(export_id)
        if lock is None:
            raise LookupError("duplicate export id")
        return Reservation(self, export_id, organization_id, lock)

    def _check_share(self, organization_id: str) -> None:
        held = list(self._held.values()).count(organization_id)
        if held >= MOST_AN_ORGANIZATION:
            raise Unavailable(
                f"{held} exports of the organization are still running. Try again when one of them is complete."
            )
        if self._stopping.is_set() or (held and len(self._held) >= MOST_WAITING):
            raise Unavailable(f"{_running(len(self._held))} still running. Try again later.")

    def release(self, export_id: str, lock: FileLock) -> None:
        """Release a slot."""
        with self._counting:
            self._held.pop(export_id, None)
        self.files.let_go(export_id, lock)

    def begin(self, job: Job, slot: Reservation) -> None:
        """Write the file in a thread, when its turn comes."""
        self._turns.add(job, slot)
        self._threads.submit(self._make_next)

    async def fail_if_abandoned(self, export_id: str) -> bool:
        """Mark a running export as failed if no process is working on it; return whether that was so."""
        if export_id in self._held:  # looking at its lock costs whoever makes it some of their time
            return False
        return await asyncio.to_thread(self._fail_if_abandoned, export_id)

    def _fail_if_abandoned(self, export_id: str) -> bool:
        lock = self.files.hold(export_id)
        if lock is None:
            return False
        try:
            self._database.write_sync(lambda connection: store.fail(connection, export_id, STOPPED))
        finally:
            self.files.let_go(export_id, lock)
        return True

    def purge(self) -> None:
        """Remove expired exports and orphaned files, and report abandoned exports."""
        for export_id in self._database.read_sync(store.running_exports):
            self._fail_if_abandoned(export_id)
        self._database.write_sync(lambda connection: self._remove_expired(connection, self._clock()))
        left = sorted(self.files.ids())
        known = self._database.read_sync(lambda connection: store.find_known(connection, left))
        for export_id in left:
            if export_id not in known:
                self.files.remove(export_id)

    def _remove_expired(self, connection: Connection, now: int) -> None:
        store.limit_expiry(connection, latest=now + KEPT_MS + LATEST_AHEAD, expires=now + KEPT_MS)
        store.remove_expired(connection, now)

    def _purge_until_stopped(self) -> None:
        while True:
            try:
                self.purge()
            except Unavailable as error:  # the database does not answer now, which is no fault of this
                LOGGER.warning("postponed removing exports: %s", error)
            except Exception:
                LOGGER.exception("could not remove exports; retrying in %d seconds", PURGE_EVERY_SECONDS)
            if self._stopping.wait(PURGE_EVERY_SECONDS):
                return

    def _make_next(self) -> None:
        with self._turns.next() as (job, slot):
            self._make(job, slot)

    def _make(self, job: Job, slot: Reservation) -> None:
        try:
            finish = self._outcome(job)
            self._database.write_sync(finish)
        except Exception:
            LOGGER.exception("could not store the result of export %s", job.export_id)
        finally:
            slot.release()

    def _outcome(self, job: Job) -> Callable[[Connection], None]:
        """Return the result to store, once the file is written or has failed."""
        try:
            spooled = self._write_file(job)
        except ExportWriteError as error:
            return functools.partial(_fail, job.export_id, str(error))
        except Exception:
            LOGGER.exception("export %s failed", job.export_id)
            return functools.partial(_fail, job.export_id, FAILED)
        return functools.partial(_complete, job.export_id, spooled)

    def _write_file(self, job: Job) -> store.FileSummary:
        """Write the file. The horizon is determined before the snapshot: changes in between are in both exports."""
        now, cursor = self._clock(), None
        self._check(deadline=time.monotonic() + 1)
        if job.has_cursor:
            horizon = self._database.read_sync(
                lambda connection: queries.find_horizon(connection, now, margin_ms=MARGIN_MS)
            )
            cursor = to_cursor(job.environment_id, max(horizon, 0))
        check = functools.partial(self._check, deadline=time.monotonic() + LONGEST_SECONDS)

        def spool(connection: Connection) -> store.FileSummary:
            with closing(job.lines(connection, now)) as batches:
                written = self.files.write(job.export_id, job.form, batches, check)
            return store.FileSummary(written.rows, written.bytes, written.sha256, cursor)

        return self._database.read_sync(spool)

    def _check(self, *, deadline: float) -> None:
        if self._stopping.is_set():
            raise ExportWriteError(STOPPED)
        if time.monotonic() > deadline:
            raise ExportWriteError(
                f"The export took longer than {LONGEST_SECONDS / 60:.0f} minutes. Export less at once."
            )


def _fail(export_id: str, error: str, connection: Connection) -> None:
    store.fail(connection, export_id, error)


def _complete(export_id: str, spooled: store.FileSummary, connection: Connection) -> None:
    store.complete(connection, export_id, spooled)


def _running(exports: int) -> str:
    return f"{counted(exports, 'export')} {'is' if exports == 1 else 'are'}"
