"""Where an app keeps texts between its runs."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .values import is_text

if TYPE_CHECKING:
    from .client import Client


class Storage(Protocol):
    """Keeps texts by key, for one person: a file, a cookie, a row of a database."""

    def get(self, key: str) -> str | None:
        """Return the text, or None."""
        ...

    def set(self, key: str, text: str) -> None:
        """Keep the text."""
        ...

    def remove(self, key: str) -> None:
        """Keep it no longer."""
        ...


class FileStorage:
    """Keeps each text as a file of a folder, which is made when it is needed."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)

    def get(self, key: str) -> str | None:
        """Return the text of the file, or None."""
        try:
            return (self._folder / key).read_text("utf-8")
        except FileNotFoundError:
            return None

    def set(self, key: str, text: str) -> None:
        """Replace the file as a whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(self._folder / key)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def remove(self, key: str) -> None:
        """Remove the file."""
        (self._folder / key).unlink(missing_ok=True)


class Store:
    """Texts of a space by name. Nothing here raises, whatever the storage does."""

    def __init__(
        self, space_key: str, client: Client, storage: Callable[[], Storage | None]
    ) -> None:
        self._space_key = space_key
        self._client = client
        self._storage = storage
        self._is_used = False

    @property
    def has_storage(self) -> bool:
        """Whether what is written here outlives the program."""
        return self._storage() is not None

    def read(self, name: str) -> str | None:
        """The text; None where there is none, or storage fails."""
        self._is_used = self._is_used or self._client.tracking
        try:
            storage = self._storage()
            text = storage.get(self._key(name)) if storage else None
        except Exception:  # noqa: BLE001  storage is an app's
            return None
        return text if text and is_text(text) else None

    def write(self, name: str, text: str) -> bool:
        """Keep the text; False where it cannot be, or nothing may be."""
        if not self._client.tracking:
            return False
        self._is_used = True
        try:
            storage = self._storage()
            if storage:
                storage.set(self._key(name), text)
        except Exception:  # noqa: BLE001  storage is an app's
            return False
        return True

    def remove(self, name: str) -> None:
        """Keep it no longer."""
        if not self.read(name):
            return
        with contextlib.suppress(Exception):  # storage is an app's
            storage = self._storage()
            if storage:
                storage.remove(self._key(name))

    def clear(self, name: str) -> None:
        """Consent is withdrawn: what this program may have stored goes."""
        if self._is_used:
            self.remove(name)

    def _key(self, name: str) -> str:
        return f"mtribes.{self._space_key}.{name}"
