"""A part on its way, in a thread of its own, so that the next one can be sent before the answer is here."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mtribes_cli.api.models.imports import ImportedPart

LOOK_SECONDS = 0.2


class UploadTask:
    """A part that is being sent; the thread ends with the program where nobody waits for it."""

    def __init__(self, send: Callable[[], ImportedPart]) -> None:
        self._is_over = threading.Event()
        self._applied: ImportedPart | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._send, args=(send,), name="import-part", daemon=True).start()

    def _send(self, send: Callable[[], ImportedPart]) -> None:
        try:
            self._applied = send()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever asks what became of it
            self._error = error
        self._is_over.set()

    @property
    def is_over(self) -> bool:
        """Whether the answer is here, or none will come."""
        return self._is_over.is_set()

    def wait(self) -> None:
        """Until it is over; never for ever in one go, since Ctrl-C would wait where that cannot be interrupted."""
        while not self._is_over.wait(LOOK_SECONDS):
            pass

    def outcome(self) -> ImportedPart:
        """What became of it; what went wrong is raised."""
        self.wait()
        if self._applied is None:
            raise self._error or AssertionError("it ended without an answer and without an error")
        return self._applied
