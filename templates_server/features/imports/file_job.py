"""Checks and imports an uploaded file in the background: part after part, each applied once.

What was applied remains if the server stops; the file and the id of its import are the same when it continues, so that
the parts that were applied before get the same responses.
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
    """The result of a part: the number of rows per outcome, and the errors of rejected rows."""

    totals: Totals
    errors: Sequence[RowError]


Made = TypeVar("Made")
Take = Callable[[int, bytes], Awaitable[PartOutcome]]
"""A function that applies a part of an import, by its number from 1."""
Complete = Callable[[int], Awaitable[None]]
"""A function that reports the total number of parts."""


@dataclass
class _Run:
    """A single pass through a file."""

    file: CsvFile
    upload: Upload
    parts: int = 0
    totals: Totals = field(default_factory=Totals)
    rejects: list[RejectedRow] = field(default_factory=list)

    def add(self, part: CsvPart, outcome: PartOutcome) -> None:
        """Record the result of a part. Raise CsvFileError when too many rows are rejected."""
        unsent = len(part.unsent)
        self.totals = _sum(self.totals, outcome.totals, Totals(read=unsent, rejected=unsent))
        self.rejects += part.rejects(outcome.errors, columns_of(self.file.header.names, self.upload.wanted))
        if len(self.rejects) > MOST_REJECTS:
            raise CsvFileError(TOO_MANY_REJECTS)

    def shown(self) -> Sequence[UploadReject]:
        """Return the first rejected rows, in the form shown on a page."""
        return [
            UploadReject(
                one.line,
                sanitize(shorten(one.reason, MOST_SHOWN_CHARACTERS * 2)),
                shorten(self.file.header.delimiter.join(format_cells(self.file, one)), MOST_SHOWN_CHARACTERS),
            )
            for one in self.rejects[:MOST_SHOWN]
        ]


class FileImportJob:
    """Jobs that process files, a few at a time; this process never runs two with the same id at once."""

    def __init__(self, uploads: Uploads) -> None:
        self.uploads = uploads
        self._thread = ThreadPoolExecutor(1, "import-csv")
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    def start(self) -> None:
        """Start removing expired files."""
        self.uploads.start()

    async def finish(self) -> None:
        """Cancel; a later request can continue."""
        await self.uploads.finish()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def check(self, upload: Upload, take: Take) -> None:
        """Start a dry run of an import; `take` applies nothing."""
        self._begin(upload, lambda: self._check(upload, take))

    def submit(self, upload: Upload, take: Take, complete: Complete) -> None:
        """Start or continue importing a file."""
        self._begin(upload, lambda: self._bring(upload, take, complete))

    async def wait(self, upload: Upload, seconds: float) -> None:
        """Wait briefly: most files are finished at once."""
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
        """Return whether this process is working on a file."""
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
        """Process all parts of a file in order."""
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
