"""A scenario as the fields of a form, and back; items are added, removed and sorted in it. Pure.

Fields: `name`, `tribes`, `starts`, `ends`, `enabled`; `p.KEY` for a property; `item` for the number of each item, in
their order, and `i.NUMBER.id`, `.experience`, `.enabled`, `.p.KEY` of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from templates_server.errors import ErrorDetail
from templates_server.features.console.delivery import controls
from templates_server.features.console.delivery.controls import UTC_ZONE, YES, InvalidControlValue
from templates_server.features.spaces.delivery.parser import MAX_ITEMS
from templates_server.features.spaces.delivery.scenario_selection import DEFAULT_NAME
from templates_server.features.spaces.model import Child, ChildKind, Experience, Property, SpaceModel
from templates_server.primitives.integers import whole_number

FormFields = dict[str, list[str]]
Sent = Mapping[str, Sequence[str]]
ITEM_NUMBER = re.compile(r"[0-9]{1,4}")
OF_ITEM = re.compile(r"items\[([0-9]{1,4})\](?:\.(.*))?", re.DOTALL)


@dataclass(frozen=True)
class ScenarioForm:
    """The form of one scenario: its entity in the model, and whether it is the default scenario."""

    model: SpaceModel
    child: Child
    is_default: bool

    @property
    def is_section(self) -> bool:
        """Whether it has items instead of properties."""
        return self.child.kind is ChildKind.SECTION

    @property
    def properties(self) -> Sequence[Property]:
        """The properties of an experience."""
        return () if self.is_section else self.model.experience_by_key[self.child.type].properties

    @property
    def supported(self) -> Sequence[Experience]:
        """The experiences that a section can list."""
        keys = self.model.section_by_key[self.child.type].supports if self.is_section else ()
        return [self.model.experience_by_key[key] for key in keys]

    def experience(self, key: str) -> Experience | None:
        """Return an experience that the section can list; None for any other."""
        return next((one for one in self.supported if one.key == key), None)


@dataclass
class ParsedScenario:
    """A scenario as a form has it, and the invalid input by field."""

    value: dict[str, Any]
    problems: dict[str, list[str]] = field(default_factory=dict)


def fields_of(form: ScenarioForm, scenario: Mapping[str, Any]) -> FormFields:
    """Return the form's fields for a scenario in document form."""
    fields: FormFields = {"enabled": [YES] if scenario.get("enabled", True) else []}
    if not form.is_default:
        fields |= {"name": [scenario.get("name", "")], "tribes": list(scenario.get("tribes", ()))}
        for key in ("starts", "ends"):
            fields |= {key: [controls.format_time(scenario.get(key, ""))], f"{key}.zone": [UTC_ZONE]}
    fields |= _property_fields(form.properties, scenario.get("properties", {}), "")
    fields["item"] = []
    for number, item in enumerate(scenario.get("items", ()) if form.is_section else ()):
        fields |= _item_fields(form, item, str(number))
        fields["item"].append(str(number))
    return fields


def _item_fields(form: ScenarioForm, item: Mapping[str, Any], number: str) -> FormFields:
    prefix = f"i.{number}."
    experience = form.experience(item["experience"])
    return {
        f"{prefix}id": [item["id"]],
        f"{prefix}experience": [item["experience"]],
        f"{prefix}enabled": [YES] if item.get("enabled", True) else [],
        **_property_fields(experience.properties if experience else (), item.get("properties", {}), prefix),
    }


def _property_fields(properties: Sequence[Property], values: Mapping[str, Any], prefix: str) -> FormFields:
    return {
        f"{prefix}p.{definition.key}{name}": [text]
        for definition in properties
        for name, text in controls.fields_of(definition, values.get(definition.key)).items()
    }


def item_numbers(sent: Sent) -> Sequence[str]:
    """Return the numbers of the items in their order, each once."""
    numbers = dict.fromkeys(number for number in sent.get("item", ()) if ITEM_NUMBER.fullmatch(number))
    return list(numbers)[: MAX_ITEMS + 1]


def rearrange(form: ScenarioForm, sent: Sent, deed: str) -> FormFields:
    """Return the fields after `add` (of the experience in `add`), `up:3`, `down:3`, `move:3:1` or `remove:3`.

    `move:3:1` makes the item with number 3 the first one. Other actions change nothing.
    """
    fields = {name: list(values) for name, values in sent.items()}
    numbers = list(item_numbers(sent))
    word, number, position = [*deed.split(":"), "", ""][:3]
    experience = form.experience(_first(sent, "add"))
    if word == "add" and experience is not None and len(numbers) < MAX_ITEMS:
        new = str(max((int(each) for each in numbers), default=-1) + 1)
        item = {"id": _new_id(sent, experience.key), "experience": experience.key}
        fields |= _item_fields(form, item, new)
        numbers.append(new)
    elif number in numbers:
        place = numbers.index(number)
        numbers.pop(place)
        if word != "remove":
            numbers.insert(_place_after(word, place, position), number)
    return {**fields, "item": numbers}


