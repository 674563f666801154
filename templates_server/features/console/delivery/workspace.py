"""The delivery of an environment with everything it refers to, for the delivery pages; checks and comparison."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from templates_server.errors import ErrorDetail, NotFound
from templates_server.features.codegen import model_api as models
from templates_server.features.console.delivery.changes import Change, Document, Promote, Restore, apply
from templates_server.features.console.navigation import ENVIRONMENT
from templates_server.features.console.platform_api import RouteRequest, invoke
from templates_server.features.console.visit import Visit, locate
from templates_server.features.spaces.delivery import api as delivery
from templates_server.features.spaces.delivery.differences import compare_deliveries
from templates_server.features.spaces.delivery.parser import ParseContext, parse_delivery, to_document
from templates_server.features.spaces.delivery.scenario_selection import entities, entity_name
from templates_server.features.spaces.delivery.schemas import DeliveryChange
from templates_server.features.spaces.model import Child, SpaceModel
from templates_server.features.spaces.parser import parse_model
from templates_server.features.tribes import api as tribes

DELIVERY = f"{ENVIRONMENT}/delivery"
MOST_ON_A_PAGE = 100
MOST_WORDS = 10  # that are searched for


def entity_path(entity: str) -> str:
    """Return the path of an entity's page."""
    return f"{DELIVERY}/entities/{quote(entity, safe='')}"


def has_words(words: str, text: str) -> bool:
    """Return whether a text contains each of the first ten words, ignoring case."""
    folded = text.casefold()
    return all(word in folded for word in words.casefold().split(maxsplit=MOST_WORDS)[:MOST_WORDS])


@dataclass(frozen=True)
class DeliverySnapshot:
    """The delivery of an environment at a revision; its model, and the names of the Space's tribes by key."""

    model: SpaceModel
    environment: str
    tribes: Mapping[str, str]
    revision: int
    document: Document

    @functools.cached_property
    def children(self) -> Mapping[str, Child]:
        """Return the entities of the model by name, in order."""
        return {entity_name(collection, child): child for collection, child in entities(self.model)}

    def child(self, entity: str) -> Child:
        """Return the child of a collection that is this entity; raise NotFound if the model has none with that name."""
        if entity not in self.children:
            raise NotFound(f"The model has no entity {entity[:130]}.")
        return self.children[entity]

    @property
    def surroundings(self) -> ParseContext:
        """Return everything that a delivery here refers to."""
        return ParseContext(self.model, self.environment, self.tribes.keys())


@dataclass(frozen=True)
class CheckedDelivery:
    """A changed document in stored form, its problems, and its differences from the one before."""

    document: Document
    problems: Sequence[ErrorDetail]
    changes: Sequence[DeliveryChange]


async def load(visit: Visit, revision: int | None = None) -> DeliverySnapshot:
    """Load the delivery of the page's environment, current or at a revision."""
    revision_now, document = await load_document(visit, revision)
    found = (await invoke(visit, models.read)).one
    name = found.get("name", "")
    model, _ = await asyncio.to_thread(parse_model, found, space=found["space"], name=name)
    named = {key: tribe.get("name") or key for key, tribe in (await invoke(visit, tribes.read)).one["tribes"].items()}
    return DeliverySnapshot(model, str(visit.call.place.environment_name), named, revision_now, document)


async def load_document(visit: Visit, revision: int | None = None) -> tuple[int, Document]:
    """Load the delivery document of the page's environment, current or at a revision, and its revision number."""
    query = {} if revision is None else {"revision": str(revision)}
    document = dict((await invoke(visit, delivery.read, RouteRequest(query=query))).one)
    return document.pop("revision"), document


async def apply_change(visit: Visit, change: Change, base: DeliverySnapshot) -> CheckedDelivery:
    """Return the result of the change on the base; raise ValidationFailed if its target no longer exists there."""
    document = apply(change, base.document, await _other(visit, change))
    return await asyncio.to_thread(_check_document, document, base)


async def _other(visit: Visit, change: Change) -> Document | None:
    """Return the delivery of a promotion or a restoration."""
    if isinstance(change, Restore):
        return (await load_document(visit, change.revision))[1]
    if isinstance(change, Promote):
        there = await locate(visit, environment=change.environment)
        return (await load_document(there, change.revision))[1]
    return None


def _check_document(document: Document, base: DeliverySnapshot) -> CheckedDelivery:
    delivery, problems = parse_delivery(dict(document), base.surroundings)
    canonical = to_document(delivery, space=base.model.key, environment=base.environment)
    return CheckedDelivery(canonical, list(problems), compare_deliveries(base.document, canonical))


def paginate(names: Sequence[str], cursor: str) -> tuple[Sequence[str], str]:
    """Return the names of a page after `cursor`, and the cursor of the next page, "" on the last one."""
    later = names[names.index(cursor) + 1 :] if cursor in names else names
    shown = later[:MOST_ON_A_PAGE]
    return shown, shown[-1] if len(later) > len(shown) else ""
