"""The calls to the system by which files are made, as they come; one of them can fail."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CALLS = ("open", "fsync", "replace", "link")


class FailingCalls:
    """Those of this process from here on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        self._failing = 0
        for name in CALLS:
            monkeypatch.setattr(os, name, self._recording(name, getattr(os, name)))

    def _recording(self, name: str, call: Any) -> Any:
        def recorded(*args: Any, **more: Any) -> Any:
            self.made.append(f"{name} of a folder" if name == "fsync" and _is_folder(args[0]) else name)
            if len(self.made) == self._failing:
                raise OSError(errno.ENOSPC, "No space left on device")
            return call(*args, **more)

        return recorded

    @contextmanager
    def failing(self, number: int) -> Iterator[None]:
        """Of the calls in the block this one fails; the first one is number 1."""
        self.made.clear()
        self._failing = number
        try:
            yield
        finally:
            self._failing = 0


def _is_folder(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)
