"""Sending the parts of one import in order, each once: what the journal knows is not sent again, what fails waits."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar
from urllib.parse import urlsplit

from mtribes_cli.errors import ConflictError, NetworkError, NotFoundError, UnavailableError
from mtribes_cli.hosts import is_loopback
from mtribes_cli.import_wire import Import, ImportedPart, Part
from mtribes_cli.ingest.parts import Batch

if TYPE_CHECKING:
    from mtribes_cli.context import Context
    from mtribes_cli.ingest.journal import ImportJournal

PATIENCE_SECONDS = 600.0
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 1.0, 60.0
GZIP_LEVEL, GZIP_WINDOW_BITS = 1, 31
Answer = TypeVar("Answer")


class StartOverError(Exception):
    """The parts must be looked at from the first one again; what the journal says was put right before."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Sending:
    """One import at one environment."""

    def __init__(self, context: Context, space: str, environment: str, journal: ImportJournal) -> None:
        self._context = context
        self._place = (space, environment)
        self._journal = journal
        self._sent = 0  # parts, those that were not sent again among them
        self._is_packed = not is_loopback(urlsplit(context.host.url).hostname or "")
        self._has_answered = False

    @property
    def import_id(self) -> str:
        """The import's id."""
        return self._journal.import_id

    def pick_up(self) -> int:
        """Compare what the journal knows with the server, which knows better; how many parts are applied."""
        if not len(self._journal):
            return 0
        try:
            known = self._patiently(lambda: self._context.client.imported(*self._place, self.import_id))
        except NotFoundError:
            self._journal.keep_only(0)
            return 0
        self._journal.keep_only(known.parts)
        return len(self._journal)

    def apply(self, batch: Batch) -> ImportedPart:
        """What became of the next part, which is `batch`. Raises StartOverError when it is not what it was before."""
        number = self._sent + 1
        known = self._journal.part(number)
        if known is None:
            known = self._apply_now(number, batch)
        elif known.digest != batch.digest:
            self._journal.remove()
            raise StartOverError("it has changed since")
        self._sent = number
        return known

    def _apply_now(self, number: int, batch: Batch) -> ImportedPart:
        content = zlib.compress(batch.body, GZIP_LEVEL, GZIP_WINDOW_BITS) if self._is_packed else batch.body
        part = Part(self.import_id, number, content, bytes.fromhex(batch.digest), self._is_packed)
        try:
            applied = self._patiently(lambda: self._context.client.send_part(*self._place, part))
        except ConflictError as conflict:
            self._settle(conflict, number)
        self._context.at_crash_point("import-part-answered")
        self._journal.add(applied)
        self._context.at_crash_point("import-part-kept")
        return applied

    def complete(self) -> Import:
        """The import with all its parts."""
        done = self._patiently(
            lambda: self._context.client.complete_import(*self._place, self.import_id, parts=self._sent)
        )
        self._context.at_crash_point("import-completed")
        return done

    def _settle(self, conflict: ConflictError, number: int) -> NoReturn:
        """The server does not take the part in its turn: put the journal right by what it knows."""
        try:
            known = self._context.client.imported(*self._place, self.import_id)
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

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
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
                if is_late or not (self._has_answered or asked):
                    raise
                self._context.console.notice(f"{error.what} Trying again in {waits:.0f} seconds.")
                clock.sleep(waits)
                pause = min(pause * 2, MAX_PAUSE_SECONDS)
            else:
                self._has_answered = True
                return answer
