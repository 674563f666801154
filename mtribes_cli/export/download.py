"""Downloads an export: resumes wherever the connection broke off, and checks every byte."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mtribes_cli.errors import AnswerError, NetworkError, UnavailableError
from mtribes_cli.export.row_counter import RowCount
from mtribes_cli.files.atomic_file import PRIVATE_MODE, flush_to_disk
from mtribes_cli.files.errors import file_error
from mtribes_cli.terminal.progress import ByteMeter

if TYPE_CHECKING:
    from mtribes_cli.api.models.exports import Export
    from mtribes_cli.api.response import ApiResponse
    from mtribes_cli.context import Context

PATIENCE_SECONDS = 600.0  # without a byte
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.5, 30.0
PIECE_BYTES = 1024 * 1024

Show = Callable[[], None]


class OtherContentError(Exception):
    """Raised if the downloaded content is not what the server describes."""


class Download:
    """The download of one export into one file."""

    def __init__(self, context: Context, place: tuple[str, str], export: Export, kind: str) -> None:
        self._context, self._place, self._export, self._kind = context, place, export, kind
        self._size = export.bytes or 0
        self.meter = ByteMeter("Fetching", context.clock.elapsed_seconds)
        self.meter.size = self._size
        self._begin_anew()

    def into(self, part: Path, show: Show) -> None:
        """Fill the file. Raises OtherContentError if its content is wrong in the end; FileError, NetworkError ..."""
        try:
            with _opened(part) as file:
                self._take_what_is_there(file)
                self._fetch_the_rest(file, show)
                flush_to_disk(file)
        except OSError as error:
            raise file_error(error, str(part), cannot_be="written") from error
        if self._done != self._size or self._digest.hexdigest() != self._export.sha256:
            raise OtherContentError
        if self._rows.rows != self._export.rows:
            raise AnswerError(
                f"The export contains {self._rows.rows:,} rows instead of {self._export.rows:,}.",
                "Run the command again.",
            )
        self.meter.finish()
        show()

    def _begin_anew(self) -> None:
        self._done, self._digest, self._rows = 0, hashlib.sha256(), RowCount(self._kind)

    def _take_what_is_there(self, file: BinaryIO) -> None:
        """Continue after the bytes that are there; a file with more bytes than the export has other content."""
        if os.fstat(file.fileno()).st_size > self._size:
            file.truncate(0)
        while piece := file.read(PIECE_BYTES):
            self._count(piece)

    def _count(self, piece: bytes) -> None:
        self._done += len(piece)
        self._digest.update(piece)
        self._rows.add(piece)

    def _fetch_the_rest(self, file: BinaryIO, show: Show) -> None:
        clock, console = self._context.clock, self._context.console
        pause, last_byte = FIRST_PAUSE_SECONDS, clock.elapsed_seconds()
        self._note(is_from_before=True)

        def take(answer: ApiResponse, pieces: Iterator[bytes]) -> None:
            if answer.status != HTTPStatus.PARTIAL_CONTENT and self._done:
                file.seek(0)
                file.truncate()
                self._begin_anew()
            for piece in pieces:
                if self._done + len(piece) > self._size:
                    raise OtherContentError
                file.write(piece)
                self._count(piece)
                self._note()
                show()

        while self._done < self._size:
            had = self._done
            try:
                self._context.client.fetch_export(
                    *self._place, self._export.id, start=self._done, sha256=self._export.sha256 or "", take=take
                )
            except (UnavailableError, NetworkError) as error:
                if self._done != had:
                    pause, last_byte = FIRST_PAUSE_SECONDS, clock.elapsed_seconds()
                waits = getattr(error, "retry_after_seconds", None) or pause
                if clock.elapsed_seconds() + waits > last_byte + PATIENCE_SECONDS:
                    raise
                console.trace(f"{error.what} Resuming at byte {self._done:,} in {waits:.1f} s.")
                clock.sleep(waits)
                pause = min(pause * 2, MAX_PAUSE_SECONDS)

    def _note(self, *, is_from_before: bool = False) -> None:
        share = self._done / self._size if self._size else None
        self.meter.note(self._done, share, is_from_before=is_from_before)


def _opened(part: Path) -> BinaryIO:
    """Open the existing file, or create a private one."""
    part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(os.open(part, flags, PRIVATE_MODE), "r+b")
