"""A cache of apps by key. An entry expires after a moment, and after each write of this process.

So data stored by this process applies to the very next request, and data from another process after a tenth of
a second.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from templates_server.features.spaces import store
from templates_server.security.authorization import Principal
from templates_server.storage.database import Database

KEPT_SECONDS = 0.1
MOST_KEPT = 1000


class _Kept(msgspec.Struct, frozen=True, gc=False):
    app: Principal
    until_seconds: float
    writes: int  # that had ended before it was looked up


class ApiKeyCache:
    """A cached lookup of apps by key."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def find(self, key: str) -> Principal | None:
        """Return the app of an active pk_ key; None when the key is unknown or revoked."""
        kept, writes, now = self._kept.get(key), self._database.ended_writes, self._clock()
        if kept is not None and kept.writes == writes and now < kept.until_seconds:
            return kept.app
        app = await store.find_app(self._database, key)
        if app is None:
            self._kept.pop(key, None)
        else:
            self._kept[key] = _Kept(app, now + KEPT_SECONDS, writes)
            self._kept.move_to_end(key)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return app
