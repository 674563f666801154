"""A lock for one process at a time: a file in the user's state folder, named after what it guards."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtribes_cli.errors import UnavailableError
from mtribes_cli.files.errors import file_error


@contextmanager
def process_lock(state_folder: Path, guarded: Path, *, timeout_seconds: float) -> Iterator[None]:
    """Hold the lock for `guarded`; UnavailableError if another process holds it for too long."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 - start-up time

    name = hashlib.sha256(os.path.realpath(guarded).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    place = state_folder / "locks"
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place / f"{name}.lock", timeout=timeout_seconds)
        lock.acquire()
    except Timeout:
        raise UnavailableError(
            f"Another mtribes process has been using {guarded} for {timeout_seconds:.0f} seconds.",
            "Wait for it to finish, then run the command again.",
        ) from None
    except OSError as error:
        raise file_error(error, str(place), cannot_be="written") from error
    try:
        yield
    finally:
        lock.release()
