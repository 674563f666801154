"""Imports a file: sends batches in order, collects rejects, adds up totals, and reports at the end."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING

from mtribes_cli.api.models.imports import ImportedPart, RowFault, Totals
from mtribes_cli.errors import ConflictError, ExitCode, InterruptedCommandError, MtribesError, Problem, UnavailableError
from mtribes_cli.files.process_lock import process_lock
from mtribes_cli.ingest.batch import REFUSED, Batch, Reject, together
from mtribes_cli.ingest.input_stream import STDIN
from mtribes_cli.ingest.journal import Identity, ImportJournal, open_journal, others_of
from mtribes_cli.ingest.prefetch import read_ahead
from mtribes_cli.ingest.reader import Input, OpenedInput, read
from mtribes_cli.ingest.rejects import Spool
from mtribes_cli.ingest.rejects_path import (
    RejectsFile,
    default_rejects_file,
    is_beside_possible,
    name_of_stream,
    stated_rejects_file,
)
from mtribes_cli.ingest.row_rules import USER_ID
from mtribes_cli.ingest.uploader import PartUploader, SentPart, StartOverError
from mtribes_cli.numbers import counted
from mtribes_cli.terminal.progress import RowMeter
from mtribes_cli.terminal.result import Result

if TYPE_CHECKING:
    from mtribes_cli.context import Context

MAX_STARTS = 3
PARTS_AHEAD = 2
MAX_TOLD_REJECTS = 10
WAIT_FOR_OTHER_SECONDS = 3600.0
REJECTED = "REJECTED"


@dataclass(frozen=True)
class IngestOptions:
    """The user's options."""

    space: str
    environment: str
    input: Input
    rejects: str | None = None  # None: beside the input
    max_errors: int | None = None
    is_dry_run: bool = False


class _TooManyErrorsError(Exception):
    """Raised if more rows were rejected than --max-errors allows."""


def ingest(context: Context, wanted: IngestOptions) -> Result:
    """Return the result of all rows."""
    for start in range(MAX_STARTS):
        run = ImportJob(context, wanted, read(context, wanted.input))
        try:
            return run.all()
        except StartOverError as again:
            if run.is_read_once or start == MAX_STARTS - 1:
                raise ConflictError(
                    f"The import of {run.name} cannot be resumed: {again.why}.",
                    "Run the same command again to start a new import.",
                ) from again
            context.console.notice(f"Reading {run.name} from the beginning again: {again.why}.")
        except MtribesError as error:
            if run.has_begun:
                error.advice += " Run the same command again to resume."
            raise
        except KeyboardInterrupt as error:
            by = f"Interrupted by {error}" if str(error) else "Interrupted"
            raise InterruptedCommandError(
                f"{by} after {counted(run.totals.read, 'row')}.", "Run the same command again to resume."
            ) from error
    raise AssertionError("the last start returns or raises")


