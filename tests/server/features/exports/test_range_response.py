"""A file that is served in pieces is closed when whoever fetches it goes away, and not while a thread reads it."""

from __future__ import annotations

import asyncio
import io
import threading
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from templates_server.features.exports import range_response


class SlowFile(io.BytesIO):
    """A file whose reading takes until it is told to end."""

    def __init__(self) -> None:
        super().__init__(b"all of it")
        self.is_read, self.may_end, self.is_closed = threading.Event(), threading.Event(), threading.Event()
        self.was_open_to_the_end = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.is_read.set()
        assert self.may_end.wait(10)
        self.was_open_to_the_end = not self.closed
        return super().read(size)

    def close(self) -> None:
        super().close()
        self.is_closed.set()


def test_a_piece_that_is_being_read_is_read_to_its_end_and_then_the_file_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = SlowFile()
    monkeypatch.setattr(range_response, "_open_now", lambda _path: file)

    async def go_away_while_it_is_read() -> None:
        pieces = cast("Any", range_response._pieces(Path("export"), 0, 9))
        async with aclosing(pieces):
            fetching = asyncio.ensure_future(anext(pieces))
            await asyncio.to_thread(file.is_read.wait, 10)
            fetching.cancel()
            with pytest.raises(asyncio.CancelledError):
                await fetching
        assert not file.closed
        file.may_end.set()
        assert await asyncio.to_thread(file.is_closed.wait, 10)

    asyncio.run(asyncio.wait_for(go_away_while_it_is_read(), 10))
    assert file.was_open_to_the_end
