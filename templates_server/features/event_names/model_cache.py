"""A cache of the model events that received events are checked against, read once per revision."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from templates_server.features.event_names.model_check import NOTHING_MODELLED, ModelledEvents
from templates_server.features.spaces import store as spaces_store
from templates_server.features.spaces.parser import parse_model
from templates_server.primitives.memory_size import measure_bytes
from templates_server.storage.database import Database
from templates_server.storage.query_coalescer import QueryCoalescer

MOST_BYTES = 32 * 1024 * 1024
READ_AT_ONCE = 2

Wanted = tuple[str, int]
"""The id of an environment, and the revision of its Space's model."""


class ModelEvents:
    """A cache of the modelled events of recently requested environments, limited by memory."""

    def __init__(self, database: Database, *, most_bytes: int = MOST_BYTES) -> None:
        self._database = database
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, tuple[int, ModelledEvents, int]] = OrderedDict()
        self._held_bytes = 0
        self._reading = QueryCoalescer(self._read_all, at_once=READ_AT_ONCE)

    async def find(self, environment_id: str, revision: int) -> ModelledEvents:
        """Return the events in a revision of the model, or none if the Space was just deleted."""
        if revision == 0:
            return NOTHING_MODELLED
        kept = self._kept.get(environment_id)
        if kept is None or kept[0] != revision:
            return await self._reading.ask((environment_id, revision))
        self._kept.move_to_end(environment_id)
        return kept[1]

    async def _read_all(self, wanted: Sequence[Wanted]) -> Sequence[ModelledEvents | Exception]:
        return [await self._read(*one) for one in wanted]

    async def _read(self, environment_id: str, revision: int) -> ModelledEvents | Exception:
        """Read a model in a thread, since a large document takes long, and cache its events or the error."""
        try:
            document = await self._database.read_in_thread(
                lambda connection: spaces_store.load_model_of_environment(connection, environment_id, revision)
            )
            events, size = await asyncio.to_thread(_read, document)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
            return error
        self._keep(environment_id, revision, events, size)
        return events

    def _keep(self, environment_id: str, revision: int, events: ModelledEvents, size: int) -> None:
        if environment_id in self._kept:
            self._held_bytes -= self._kept.pop(environment_id)[2]
        self._kept[environment_id] = revision, events, size
        self._held_bytes += size
        while len(self._kept) > 1 and self._held_bytes > self._most_bytes:
            self._held_bytes -= self._kept.popitem(last=False)[1][2]


def _read(document: object) -> tuple[ModelledEvents, int]:
    """Return the events of a model's document and how much memory they use."""
    if document is None:
        return NOTHING_MODELLED, 0
    model, _ = parse_model(document, space="", name="")
    if not model.events:
        return NOTHING_MODELLED, 0
    events = ModelledEvents(model.events)
    return events, measure_bytes(events)