class ImportJob:
    """One pass through the file."""

    def __init__(self, context: Context, wanted: IngestOptions, reading: OpenedInput) -> None:
        self.name = reading.source.name
        self.totals = Totals()
        self._context = context
        self._wanted = wanted
        self._reading = reading
        self._rejects_file = self._place_of_rejects()
        self._spool = Spool()
        self._local_rejects = 0
        self._sending: PartUploader | None = None
        self._journal: ImportJournal | None = None
        self._held = ExitStack()  # the lock, the journal
        self._shares: deque[float | None] = deque()  # of the file, that stand before the end of each batch on its way
        self._meter = RowMeter(f"Importing {self.name}", context.clock.elapsed_seconds)

    @property
    def is_read_once(self) -> bool:
        """Whether the input is stdin or a pipe, which cannot be read again."""
        return self._reading.source.path is None

    @property
    def has_begun(self) -> bool:
        """Whether something may have been sent."""
        return self._sending is not None

    def all(self) -> Result:
        """Run the import, from the first row to the report."""
        console = self._context.console
        with self._held:
            self._held.callback(self._spool.close)
            try:
                with console.progress(self._meter.draw) as show, read_ahead(self._batches()) as batches:
                    self._take_all(batches, show)
                    import_id = None if self._wanted.is_dry_run else self._complete()
                    self._meter.finish()
                    show()
            except _TooManyErrorsError:
                return self._gave_up()
            if self._wanted.is_dry_run:
                return self._checked()
            self._write_rejects()
            if self._journal:
                self._journal.remove()
            return self._summary(import_id)

    def _batches(self) -> Iterator[Batch]:
        """Yield the batches; the position of each in the file is noted when it is made."""
        for batch in self._reading.rows.batches():
            self._shares.append(self._reading.source.share_passed)
            yield batch

    def _take_all(self, batches: Iterable[Batch], show: Callable[[], None]) -> None:
        rows = 0
        for batch, part in self._underway(batches):
            self._finish(batch, part)
            rows += len(batch.lines) + len(batch.rejects)
            self._meter.rejected = self.totals.rejected
            is_from_before = part is not None and isinstance(part.outcome, ImportedPart)
            self._meter.note(rows, self._shares.popleft(), is_from_before=is_from_before)
            show()

    def _underway(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, SentPart | None]]:
        """Yield the batches in order, each once two more were sent: the server reads them while it stores this one.

        Nothing is sent ahead before the server has accepted a part in this command, or if the number of rejected rows
        is limited: then that number must be known first.
        """
        begun: deque[tuple[Batch, SentPart | None]] = deque()
        for batch in batches:
            begun.append((batch, self._begin(batch)))
            has_applied = self._sending is not None and self._sending.has_applied
            while len(begun) > (PARTS_AHEAD if has_applied and self._wanted.max_errors is None else 0):
                yield begun.popleft()
        yield from begun

    def _begin(self, batch: Batch) -> SentPart | None:
        """Send a batch, unless it is empty or there are too many rejected rows already."""
        found_here = len(batch.rejects)
        self._local_rejects += found_here
        self.totals += Totals(read=found_here, rejected=found_here)
        if self._wanted.is_dry_run:
            self.totals += Totals(read=len(batch.lines))
            return None
        is_sent = batch.body and not self._is_too_much(more=len(batch.faults))
        return self._session(batch).begin(batch) if is_sent else None

    def _finish(self, batch: Batch, part: SentPart | None) -> None:
        """Add up the result of a batch."""
        if part is None or self._sending is None:
            self._spool.add(batch.all_rejects)
            self.totals += Totals(read=len(batch.faults), rejected=len(batch.faults))
        else:
            applied = self._sending.finish(part)
            self.totals += applied.totals
            self._spool.add(sorted([*batch.rejects, *self._refused(batch, applied)], key=lambda one: one.line))
        if self._is_too_much() and not self._wanted.is_dry_run:
            raise _TooManyErrorsError

    def _is_too_much(self, *, more: int = 0) -> bool:
        return self._wanted.max_errors is not None and self.totals.rejected + more > self._wanted.max_errors

    def _refused(self, batch: Batch, applied: ImportedPart) -> list[Reject]:
        """Return the rows that the server rejected, each with all of its problems."""
        by_row = {row: list(reasons) for row, reasons in batch.faults.items()}
        for fault in applied.faults:
            if fault.line not in batch.faults or fault.path not in {REFUSED, USER_ID}:
                by_row.setdefault(fault.line, []).append(self._error_text(fault))
        return [batch.reject(row, together(said)) for row, said in by_row.items() if 0 < row <= len(batch.lines)]

    def _error_text(self, fault: RowFault) -> str:
        return f"{self._reading.rows.place(fault.path)}: {fault.message}" if fault.path else fault.message

    # The import

    def _session(self, batch: Batch) -> PartUploader:
        """Return the import of this first part: a new one, or an interrupted one."""
        if self._sending is None:
            wanted, path = self._wanted, self._reading.source.path
            identity = Identity(
                self._context.host.url,
                wanted.space,
                wanted.environment,
                os.path.realpath(path) if path else STDIN,
                self._reading.options,
                batch.digest,
            )
            self._journal = self._locked_journal(identity)
            self._sending = PartUploader(self._context, wanted.space, wanted.environment, self._journal)
            self._held.callback(self._sending.abandon)
            done = self._sending.resume()
            self._context.failpoint("import-begun")
            if done:
                self._context.console.notice(f"Resuming the interrupted import of {self.name} after part {done:,}.")
        return self._sending

    def _locked_journal(self, identity: Identity) -> ImportJournal:
        state = self._context.folders.state
        guarded = state / "imports" / identity.lock_name
        try:
            self._held.enter_context(process_lock(state, guarded, timeout_seconds=0))
        except UnavailableError:
            self._context.console.notice(f"Waiting for another mtribes process that is importing {self.name}.")
            self._held.enter_context(process_lock(state, guarded, timeout_seconds=WAIT_FOR_OTHER_SECONDS))
        if identity.source != STDIN:
            self._leave_others(identity)
        journal = open_journal(state, identity)
        self._held.callback(journal.close)
        return journal

    def _leave_others(self, identity: Identity) -> None:
        """Abandon an import of an older version of the file."""
        for other in others_of(self._context.folders.state, identity):
            self._context.console.notice(
                f"{self.name}, or its options, changed since its import was interrupted. Starting a new "
                f"import. {_applied(len(other))}"
            )
            other.remove()

    def _complete(self) -> str | None:
        """Complete the import and return its ID; None if there was nothing to send."""
        if self._sending is None:
            return None
        done = self._sending.complete()
        here = Totals(read=self._local_rejects, rejected=self._local_rejects)
        self.totals = done.totals + here
        return self._sending.import_id

    # Rejects

    def _place_of_rejects(self) -> RejectsFile:
        context, source = self._context, self._reading.source
        folder, state = context.working_folder, context.folders.state
        if self._wanted.rejects is not None:
            return stated_rejects_file(folder, state, self._wanted.rejects, source.path)
        if source.path is None or not is_beside_possible(source.path):
            return default_rejects_file(folder, state, name_of_stream(self._wanted.input.file), self._reading.extension)
        return default_rejects_file(source.path.parent, state, self._wanted.input.file, self._reading.extension)

    def _write_rejects(self) -> None:
        if self._spool.count:
            self._rejects_file.put(self._spool, self._reading.rejects, self._reading.rejects_encoding)
        else:
            self._rejects_file.remove_ours()
        self._context.failpoint("import-rejects-written")

    # What is told

    def _gave_up(self) -> Result:
        self._write_rejects()
        limit = counted(self._wanted.max_errors or 0, "row")
        verb = "was" if self._wanted.max_errors == 1 else "were"
        what = f"Stopped: more than {limit} {verb} rejected. Applied rows remain."
        self._context.console.warning(f"{what} Fix the file, then run the command again.")
        return self._summary(self._sending.import_id if self._sending else None)

    def _tell_remarks(self) -> None:
        for remark in self._reading.rows.remarks():
            self._context.console.notice(remark)

    def _summary(self, import_id: str | None) -> Result:
        self._tell_remarks()
        totals, rejects = self.totals, self._rejects_file.shown
        line = (
            f"Read {totals.read:,} = created {totals.created:,} + updated {totals.updated:,} "
            f"+ unchanged {totals.unchanged:,} + rejected {totals.rejected:,}."
        )
        data = {"import": import_id, **asdict(totals)}
        if not totals.rejected:
            return Result(data, (line,))
        self._context.console.notice(f"Fix the rows in {rejects}, then import that file with the same command.")
        return Result(data, (line,), ExitCode.NOT_ALL_WELL, self._problems(f"; all of them are in {rejects}"))

    def _checked(self) -> Result:
        self._tell_remarks()
        totals = self.totals
        line = f"Read {totals.read:,}. {totals.rejected:,} would be rejected. Nothing was sent."
        data = {"import": None, "read": totals.read, "created": None, "updated": None, "unchanged": None}
        data["rejected"] = totals.rejected
        if not totals.rejected:
            return Result(data, (line,))
        return Result(data, (line,), ExitCode.NOT_ALL_WELL, self._problems(""))

    def _problems(self, where: str) -> tuple[Problem, ...]:
        """Return the first problems, and how many there are."""
        told = [Problem(one.reason, f"line {one.line:,}", REJECTED) for one in islice(self._spool, MAX_TOLD_REJECTS)]
        rest = self._spool.count - len(told)
        if rest or where:
            more = f"{rest:,} more" if rest else f"{self._spool.count:,} in total"
            told.append(Problem(f"{more}{where}.", self.name, REJECTED))
        return tuple(told)


def _applied(parts: int) -> str:
    return f"The {counted(parts, 'part')} already applied {'remains' if parts == 1 else 'remain'}."
