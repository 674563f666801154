"""Sending the parts of one import in order, each once: what the journal knows is not sent again, what fails waits.

All repetition is here, in `_with_retries`: the requests of an import are not repeated below it.
"""

from __future__ import annotations

import random
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn, TypeVar
from urllib.parse import urlsplit

from mtribes_cli.api.models.imports import Import, ImportedPart, Part
from mtribes_cli.api.server_url import is_loopback
from mtribes_cli.api.transport import is_transient
from mtribes_cli.errors import ConflictError, MtribesError, NetworkError, NotFoundError, UnavailableError
from mtribes_cli.ingest.batch import Batch
from mtribes_cli.numbers import counted_seconds

if TYPE_CHECKING:
    from mtribes_cli.context import Context
    from mtribes_cli.ingest.journal import ImportJournal

PATIENCE_SECONDS = 600.0
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.25, 60.0
QUICK_ATTEMPTS = 4
"""So often a request is sent, without a word, to a server that has not answered in this command."""
LOOK_SECONDS = 0.2
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


class UploadTask:
    """A part on its way, in a thread of its own, so that the next one can be sent before the answer is here.

    The thread ends with the program where nobody waits for it.
    """

    def __init__(self, send: Callable[[], ImportedPart]) -> None:
        self._future: Future[ImportedPart] = Future()
        threading.Thread(target=self._run, args=(send,), name="import-part", daemon=True).start()

    def _run(self, send: Callable[[], ImportedPart]) -> None:
        try:
            self._future.set_result(send())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever asks what became of it
            self._future.set_exception(error)

    @property
    def is_over(self) -> bool:
        """Whether the answer is here, or none will come."""
        return self._future.done()

    def wait(self) -> None:
        """Wait until it is over; never for ever in one go, since Ctrl-C would wait where that cannot be interrupted."""
        while not self.is_over:
            wait([self._future], timeout=LOOK_SECONDS)

    def outcome(self) -> ImportedPart:
        """Return what became of it, or raise what went wrong."""
        self.wait()
        return self._future.result()


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
        """Return the result of a part; parts are finished in the order in which they were begun."""
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
        """Stop waiting for what is on its way."""
        self._is_over = True

    def _send(self, number: int, batch: Batch, before: UploadTask | None) -> ImportedPart:
        """Send a part in a thread; the previous one may still be on its way, and may have to be sent again."""
        content = zlib.compress(batch.body, GZIP_LEVEL, GZIP_WINDOW_BITS) if self._is_packed else batch.body
        part = Part(self.import_id, number, content, batch.sha256, self._is_packed)
        if before is not None and not before.is_over:
            with suppress(ConflictError):
                early = replace(part, wait_seconds=TURN_SECONDS)
                return self._with_retries(lambda: self._context.client.send_part(*self._place, early))
            before.wait()
        return self._with_retries(lambda: self._context.client.send_part(*self._place, part))

    def complete(self) -> Import:
        """Complete the import and return it."""
        done = self._with_retries(
            lambda: self._context.client.complete_import(*self._place, self.import_id, parts=self._begun)
        )
        self._context.failpoint("import-completed")
        return done

    def _settle(self, conflict: ConflictError, number: int) -> NoReturn:
        """Correct the journal by what the server knows, after it rejected a part out of order."""
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
        """Return the answer, however long the server is busy or the network away, up to a limit.

        A server that never answered in this command is waited for a moment, unless it says how long.
        """
        clock = self._context.clock
        began, attempt = clock.elapsed_seconds(), 0
        while True:
            attempt += 1
            try:
                answer = ask()
            except (UnavailableError, NetworkError) as error:
                is_quick = attempt < QUICK_ATTEMPTS and is_transient(error)
                asked_seconds = getattr(error, "retry_after_seconds", None)
                seconds = asked_seconds or _pause_seconds(attempt)
                is_late = clock.elapsed_seconds() + seconds > began + PATIENCE_SECONDS
                if is_late or self._is_over or not (is_quick or self._has_answered or asked_seconds):
                    raise
                self._tell_pause(error, seconds, is_quick=is_quick and not asked_seconds)
                clock.sleep(seconds)
            else:
                self._has_answered = True
                return answer

    def _tell_pause(self, error: MtribesError, seconds: float, *, is_quick: bool) -> None:
        if is_quick:
            self._context.console.trace(f"{error.what} Trying again in {seconds:.1f} seconds.")
        else:
            self._context.console.notice(f"{error.what} Trying again in {counted_seconds(seconds)}.")


def _pause_seconds(attempt: int) -> float:
    """Return how long to wait after so many attempts, spread so that many commands do not come back at once."""
    grown = FIRST_PAUSE_SECONDS * (1 << min(attempt - 1, 10))
    return min(grown * random.uniform(0.5, 1.5), MAX_PAUSE_SECONDS)  # noqa: S311 - spread
