"""Checking and importing a file that was uploaded, beside everything else: part after part, each applied once.

What was applied stays applied if the server stops; the file and its import's id are the same when it goes on, so that
the parts that were applied before get the answers that they got.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec.structs import replace

from templates_server.errors import ApiError, NotFound, shorten
from templates_server.features.imports.csv_files.errors import CsvFileError
from templates_server.features.imports.csv_files.header import columns_of
from templates_server.features.imports.csv_files.rejects import format_cells, rejects_file, sanitize
from templates_server.features.imports.csv_files.rows import CsvFile, CsvPart, RejectedRow, open_csv
from templates_server.features.imports.schemas import RowError, Totals
from templates_server.features.imports.uploads import CHECKED, COMPLETE, Upload, UploadReject, Uploads

LOGGER = logging.getLogger("templates_server")
AT_ONCE = 2
MOST_SHOWN = 100
MOST_SHOWN_CHARACTERS = 300
MOST_REJECTS = 100_000
TOO_MANY_REJECTS = (
    f"More than {MOST_REJECTS:,} rows cannot be imported. Check the column mapping, or import the file in a "
    "terminal with `mtribes user ingest`."
)
FAILED = "Internal server error. The server logged it."


@dataclass(frozen=True)
class PartOutcome:
    """What became of a part: how many rows had which outcome, and the errors of those that were refused."""

    totals: Totals
    errors: Sequence[RowError]


Made = TypeVar("Made")
Take = Callable[[int, bytes], Awaitable[PartOutcome]]
"""Takes a part of an import, by its number from 1."""
Complete = Callable[[int], Awaitable[None]]
"""Says how many parts there were."""


@dataclass
class _Run:
    """One time through a file."""

    file: CsvFile
    upload: Upload
    parts: int = 0
    totals: Totals = field(default_factory=Totals)
    rejects: list[RejectedRow] = field(default_factory=list)

    def add(self, part: CsvPart, outcome: PartOutcome) -> None:
        """Note what became of a part. CsvFileError when too many rows are not taken."""
        unsent = len(part.unsent)
        self.totals = _sum(self.totals, outcome.totals, Totals(read=unsent, rejected=unsent))
        self.rejects += part.rejects(outcome.errors, columns_of(self.file.header.names, self.upload.wanted))
        if len(self.rejects) > MOST_REJECTS:
            raise CsvFileError(TOO_MANY_REJECTS)

    def shown(self) -> Sequence[UploadReject]:
        """The first rejects, as a page shows them."""
        return [
            UploadReject(
                one.line,
                sanitize(shorten(one.reason, MOST_SHOWN_CHARACTERS * 2)),
                shorten(self.file.header.delimiter.join(format_cells(self.file, one)), MOST_SHOWN_CHARACTERS),
            )
            for one in self.rejects[:MOST_SHOWN]
        ]


class FileImportJob:
    """Works on files, a few at once; those of the same id not twice at once in this process."""

    def __init__(self, uploads: Uploads) -> None:
        self.uploads = uploads
        self._thread = ThreadPoolExecutor(1, "import-csv")
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    def start(self) -> None:
        """Begin to remove files that are over."""
        self.uploads.start()

    async def finish(self) -> None:
        """Break off: who comes back can go on."""
        await self.uploads.finish()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def check(self, upload: Upload, take: Take) -> None:
        """Begin to find out what an import would do; `take` applies nothing."""
        self._begin(upload, lambda: self._check(upload, take))

    def submit(self, upload: Upload, take: Take, complete: Complete) -> None:
        """Begin to import a file, or go on."""
        self._begin(upload, lambda: self._bring(upload, take, complete))

    async def wait(self, upload: Upload, seconds: float) -> None:
        """Wait a little: most files are done at once."""
        task = self._tasks.get(upload.id)
        if task is not None:
            await asyncio.wait({task}, timeout=seconds)

    def _begin(self, upload: Upload, work: Callable[[], Awaitable[None]]) -> None:
        if self.is_at(upload):
            return
        task = asyncio.ensure_future(self._guarded(upload, work))
        self._tasks[upload.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(upload.id, None))

    def is_at(self, upload: Upload) -> bool:
        """Whether this process is at work on a file."""
        return upload.id in self._tasks

    async def _guarded(self, upload: Upload, work: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self._slots:
                await work()
        except CsvFileError as error:
            await self._stop(upload, str(error))
        except ApiError as error:
            await self._stop(upload, str(error))
        except Exception:
            LOGGER.exception("import %s failed", upload.import_id)
            await self._stop(upload, FAILED)

    async def _stop(self, upload: Upload, why: str) -> None:
        with contextlib.suppress(NotFound):  # it was discarded: nobody is to be told
            await asyncio.to_thread(self.uploads.stop, upload, why)

    async def _check(self, upload: Upload, take: Take) -> None:
        run = await self._through(upload, take)
        done = replace(upload, state=CHECKED, totals=run.totals, rejects=run.shown(), error="")
        await asyncio.to_thread(self.uploads.store, done)

    async def _bring(self, upload: Upload, take: Take, complete: Complete) -> None:
        run = await self._through(upload, take)
        if run.parts:
            await complete(run.parts)
        done = replace(upload, state=COMPLETE, totals=run.totals, rejects=run.shown(), error="")
        rejects = await self._aside(lambda: rejects_file(run.file, run.rejects) if run.rejects else b"")
        await asyncio.to_thread(self.uploads.complete, done, rejects)

    async def _through(self, upload: Upload, take: Take) -> _Run:
        """All parts of a file, one after the other."""
        content = await asyncio.to_thread(self.uploads.content, upload)
        run = _Run(open_csv(content, upload.name, upload.wanted), upload)
        parts = run.file.parts(upload.wanted)
        while (part := await self._aside(lambda: next(parts, None))) is not None:
            body = await self._aside(part.packed)
            if body:
                run.parts += 1
            outcome = await take(run.parts, body) if body else PartOutcome(Totals(), ())
            await self._aside(functools.partial(run.add, part, outcome))
            await asyncio.to_thread(self.uploads.store, replace(upload, totals=run.totals, error=""))
        return run

    async def _aside(self, work: Callable[[], Made]) -> Made:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _sum(*totals: Totals) -> Totals:
    return Totals(
        *(sum(getattr(one, name) for one in totals) for name in ("read", "created", "updated", "unchanged", "rejected"))
    )
