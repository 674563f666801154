"""Sending the parts of one import in order, each once: what the journal knows is not sent again, what fails waits."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn, TypeVar
from urllib.parse import urlsplit

from mtribes_cli.api.models.imports import Import, ImportedPart, Part
from mtribes_cli.api.server_url import is_loopback
from mtribes_cli.errors import ConflictError, NetworkError, NotFoundError, UnavailableError
from mtribes_cli.ingest.batch import Batch
from mtribes_cli.ingest.upload_task import UploadTask

if TYPE_CHECKING:
    from mtribes_cli.context import Context
    from mtribes_cli.ingest.journal import ImportJournal

PATIENCE_SECONDS = 600.0
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 1.0, 60.0
TURN_SECONDS = 60
GZIP_LEVEL, GZIP_WINDOW_BITS = 1, 31
Answer = TypeVar("Answer")


class StartOverError(Exception):
    """The parts must be looked at from the first one again; what the journal says was put right before."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class SentPart:
    """A part that was begun: what became of it before, or where it will be told."""

    number: int
    outcome: UploadTask | ImportedPart


class PartUploader:
    """One import at one environment. The next parts may be begun before the last one is finished."""

    def __init__(self, context: Context, space: str, environment: str, journal: ImportJournal) -> None:
        self._context = context
        self._place = (space, environment)
        self._journal = journal
        self._begun = 0  # parts, those that were not sent again among them
        self._last: UploadTask | None = None
        self._is_packed = not is_loopback(urlsplit(context.host.url).hostname or "")
        self.has_applied = False
        """Whether the server has taken a part in this command."""
        self._has_answered = False
        self._is_over = False

    @property
    def import_id(self) -> str:
        """The import's id."""
        return self._journal.import_id

    def resume(self) -> int:
        """Compare what the journal knows with the server, which knows better; how many parts are applied."""
        if not len(self._journal):
            return 0
        try:
            known = self._with_retries(lambda: self._context.client.import_status(*self._place, self.import_id))
        except NotFoundError:
            self._journal.keep_only(0)
            return 0
        self._journal.keep_only(known.parts)
        return len(self._journal)

    def begin(self, batch: Batch) -> SentPart:
        """Send the next part, which is `batch`. Raises StartOverError when it is not what it was before."""
        self._begun += 1
        number = self._begun
        known = self._journal.part(number)
        if known is None:
            before = self._last
            self._last = UploadTask(lambda: self._send(number, batch, before))
            return SentPart(number, self._last)
        if known.digest != batch.digest:
            self._journal.remove()
            raise StartOverError("it has changed since")
        return SentPart(number, known)

    def finish(self, part: SentPart) -> ImportedPart:
        """What became of a part; parts are finished in the order in which they were begun."""
        if isinstance(part.outcome, ImportedPart):
            return part.outcome
        try:
            applied = part.outcome.outcome()
        except ConflictError as conflict:
            self._settle(conflict, part.number)
        self.has_applied = True
        self._context.failpoint("import-part-answered")
        self._journal.add(applied)
        self._context.failpoint("import-part-kept")
        return applied

    def abandon(self) -> None:
        """Nobody waits any more for what is on its way."""
        self._is_over = True

    def _send(self, number: int, batch: Batch, before: UploadTask | None) -> ImportedPart:
        """The answer to a part, in a thread; the one before it may be on its way still, and have to be sent again."""
        content = zlib.compress(batch.body, GZIP_LEVEL, GZIP_WINDOW_BITS) if self._is_packed else batch.body
        part = Part(self.import_id, number, content, bytes.fromhex(batch.digest), self._is_packed)
        if before is not None and not before.is_over:
            with suppress(ConflictError):
                early = replace(part, wait_seconds=TURN_SECONDS)
                return self._with_retries(lambda: self._context.client.send_part(*self._place, early))
            before.wait()
        return self._with_retries(lambda: self._context.client.send_part(*self._place, part))

    def complete(self) -> Import:
        """The import with all its parts."""
        done = self._with_retries(
            lambda: self._context.client.complete_import(*self._place, self.import_id, parts=self._begun)
        )
        self._context.failpoint("import-completed")
        return done

    def _settle(self, conflict: ConflictError, number: int) -> NoReturn:
        """The server does not take the part in its turn: put the journal right by what it knows."""
        try:
            known = self._context.client.import_status(*self._place, self.import_id)
        except NotFoundError:
            applied = 0
        else:
            applied = known.parts
        if applied >= number:
            self._journal.remove()
            raise StartOverError("it has changed since") from conflict
        if applied == number - 1:
            raise conflict
        self._journal.keep_only(applied)
        raise StartOverError(f"the server has {applied:,} of its parts") from conflict

    def _with_retries(self, ask: Callable[[], Answer]) -> Answer:
        """The answer, however long the server is busy or the network away, up to a limit.

        A server that never answered in this command is not waited for, unless it says how long.
        """
        clock = self._context.clock
        began, pause = clock.elapsed_seconds(), FIRST_PAUSE_SECONDS
        while True:
            try:
                answer = ask()
            except (UnavailableError, NetworkError) as error:
                asked = getattr(error, "retry_after_seconds", None)
                waits = asked or pause
                is_late = clock.elapsed_seconds() + waits > began + PATIENCE_SECONDS
                if is_late or self._is_over or not (self._has_answered or asked):
                    raise
                self._context.console.notice(f"{error.what} Trying again in {waits:.0f} seconds.")
                clock.sleep(waits)
                pause = min(pause * 2, MAX_PAUSE_SECONDS)
            else:
                self._has_answered = True
                return answer
