"""The delivery of an environment as a document: validated against the model, with the path of every problem.

The model may change under a delivery document: that is never rejected. References that the model no longer has (an
entity, a property, an experience in a section, a value of the type) are skipped when states are chosen, stay in the
stored document, which is written back in canonical form, and are problems of the next push. The same function therefore
parses strictly (all problems) and leniently (all valid parts).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from templates_server.errors import Problems, ValidationFailed
from templates_server.features.spaces.delivery.scenario_selection import DEFAULT_NAME, entities, entity_name
from templates_server.features.spaces.delivery.state import (
    DeliveryState,
    EntityScenarios,
    Scenario,
    ScenarioItem,
    TargetedScenario,
)
from templates_server.features.spaces.model import Child, ChildKind, Experience, SpaceModel, Value
from templates_server.features.spaces.property_values import read_moment, read_value, to_plain
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.primitives.validation import Reader, join
from templates_server.primitives.yaml_json import quote_text

MAX_TARGETED = 100  # of an entity
MAX_PUBLISHED = 1000
MAX_TRIBES = 50  # of a targeted scenario
MAX_ITEMS = 500  # of a section's scenario
MAX_MOMENT_CHARACTERS = 64
ITEM_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
DOCUMENT_KEYS = ("space", "environment", "revision", "published", "scenarios")


@dataclass(frozen=True)
class ParseContext:
    """The context of a delivery document: the Space's model, the environment's name, the Space's tribes.

    Without tribes any name of a tribe is valid: for stored documents, whose tribes cannot have been deleted.
    """

    model: SpaceModel
    environment: str
    tribes: Collection[str] | None = None


def read_delivery(document: Any, surroundings: ParseContext) -> DeliveryState:
    """Return the delivery of a document. Raise ValidationFailed with every problem."""
    delivery, problems = parse_delivery(document, surroundings)
    if problems:
        raise ValidationFailed(problems)
    return delivery


def parse_delivery(document: Any, surroundings: ParseContext) -> tuple[DeliveryState, Problems]:
    """Return the valid parts of a document, and all problems."""
    parser = _DeliveryParser(surroundings)
    return parser.delivery(document), parser.reader.problems


class _DeliveryParser:
    """A parser of one document in its context."""

    def __init__(self, surroundings: ParseContext) -> None:
        self.reader = Reader()
        self.model = surroundings.model
        self.environment = surroundings.environment
        self.tribes = surroundings.tribes

    def delivery(self, document: Any) -> DeliveryState:
        given = self.reader.mapping(document, "", DOCUMENT_KEYS)
        for key, expected in (("space", self.model.key), ("environment", self.environment)):
            if given.get(key, expected) != expected:
                self.reader.refuse(key, f"must be {quote_text(expected)}, the {key} in the URL")
        self.reader.count(given.get("revision"), "revision")
        return DeliveryState(
            frozenset(self._published(given.get("published"))), self._scenarios(given.get("scenarios"))
        )

    def _published(self, value: Any) -> set[str]:
        collections = {collection.key for collection in self.model.collections}
        published: set[str] = set()
        for item, path in self.reader.sequence(value, "published", at_most=MAX_PUBLISHED):
            self._add_once(published, self._required(item, path, collections, "a collection of this Space"), path)
        return published

    def _required(self, value: Any, path: str, known: Collection[str], what: str) -> str | None:
        if value is None:
            self.reader.refuse(path, f"must be {what}, not null")
        return self.reader.one_of(value, path, known, what)

    def _add_once(self, names: set[str], name: str | None, path: str) -> None:
        if name in names:
            self.reader.refuse(path, f"{quote_text(name)} appears twice")
        elif name is not None:
            names.add(name)

    def _scenarios(self, value: Any) -> dict[str, EntityScenarios]:
        children = {entity_name(collection, child): child for collection, child in entities(self.model)}
        given = self.reader.mapping(value, "scenarios")
        read = {}
        for entity in sorted(given):
            path = join("scenarios", entity)
            if entity in children:
                read[entity] = self._entity(children[entity], given[entity], path)
            else:
                self.reader.refuse(path, f"is not an entity of this Space{self.reader.suggestion(entity, children)}")
        return read

    def _entity(self, child: Child, value: Any, path: str) -> EntityScenarios:
        given = self.reader.mapping(value, path, ("default", "targeted"))
        default = None
        if "default" in given:
            default = self._scenario(child, given["default"], join(path, "default"))
        targeted: list[TargetedScenario] = []
        names = {DEFAULT_NAME}
        for item, place in self.reader.sequence(given.get("targeted"), join(path, "targeted"), at_most=MAX_TARGETED):
            targeted.append(self._targeted(child, item, place))
            self._add_once(names, targeted[-1].name or None, join(place, "name"))
        return EntityScenarios(default, tuple(targeted))

    def _targeted(self, child: Child, value: Any, path: str) -> TargetedScenario:
        head = ("name", "tribes", "starts", "ends")
        given = self.reader.mapping(value, path, (*head, *_state_keys(child)))
        name = self.reader.name(given.get("name"), join(path, "name"))
        if "name" not in given or given["name"] == "":
            self.reader.refuse(join(path, "name"), "is required: a targeted scenario needs a name")
        starts, ends = (self._moment(given.get(key), join(path, key)) for key in ("starts", "ends"))
        if starts is not None and ends is not None and starts >= ends:
            self.reader.refuse(join(path, "ends"), "must be later than `starts`")
        tribes = self._tribes(given.get("tribes"), join(path, "tribes"))
        state = {key: item for key, item in given.items() if key not in head}
        return TargetedScenario(name, tribes, self._scenario(child, state, path), starts, ends)

    def _moment(self, value: Any, path: str) -> int | None:
        text = self.reader.text(value, path, at_most=MAX_MOMENT_CHARACTERS)
        return None if text is None else read_moment(self.reader, text, path)

    def _tribes(self, value: Any, path: str) -> tuple[str, ...]:
        if not value:
            self.reader.refuse(path, "is required: a targeted scenario needs at least one tribe")
        tribes: set[str] = set()
        for item, place in self.reader.sequence(value, path, at_most=MAX_TRIBES):
            known = {str(item)} if self.tribes is None else self.tribes
            self._add_once(tribes, self._required(item, place, known, "a tribe of this Space"), place)
        return tuple(sorted(tribes))

    def _scenario(self, child: Child, value: Any, path: str) -> Scenario:
        given = self.reader.mapping(value, path, _state_keys(child))
        enabled = self.reader.boolean(given.get("enabled"), join(path, "enabled")) is not False
        if child.kind is ChildKind.SECTION:
            return Scenario(enabled, items=self._items(child, given.get("items"), join(path, "items")))
        experience = self.model.experience_by_key[child.type]
        return Scenario(enabled, self._properties(experience, given.get("properties"), join(path, "properties")))

    def _properties(self, experience: Experience, value: Any, path: str) -> dict[str, Value]:
        definitions = {definition.key: definition for definition in experience.properties}
        given = self.reader.mapping(value, path, tuple(definitions))
        read = {}
        for key, item in sorted(given.items()):
            kind, options = definitions[key].type, definitions[key].options
            read[key] = read_value(self.reader, item, join(path, key), kind=kind, options=options)
        return {key: item for key, item in read.items() if item is not None}

    def _items(self, child: Child, value: Any, path: str) -> tuple[ScenarioItem, ...]:
        supports = self.model.section_by_key[child.type].supports
        ids: set[str] = set()
        items = []
        for item, place in self.reader.sequence(value, path, at_most=MAX_ITEMS):
            read = self._item(item, place, supports)
            if read is not None:
                self._add_once(ids, read.id, join(place, "id"))
                items.append(read)
        return tuple(items)

    def _item(self, value: Any, path: str, supports: tuple[str, ...]) -> ScenarioItem | None:
        given = self.reader.mapping(value, path, ("id", "experience", "enabled", "properties"))
        identifier = given.get("id")
        if not isinstance(identifier, str) or not ITEM_ID.fullmatch(identifier):
            self.reader.refuse(join(path, "id"), ITEM_ID_RULE)
        what = "an experience that this section supports"
        experience = self._required(given.get("experience"), join(path, "experience"), supports, what)
        enabled = self.reader.boolean(given.get("enabled"), join(path, "enabled")) is not False
        if experience is None:
            return None
        definition = self.model.experience_by_key[experience]
        properties = self._properties(definition, given.get("properties"), join(path, "properties"))
        return ScenarioItem(str(identifier), experience, enabled, properties)


ITEM_ID_RULE = (
    "must have 1 to 64 letters, digits, dots, dashes or underscores; put it in quotes if it looks like a number"
)


def _state_keys(child: Child) -> tuple[str, str]:
    return ("enabled", "items" if child.kind is ChildKind.SECTION else "properties")


def to_document(delivery: DeliveryState, *, space: str, environment: str) -> dict[str, Any]:
    """Return a delivery in canonical form, suitable for JSON and YAML, without the revision."""
    return {
        "space": space,
        "environment": environment,
        "published": sorted(delivery.published),
        "scenarios": {entity: _entity_document(delivery.scenarios[entity]) for entity in sorted(delivery.scenarios)},
    }


def _entity_document(scenarios: EntityScenarios) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if scenarios.default is not None:
        document["default"] = _scenario_document(scenarios.default)
    if scenarios.targeted:
        document["targeted"] = [_targeted_document(targeted) for targeted in scenarios.targeted]
    return document


def _targeted_document(targeted: TargetedScenario) -> dict[str, Any]:
    times = {"starts": targeted.starts, "ends": targeted.ends}
    return {
        "name": targeted.name,
        "tribes": list(targeted.tribes),
        **{key: to_rfc3339(time) for key, time in times.items() if time is not None},
        **_scenario_document(targeted.scenario),
    }


def _scenario_document(scenario: Scenario) -> dict[str, Any]:
    document: dict[str, Any] = {"enabled": scenario.enabled}
    if scenario.properties:
        document["properties"] = {key: to_plain(value) for key, value in sorted(scenario.properties.items())}
    if scenario.items:
        document["items"] = [_item_document(item) for item in scenario.items]
    return document


def _item_document(item: ScenarioItem) -> dict[str, Any]:
    document: dict[str, Any] = {"id": item.id, "experience": item.experience, "enabled": item.enabled}
    if item.properties:
        document["properties"] = {key: to_plain(value) for key, value in sorted(item.properties.items())}
    return document
