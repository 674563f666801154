"""The file of events and fields: functions that create the model's events, and the fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from templates_server.features.codegen.event_option import is_modelled_only
from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier
from templates_server.features.codegen.swift.layout import enclose, fits, signature
from templates_server.features.codegen.swift.literals import documentation, string
from templates_server.features.codegen.swift.modules import SwiftModule
from templates_server.features.codegen.swift.names import argument, declare, member, nested_type
from templates_server.features.codegen.swift.options import option_cases
from templates_server.features.spaces.model import (
    EventDefinition,
    FieldDefinition,
    MetadataKey,
    PropertyType,
    SpaceModel,
)

_TYPES = {PropertyType.TEXT: "String", PropertyType.NUMBER: "Double", PropertyType.TOGGLE: "Bool"}
_JSON = {
    PropertyType.TEXT: "text",
    PropertyType.SELECT: "text",
    PropertyType.NUMBER: "number",
    PropertyType.TOGGLE: "bool",
}


def events_module(model: SpaceModel, names: ModelNames, options: Mapping[str, str]) -> SwiftModule:
    """Return the file of events and fields."""
    values = {
        "modelled_only": is_modelled_only(options),
        "events": [_event(event, names) for event in model.events],
        "fields": bool(model.fields),
        "options": [_enumeration(of, names.fields[of.key], indent=2) for of in _selects(model.fields)],
        "signature": signature(
            "public func Fields(", [_parameter(of, names.fields[of.key], "FieldOptions") for of in model.fields],
            ") -> [String: Any] {", indent=0,
        ),
        "members": [_member(of, names.fields[of.key]) for of in model.fields],
    }  # fmt: skip
    return SwiftModule("MtribesEvents.swift", "events", values)


def _event(event: EventDefinition, names: ModelNames) -> Mapping[str, object]:
    scope, enclosing = names.metadata[event.key], nested_type(names.events[event.key])
    ordered = sorted(event.metadata, key=lambda of: not of.is_required)
    return {
        "about": documentation(event.name, event.description, key=event.key, indent=2),
        "type": enclosing,
        "options": [_enumeration(of, scope[of.key], indent=4) for of in _selects(event.metadata)],
        "signature": signature(
            f"public static func {declare(member(names.events[event.key])).text}(",
            [_parameter(of, scope[of.key], enclosing.text) for of in ordered],
            ") -> Mtribes.ModelledEvent {", indent=2,
        ),
        "body": _body(event, [_pair(of, argument(scope[of.key])) for of in event.metadata]),
    }  # fmt: skip


def _selects(all_of: Sequence[MetadataKey] | Sequence[FieldDefinition]) -> Sequence[MetadataKey | FieldDefinition]:
    return [of for of in all_of if of.type is PropertyType.SELECT]


def _enumeration(of: MetadataKey | FieldDefinition, name: Name, *, indent: int) -> Mapping[str, object]:
    return {
        "about": documentation(of.name, of.description, indent=indent),
        "type": nested_type(name),
        "cases": option_cases(of.options),
    }


def _parameter(of: MetadataKey | FieldDefinition, name: Name, enclosing: str) -> CodeFragment:
    kind = f"{enclosing}.{nested_type(name).text}" if of.type is PropertyType.SELECT else _TYPES[of.type]
    optional = "" if isinstance(of, MetadataKey) and of.is_required else "? = nil"
    return CodeFragment(f"{declare(argument(name)).text}: {kind}{optional}")


def _body(event: EventDefinition, pairs: Sequence[str]) -> CodeFragment:
    """Return the event with its pairs, one pair per line if they do not fit on one."""
    key, joined = string(event.key), f"[{', '.join(pairs)}]"
    if not pairs or fits(joined + ")", indent=6):
        return enclose("Mtribes.ModelledEvent(", [key, *([CodeFragment(joined)] if pairs else [])], ")", indent=4)
    lines = "".join(f"\n        {pair}," for pair in pairs)
    return CodeFragment(f"Mtribes.ModelledEvent(\n      {key.text},\n      [{lines}\n      ])")


def _pair(of: MetadataKey, name: Identifier) -> str:
    value, case = declare(name).text, f"Mtribes.Json.{_JSON[of.type]}"
    raw = ".rawValue" if of.type is PropertyType.SELECT else ""
    given = f"{case}({value}{raw})" if of.is_required else f"{value}.map {{ {case}($0{raw}) }}"
    return f"({string(of.key).text}, {given})"


def _member(of: FieldDefinition, name: Name) -> CodeFragment:
    value = declare(argument(name)).text + ("?.rawValue" if of.type is PropertyType.SELECT else "")
    return enclose("(", [string(of.key), CodeFragment(value)], "),", indent=4)
