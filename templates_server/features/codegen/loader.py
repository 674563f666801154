"""Where the input of generation comes from: a revision of the model, and what production delivers at present.

Its `code_hash` is remembered by the two revisions, so that telling that nothing changed costs one small query.
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
    """What an input is made from; both revisions count up and never come again."""

    space_id: str
    model_revision: int
    delivery_revision: int


def load_version(connection: Connection, space_id: str, revision: int | None = None) -> InputVersion:
    """The present version, or that of an old model with the present fallbacks."""
    present = delivery_store.load_revisions(connection, space_id, FALLBACK_ENVIRONMENT)
    return InputVersion(space_id, present.model if revision is None else revision, present.delivery)


def load_input(connection: Connection, version: InputVersion) -> GenerationInput:
    """The input of a version; NotFound when the model has no such revision."""
    space = spaces_store.find_space(connection, version.space_id)
    stored = spaces_store.load_model(connection, version.space_id, version.model_revision)
    model, _ = parse_model(stored.value, space=space.key, name=space.name)
    environment_id = delivery_store.find_environment(connection, version.space_id, FALLBACK_ENVIRONMENT)
    delivered = delivery_store.load_delivery(connection, environment_id, version.delivery_revision)
    delivery, _ = parse_delivery(delivered.value, ParseContext(model, FALLBACK_ENVIRONMENT))
    return GenerationInput(model, default_states(model, delivery))


class CodeHashCache:
    """The `code_hash` of every version that was asked for lately."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: OrderedDict[InputVersion, str] = OrderedDict()

    async def find(self, space_id: str, revision: int | None = None) -> tuple[InputVersion, str]:
        """The version and its hash; NotFound when there is no such revision."""
        version = await self._database.read(lambda connection: load_version(connection, space_id, revision))
        if version not in self._remembered:
            self.remember(version, await self._database.read_in_thread(lambda connection: _hash(connection, version)))
        return version, self._remembered[version]

    def remember(self, version: InputVersion, code_hash: str) -> None:
        """Keep the hash of a version until many others were asked for."""
        self._remembered[version] = code_hash
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)


def _hash(connection: Connection, version: InputVersion) -> str:
    return code_hash(load_input(connection, version))
