"""Reads ahead: a thread makes the next batch while the current one is being sent."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mtribes_cli.ingest.batch import Batch

WAITING_BATCHES = 1
LOOK_SECONDS = 0.2


@contextmanager
def read_ahead(batches: Iterator[Batch]) -> Iterator[Iterator[Batch]]:
    """Yield the same batches; an error in making one is raised where the next one is requested.

    The thread ends with the block, or with the program if it waits for input.
    """
    ready: queue.Queue[Batch | BaseException | None] = queue.Queue(WAITING_BATCHES)
    is_over = threading.Event()

    def put(item: Batch | BaseException | None) -> None:
        while not is_over.is_set():
            try:
                ready.put(item, timeout=LOOK_SECONDS)
            except queue.Full:
                continue
            return

    def make() -> None:
        try:
            for batch in batches:
                batch.sha256  # noqa: B018 - computed here, where nobody waits for it
                put(batch)
                if is_over.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised again by whoever asks for the next batch
            put(error)
        else:
            put(None)

    thread = threading.Thread(target=make, name="read-ahead", daemon=True)
    thread.start()
    try:
        yield _taken(ready)
    finally:
        is_over.set()
        thread.join(LOOK_SECONDS * 2)


def _taken(ready: queue.Queue[Batch | BaseException | None]) -> Iterator[Batch]:
    while True:
        try:
            item = ready.get(timeout=LOOK_SECONDS)  # not for ever: where that cannot be interrupted, Ctrl-C would wait
        except queue.Empty:
            continue
        if item is None:
            return
        if isinstance(item, BaseException):
            raise item
        yield item
