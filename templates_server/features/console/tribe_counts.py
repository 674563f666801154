"""The latest counts of people in tribes, with their times: a count may take seconds, so pages show the last one."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from templates_server.errors import Conflict
from templates_server.features.tribes import store
from templates_server.features.tribes.model import TribeDefinition
from templates_server.features.tribes.serializer import to_tribe_document
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.storage.database import Database

MOST_KEPT = 10_000
OF_A_COUNT = ("audience", "match", "filters")
BUSY = "Another of your counts is still running. Wait for it to finish, then try again."


@dataclass(frozen=True)
class TribeCount:
    """How many people, users and visitors, were in a tribe at a time (RFC 3339)."""

    count: int
    at: str


class TribeCounts:
    """What was counted last in this process, by environment and rules; the oldest are forgotten."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, TribeCount] = OrderedDict()
        self._counting: set[str] = set()

    def find(self, environment_id: str, tribe: TribeDefinition) -> TribeCount | None:
        """Return the latest count of these rules; None if there is none."""
        return self._kept.get(_key(environment_id, tribe))

    async def count(
        self, database: Database, at: store.EvaluationContext, tribe: TribeDefinition, *, account_id: str
    ) -> TribeCount:
        """Count the people in a tribe now; Conflict while another count for the same account is running."""
        if account_id in self._counting:
            raise Conflict(BUSY)
        self._counting.add(account_id)
        try:
            number = await database.read_in_thread(lambda connection: store.count_people(connection, at, tribe))
        finally:
            self._counting.discard(account_id)
        return self._keep(_key(at.environment_id, tribe), TribeCount(number, to_rfc3339(at.now)))

    def _keep(self, key: bytes, counted: TribeCount) -> TribeCount:
        self._kept[key] = counted
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return counted


def _key(environment_id: str, tribe: TribeDefinition) -> bytes:
    """Return the key of a count: everything it depends on, except the people."""
    document: dict[str, Any] = to_tribe_document(tribe)
    rules = json.dumps([document[name] for name in OF_A_COUNT], sort_keys=True)
    return hashlib.sha256(f"{environment_id}\n{rules}".encode()).digest()
