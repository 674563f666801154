"""What could not be used and the server has not been told of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .limits import LONGEST_UNKNOWN, MOST_UNKNOWN, REPORT
from .storage import Store
from .values import storable

if TYPE_CHECKING:
    from .client import Client


class _Untold:
    """A line for whose it is, and one an entry: for all spaces of the program."""

    text = ""


class Report:
    """Keeps it in storage too, until a start that carried it was answered.

    `whose` names the code and the destination: others drop it.
    """

    def __init__(self, store: Store, client: Client, whose: Callable[[], str]) -> None:
        self._store = store
        self._client = client
        self._whose = whose
        self._is_loaded = False

    def entries(self) -> list[str]:
        """What the next start carries."""
        if not self._is_loaded and self._client.tracking:
            self._is_loaded = True
            left = self._store.read(REPORT)
            # Nothing of this kind is what others have written there.
            if left and "\n" in left:
                _Untold.text = _Untold.text or left
        mark, *entries = _Untold.text.split("\n")[: MOST_UNKNOWN + 1]
        if mark != self._whose():
            return []
        return [storable(entry[:LONGEST_UNKNOWN]) for entry in entries]

    def put(self, entries: Sequence[str]) -> None:
        """Have these carried instead."""
        several = list(dict.fromkeys(entries))[:MOST_UNKNOWN]
        text = "\n".join([self._whose(), *several]) if several else ""
        if not self._is_loaded or text == _Untold.text:
            return
        _Untold.text = text
        if text:
            self._store.write(REPORT, text)
        else:
            self._store.remove(REPORT)

    def clear(self) -> None:
        """Consent is withdrawn: it is told to nobody, and stored no longer."""
        self._store.clear(REPORT)
        self.put([])
