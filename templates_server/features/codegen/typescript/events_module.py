"""The module of events with their metadata, of fields, and of the types that depend on them.

It has types only. It exists if the model has events or fields, or if the option `events` restricts tracking; without
it the runtime's own types apply, which let an app send any event and field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from templates_server.features.codegen.event_option import is_modelled_only
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.codegen.typescript.layout import union
from templates_server.features.codegen.typescript.literals import documentation, property_name, string
from templates_server.features.codegen.typescript.modules import Import, TypeScriptModule
from templates_server.features.codegen.typescript.names import type_name
from templates_server.features.spaces.model import (
    EventDefinition,
    FieldDefinition,
    MetadataKey,
    PropertyType,
    SpaceModel,
)

STEM = "events"
_TYPES = {PropertyType.TEXT: "string", PropertyType.NUMBER: "number", PropertyType.TOGGLE: "boolean"}
_RUNTIME_TYPES = ("Experience", "Item", "Session", "StartOptions", "Track")
"""The types of the runtime that this module replaces with types of the same name."""
_INHERITED = {"constructor": CodeFragment("Function")}
"""The keys that every object inherits: a type must allow them, or no object that omits the key would match it."""


def has_events_module(model: SpaceModel, options: Mapping[str, str]) -> bool:
    """Return whether the module exists."""
    return bool(model.events or model.fields) or is_modelled_only(options)


def narrowed_types(model: SpaceModel) -> Sequence[str]:
    """Return the types of the runtime that the module replaces."""
    return [*_RUNTIME_TYPES, *(["Fields"] if model.fields else [])]


def exported_types(model: SpaceModel, names: ModelNames) -> Import:
    """Return all types of the module, for the index to re-export."""
    texts = ["Events", *narrowed_types(model)]
    texts += [_metadata_type(event, names).text for event in model.events if event.metadata]
    return Import(f"./{STEM}", [], [Identifier(text) for text in sorted(texts)])


def track_import(model: SpaceModel, options: Mapping[str, str]) -> Import | None:
    """Return the import of `Track` for the module of an experience; None if the runtime's own applies."""
    return Import(f"../{STEM}", [], [Identifier("Track")]) if has_events_module(model, options) else None


def events_module(model: SpaceModel, names: ModelNames, options: Mapping[str, str]) -> TypeScriptModule:
    """Return the module of events and fields."""
    values = {
        "metadata": [_metadata(event, names) for event in model.events if event.metadata],
        "events": [_event(event, names) for event in model.events],
        "fields": [_field(field) for field in model.fields],
        "track": CodeFragment("TrackOf<Events, never>" if is_modelled_only(options) else "TrackOf<Events>"),
    }
    return TypeScriptModule(STEM, STEM, values, is_types=True)


def _metadata_type(event: EventDefinition, names: ModelNames) -> Identifier:
    return type_name(names.events[event.key], "Metadata")


def _metadata(event: EventDefinition, names: ModelNames) -> Mapping[str, object]:
    return {
        "about": documentation(event.name, event.description, key=event.key),
        "type": _metadata_type(event, names),
        "members": [_member(item, is_required=item.is_required) for item in event.metadata],
    }


def _event(event: EventDefinition, names: ModelNames) -> Mapping[str, SafeFragment | None]:
    metadata = _metadata_type(event, names).text if event.metadata else "{}"
    return {
        "about": documentation(event.name, event.description, indent=2),
        "declaration": CodeFragment(f"readonly {property_name(event.key).text}: {metadata};"),
    }


def _field(field: FieldDefinition) -> Mapping[str, SafeFragment | None]:
    return _member(field, is_required=False)


def _member(of: MetadataKey | FieldDefinition, *, is_required: bool) -> Mapping[str, SafeFragment | None]:
    key = property_name(of.key).text
    head = f"readonly {key}:" if is_required else f"readonly {key}?:"
    return {
        "about": documentation(of.name, of.description, indent=2),
        "declaration": union(head, [*_values(of), *([] if is_required else _nothing(of.key))], indent=2),
    }


def _values(of: MetadataKey | FieldDefinition) -> Sequence[SafeFragment]:
    return (
        [string(option) for option in of.options] if of.type is PropertyType.SELECT else [CodeFragment(_TYPES[of.type])]
    )


def _nothing(key: str) -> Iterator[SafeFragment]:
    if key in _INHERITED:
        yield _INHERITED[key]
    yield from (CodeFragment("null"), CodeFragment("undefined"))