def _place_after(word: str, place: int, position: str) -> int:
    """Return the position of an item among the others after an action."""
    match word:
        case "up":
            return max(place - 1, 0)
        case "down":
            return place + 1
        case "move":
            return (whole_number(position, most=MAX_ITEMS) or place + 1) - 1
        case _:
            return place


def _new_id(sent: Sent, experience: str) -> str:
    """Return an ID that no item of the form has."""
    taken = {_first(sent, f"i.{number}.id") for number in item_numbers(sent)}
    ids = (experience, *(f"{experience[:58]}-{number}" for number in range(2, MAX_ITEMS + 2)))
    return next(each for each in ids if each not in taken)


def read_scenario(form: ScenarioForm, sent: Sent, before: Mapping[str, Any]) -> ParsedScenario:
    """Return the scenario entered; `before` is the one that filled the form."""
    read = ParsedScenario({})
    if not form.is_default:
        read.value |= {"name": _first(sent, "name").strip(), "tribes": list(dict.fromkeys(sent.get("tribes", ())))}
        _read_times(sent, before, read)
    read.value["enabled"] = bool(_first(sent, "enabled"))
    if form.is_section:
        read.value["items"] = list(_read_items(form, sent, before, read))
    else:
        read.value["properties"] = _read_properties(form.properties, sent, before, read, prefix="")
    return read


def _read_times(sent: Sent, before: Mapping[str, Any], read: ParsedScenario) -> None:
    for key in ("starts", "ends"):
        text, zone = _first(sent, key), _first(sent, f"{key}.zone")
        try:
            if before.get(key) and (text, zone) == (controls.format_time(before[key]), UTC_ZONE):
                read.value[key] = before[key]
            elif text.strip():
                read.value[key] = controls.read_time(text, zone)
        except InvalidControlValue as error:
            read.problems[key] = [str(error)]


def _read_items(
    form: ScenarioForm, sent: Sent, before: Mapping[str, Any], read: ParsedScenario
) -> Iterator[dict[str, Any]]:
    known = {item["id"]: item for item in before.get("items", ())}
    for number in item_numbers(sent):
        prefix = f"i.{number}."
        item_id, experience = _first(sent, f"{prefix}id").strip(), form.experience(_first(sent, f"{prefix}experience"))
        if experience is None:
            read.problems[f"{prefix}experience"] = ["The section no longer supports this. Remove the item."]
            continue
        old = known.get(item_id, {})
        item = old if old.get("experience") == experience.key else {}
        yield {
            "id": item_id,
            "experience": experience.key,
            "enabled": bool(_first(sent, f"{prefix}enabled")),
            "properties": _read_properties(experience.properties, sent, item, read, prefix=prefix),
        }


def _read_properties(
    properties: Sequence[Property], sent: Sent, before: Mapping[str, Any], read: ParsedScenario, *, prefix: str
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    present = before.get("properties", {})
    for definition in properties:
        name = f"{prefix}p.{definition.key}"
        fields = {end: _first(sent, f"{name}{end}") for end in ("", ".set", ".was", ".opacity", ".zone")}
        try:
            value = controls.value_of(definition, fields, present.get(definition.key))
        except InvalidControlValue as error:
            read.problems[name] = [str(error)]
            continue
        if value is not None:
            values[definition.key] = value
    return values


def group_problems_by_field(problems: Sequence[ErrorDetail], sent: Sent, place: str) -> dict[str, list[str]]:
    """Return the document's problems of the scenario at that place, by form field."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        if problem.path == place or problem.path.startswith((f"{place}.", f"{place}[")):
            name = _field_of(problem.path[len(place) :].lstrip("."), item_numbers(sent))
            found.setdefault(name, []).append(problem.message)
    return found


def _field_of(path: str, numbers: Sequence[str]) -> str:
    of_item = OF_ITEM.match(path)
    if of_item and int(of_item[1]) < len(numbers):
        prefix = f"i.{numbers[int(of_item[1])]}."
        return prefix + _plain_field(of_item[2] or "id")
    return _plain_field(path)


def _plain_field(path: str) -> str:
    head, _, rest = path.partition(".")
    if head == "properties":
        return "p." + rest.partition(".")[0].partition("[")[0]
    return head.partition("[")[0]


def _first(sent: Sent, name: str) -> str:
    return next(iter(sent.get(name, ())), "")


def is_default(name: str) -> bool:
    """Return whether that is the name of the default scenario."""
    return name == DEFAULT_NAME
