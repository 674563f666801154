"""An export from request to file: start or resume it, wait for it, download it, check it, put it in place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mtribes_cli.api.models.exports import FAILED, RUNNING, Export
from mtribes_cli.errors import (
    AnswerError,
    InterruptedCommandError,
    NotFoundError,
    ServerError,
    UnavailableError,
    UsageError,
)
from mtribes_cli.export.download import PIECE_BYTES, Download, OtherContentError
from mtribes_cli.export.journal import ExportJournal, PendingExport
from mtribes_cli.files.atomic_file import PRIVATE_MODE, put_in_place, staging_path
from mtribes_cli.files.errors import file_error
from mtribes_cli.files.output_file import OutputTarget, output_target, write_through
from mtribes_cli.files.process_lock import process_lock
from mtribes_cli.terminal.result import Result
from mtribes_cli.terminal.sanitize import sanitize

if TYPE_CHECKING:
    from mtribes_cli.context import Context

STDOUT = "-"
MAX_STARTS = 3
MAX_WAIT_SECONDS = 6 * 3600.0  # a server makes two at once, within 15 minutes each, and 14 may wait
FIRST_LOOK_SECONDS, SLOWEST_LOOK_SECONDS, SLOWER_A_LOOK = 0.02, 1.0, 1.1


@dataclass(frozen=True)
class ExportOptions:
    """What to export, from which environment, and to where. `source` is the path below the environment."""

    space: str
    environment: str
    source: tuple[str, ...]
    body: Mapping[str, object]
    output: str
    what: str  # in words: `users of gold-members`

    @property
    def kind(self) -> str:
        """The format: csv, ndjson or json."""
        return str(self.body["format"])


def export(context: Context, wanted: ExportOptions) -> Result:
    """Write the export to the file, or to stdout once all of it has arrived."""
    if wanted.output == STDOUT and context.console.style.json:
        raise UsageError("With --json, the export cannot be written to stdout.", "Pass --output FILE.")
    run = ExportJob(context, wanted)
    with process_lock(context.folders.state, run.journal.guarded, timeout_seconds=0):
        run.journal.sweep()
        try:
            return run.all()
        except KeyboardInterrupt as error:
            raise InterruptedCommandError(
                "Interrupted. The downloaded data was saved.", "Run the same command again to resume."
            ) from error


class ExportJob:
    """The export of one command."""

    def __init__(self, context: Context, wanted: ExportOptions) -> None:
        self._context, self._wanted = context, wanted
        self._place = (wanted.space, wanted.environment)
        self._output = None if wanted.output == STDOUT else _output(context, wanted.output)
        self._target = self._output.file if self._output else None
        where = str(self._target) if self._target else wanted.output
        asked = json.dumps(wanted.body, sort_keys=True)
        self.journal = ExportJournal(
            context.folders.state, (context.host.url, *self._place, *wanted.source, asked, where)
        )

    def all(self) -> Result:
        """Run the export; start again if the server no longer has it."""
        for _ in range(MAX_STARTS):
            underway = self._resume() or self._request_export()
            try:
                done = self._complete(underway.export_id)
                download = Download(self._context, self._place, done, self._wanted.kind)
                with self._context.console.progress(download.meter.draw) as show:
                    download.into(underway.part, show)
            except NotFoundError:
                self._begin_anew("The export is no longer on the server")
                continue
            except OtherContentError:
                self._begin_anew("The downloaded data does not match the export on the server")
                continue
            self._context.failpoint("export-fetched")
            return self._summary(done, underway.part)
        raise AnswerError(
            "The exported data does not match the server's description of it.", "Contact the server's administrator."
        )

    def _begin_anew(self, why: str) -> None:
        self._context.console.notice(f"{why}. Starting a new export.")
        self.journal.forget()

    def _resume(self) -> PendingExport | None:
        underway = self.journal.find()
        if underway is not None:
            self._context.console.notice("Resuming the interrupted export from its original snapshot.")
        return underway

    def _request_export(self) -> PendingExport:
        export = self._context.client.ask_for_export(*self._place, self._wanted.source, self._wanted.body)
        self._context.failpoint("export-asked")
        if self._target is None:
            part = self.journal.path.with_suffix(".part")
        else:
            part = staging_path(self._target, f"{export.id}.part")
        underway = PendingExport(export.id, part)
        self.journal.keep(underway)
        self._context.failpoint("export-journalled")
        return underway

    def _complete(self, export_id: str) -> Export:
        """Return the export once it can be downloaded. Raises ServerError if it failed."""
        pause = FIRST_LOOK_SECONDS
        with self._context.console.working("Waiting for the snapshot"):
            clock = self._context.clock
            ends = clock.elapsed_seconds() + MAX_WAIT_SECONDS
            while (export := self._context.client.export(*self._place, export_id)).state == RUNNING:
                if clock.elapsed_seconds() > ends:
                    raise UnavailableError(
                        f"The export did not complete within {MAX_WAIT_SECONDS / 3600:.0f} hours.",
                        "Run the same command again to keep waiting.",
                    )
                self._context.clock.sleep(pause)
                pause = min(pause * SLOWER_A_LOOK, SLOWEST_LOOK_SECONDS)
        if export.state == FAILED:
            self.journal.forget()
            raise ServerError(f"The export failed: {export.error}", "Run the same command again later.")
        return export

    def _summary(self, done: Export, part: Path) -> Result:
        """Put the file in place, and return what is in it."""
        rows = f"{done.rows:,} {self._wanted.what}"
        again = (f"Pass --since {done.cursor} next time to export only changed users.",) if done.cursor else ()
        if self._target is None:
            self._stream(part)
            for line in (f"Exported {rows}.", *again):
                self._context.console.notice(line)
            self.journal.forget()
            return Result()
        _put(part, self._target)
        self._context.failpoint("export-placed")
        self.journal.forget()
        data = {"export": done.id, "rows": done.rows, "bytes": done.bytes, "sha256": done.sha256}
        data |= {"cursor": done.cursor, "output": str(self._target)}
        return Result(data, (f"Exported {rows} to {self._wanted.output}.", *again))

    def _stream(self, part: Path) -> None:
        """Write to stdout, or through the device or pipe that --output names."""
        if self._output is None:
            self._context.console.stream(_pieces(part))
            return
        try:
            with write_through(self._output, sanitize=sanitize) as write:
                for piece in _pieces(part):
                    write(piece)
        except OSError as error:
            raise file_error(error, self._wanted.output, cannot_be="written") from error


def _output(context: Context, output: str) -> OutputTarget:
    return output_target(context.working_folder / output, output, context.working_folder)


def _put(part: Path, target: Path) -> None:
    """Put the file in place, private unless it replaces one that others may read."""
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else PRIVATE_MODE
        part.chmod(mode)
        put_in_place(part, target)
    except OSError as error:
        raise file_error(error, str(target), cannot_be="written") from error


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
