"""The file of events and fields: a function for each event of the model, and one for the fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from templates_server.features.codegen.brightscript.layout import list_block, one_line
from templates_server.features.codegen.brightscript.literals import documentation, scalar, string
from templates_server.features.codegen.brightscript.names import event_function, member
from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.spaces.model import (
    EventDefinition,
    FieldDefinition,
    MetadataKey,
    PropertyType,
    SpaceModel,
)


def events_values(model: SpaceModel, names: ModelNames, prefix: str) -> Mapping[str, object]:
    """Return the values for its template."""
    return {
        "prefix": Identifier(prefix),
        "events": [_event(event, names, prefix) for event in model.events],
        "fields": _rules(model.fields, names.fields) if model.fields else None,
    }


def _event(event: EventDefinition, names: ModelNames, prefix: str) -> Mapping[str, object]:
    return {
        "about": documentation(event.name, event.description, key=event.key),
        "name": event_function(prefix, names.events[event.key]),
        "key": string(event.key),
        "rules": _rules(event.metadata, names.metadata[event.key]),
    }


def _rules(of: Sequence[MetadataKey | FieldDefinition], names: Mapping[str, Name]) -> CodeFragment:
    lines = [
        piece
        for each in of
        for piece in (documentation(each.name, each.description), _rule(each, member(names[each.key])))
        if piece is not None
    ]
    return list_block(lines, margin="    ")


def _rule(of: MetadataKey | FieldDefinition, known_as: Identifier) -> CodeFragment:
    """Return the rule that checks a value."""
    parts: list[tuple[str, SafeFragment]] = [
        ("member", string(known_as.text)),
        ("key", string(of.key)),
        ("type", string(of.type.value)),
    ]
    if of.type is PropertyType.SELECT:
        parts.append(("options", scalar(of.options)))
    if isinstance(of, MetadataKey) and of.is_required:
        parts.append(("required", scalar(True)))  # noqa: FBT003 - a value of the generated code
    return one_line(parts)
