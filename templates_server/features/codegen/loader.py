"""The input of generation: a revision of the model, and what production currently delivers.

Its `code_hash` is cached by the two revisions, so that detecting that nothing changed takes one small query.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.features.codegen.code_hash import code_hash
from templates_server.features.spaces import store as spaces_store
from templates_server.features.spaces.delivery import store as delivery_store
from templates_server.features.spaces.delivery.parser import ParseContext, parse_delivery
from templates_server.features.spaces.delivery.scenario_selection import default_states
from templates_server.features.spaces.model import GenerationInput
from templates_server.features.spaces.parser import parse_model
from templates_server.storage.database import Database

FALLBACK_ENVIRONMENT = "production"
MAX_REMEMBERED = 4096


@dataclass(frozen=True)
class InputVersion:
    """The version of an input; both revisions increase and are never reused."""

    space_id: str
    model_revision: int
    delivery_revision: int


def load_version(connection: Connection, space_id: str, revision: int | None = None) -> InputVersion:
    """Return the current version, or that of an old model with the current fallbacks."""
    present = delivery_store.load_revisions(connection, space_id, FALLBACK_ENVIRONMENT)
    return InputVersion(space_id, present.model if revision is None else revision, present.delivery)


def load_input(connection: Connection, version: InputVersion) -> GenerationInput:
    """Return the input of a version; raise NotFound if the model has no such revision."""
    space = spaces_store.find_space(connection, version.space_id)
    stored = spaces_store.load_model(connection, version.space_id, version.model_revision)
    model, _ = parse_model(stored.value, space=space.key, name=space.name)
    environment_id = delivery_store.find_environment(connection, version.space_id, FALLBACK_ENVIRONMENT)
    delivered = delivery_store.load_delivery(connection, environment_id, version.delivery_revision)
    delivery, _ = parse_delivery(delivered.value, ParseContext(model, FALLBACK_ENVIRONMENT))
    return GenerationInput(model, default_states(model, delivery))


class CodeHashCache:
    """A cache of the `code_hash` of recently requested versions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: OrderedDict[InputVersion, str] = OrderedDict()

    async def find(self, space_id: str, revision: int | None = None) -> tuple[InputVersion, str]:
        """Return the version and its hash; raise NotFound if there is no such revision."""
        version = await self._database.read(lambda connection: load_version(connection, space_id, revision))
        if version not in self._remembered:
            self.remember(version, await self._database.read_in_thread(lambda connection: _hash(connection, version)))
        return version, self._remembered[version]

    def remember(self, version: InputVersion, code_hash: str) -> None:
        """Cache the hash of a version until newer entries evict it."""
        self._remembered[version] = code_hash
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)


def _hash(connection: Connection, version: InputVersion) -> str:
    return code_hash(load_input(connection, version))
