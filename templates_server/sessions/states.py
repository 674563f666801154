"""The states of an environment's entities as apps get them, made once a revision."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from templates_server.codegen.model import Value
from templates_server.database import Database
from templates_server.delivery.choosing import Choice, choose_states
from templates_server.delivery.reading import Surroundings, parse_delivery
from templates_server.property_values import to_plain
from templates_server.sessions import store
from templates_server.sessions.models import EntityState, ItemState
from templates_server.spaces.reading import parse_model

MOST_ENVIRONMENTS = 1000


@dataclass(frozen=True, slots=True)
class States:
    """All states at a revision; `encoded` is the JSON object of them."""

    revision: str
    encoded: bytes


class StatesCache:
    """The states of the environments that were asked for last; the revision is looked up, so none is stale."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str, States] = OrderedDict()

    async def states_of(self, environment_id: str) -> States:
        """The untargeted states of an environment, as they are now."""
        revision = await store.revision_of(self._database, environment_id)
        kept = self._kept.get(environment_id)
        if kept is None or kept.revision != revision:
            documents = await self._database.read(lambda connection: store.documents_of(connection, environment_id))
            kept = self._kept[environment_id] = make_states(documents)
            if len(self._kept) > MOST_ENVIRONMENTS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(environment_id)
        return kept


def make_states(documents: store.Documents) -> States:
    """The untargeted states that documents give; what the model no longer has is passed over."""
    model, _ = parse_model(documents.model, space=documents.space_key, name=documents.space_name)
    delivery, _ = parse_delivery(documents.delivery, Surroundings(model, documents.environment_name))
    chosen = choose_states(model, delivery, lambda _: False)
    return States(
        documents.revision,
        msgspec.json.encode({entity: _wire(choice) for entity, choice in chosen.items()}),
    )


def _wire(choice: Choice) -> EntityState:
    state = choice.state
    if state.items is None:
        return EntityState(state.enabled, choice.scenario, properties=_plain(state.properties or {}))
    items = tuple(ItemState(item.id, item.experience, item.enabled, _plain(item.properties)) for item in state.items)
    return EntityState(state.enabled, choice.scenario, items=items)


def _plain(properties: Mapping[str, Value]) -> dict[str, Any]:
    return {key: to_plain(value) for key, value in properties.items()}
