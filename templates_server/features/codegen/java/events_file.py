"""The classes of events with their metadata, and of fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from templates_server.features.codegen.java.files import JavaFile, runtime_imports
from templates_server.features.codegen.java.layout import MethodCall, method_head, statement
from templates_server.features.codegen.java.literals import documentation, string
from templates_server.features.codegen.java.names import method, type_name
from templates_server.features.codegen.java.options import option_enum
from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.spaces.model import (
    EventDefinition,
    FieldDefinition,
    MetadataKey,
    PropertyType,
    SpaceModel,
)

EVENTS, FIELDS, BUILDER = "Events", "Fields", "Builder"
_TYPES = {PropertyType.TEXT: "String", PropertyType.NUMBER: "double", PropertyType.TOGGLE: "boolean"}


def events_file(model: SpaceModel, names: ModelNames) -> JavaFile:
    """Return the file of all events."""
    values: Mapping[str, object] = {"events": [_event(event, names) for event in model.events]}
    has_select = any(item.type is PropertyType.SELECT for event in model.events for item in event.metadata)
    imports = runtime_imports("Event", *(["Option"] if has_select else []))
    return JavaFile(EVENTS, "events", [*imports, "java.util.LinkedHashMap", "java.util.Map"], values)


def fields_file(model: SpaceModel, names: ModelNames) -> JavaFile:
    """Return the file of the fields."""
    values: Mapping[str, object] = {
        "members": [_member(field, names.fields[field.key], [FIELDS], BUILDER, indent=4) for field in model.fields],
        "enums": _enums(model.fields, names.fields, [FIELDS], indent=2),
    }
    has_select = any(field.type is PropertyType.SELECT for field in model.fields)
    imports = runtime_imports(*(["Option"] if has_select else []))
    java = [f"java.util.{name}" for name in ("AbstractMap", "Collections", "LinkedHashMap", "Map", "Set")]
    return JavaFile(FIELDS, "fields", [*imports, *java], values)


def _event(event: EventDefinition, names: ModelNames) -> Mapping[str, object]:
    name = names.events[event.key]
    known_as = type_name(name, [EVENTS])
    enclosing = [EVENTS, known_as.text]
    scoped = names.metadata[event.key]
    required = [item for item in event.metadata if item.is_required]
    stages = [Identifier(f"Needs{scoped[item.key].pascal}") for item in required]
    first = f"{known_as.text}.{(stages[0].text if stages else BUILDER)}"
    nothing = CodeFragment("new LinkedHashMap<String, Object>()")
    return {
        "about": documentation(event.name, event.description, key=event.key, indent=2),
        "class": known_as,
        "head": method_head(f"static {first}", f"{method(name).text}()", indent=2),
        "return": statement("return ", MethodCall(f"new {first}", [nothing]), ";", indent=4),
        "super": statement("", MethodCall("super", [string(event.key), CodeFragment("metadata")]), ";", indent=6),
        "stages": [
            {
                "name": stage,
                "next": Identifier(_next(stages, at)),
                "member": _member(item, scoped[item.key], enclosing, _next(stages, at), indent=6),
            }
            for at, (stage, item) in enumerate(zip(stages, required, strict=True))
        ],
        "members": [
            _member(item, scoped[item.key], enclosing, BUILDER, indent=6)
            for item in event.metadata
            if not item.is_required
        ],
        "enums": _enums(event.metadata, scoped, enclosing, indent=4),
    }


def _enums(
    of: Sequence[MetadataKey] | Sequence[FieldDefinition],
    scoped: Mapping[str, Name],
    enclosing: Sequence[str],
    *,
    indent: int,
) -> Sequence[Mapping[str, object]]:
    return [
        option_enum(scoped[one.key], one.options, enclosing=enclosing, indent=indent, with_unset=False)
        for one in of
        if one.type is PropertyType.SELECT
    ]


def _next(stages: Sequence[Identifier], at: int) -> str:
    return stages[at + 1].text if at + 1 < len(stages) else BUILDER


def _member(
    of: MetadataKey | FieldDefinition, name: Name, enclosing: Sequence[str], returned: str, *, indent: int
) -> Mapping[str, SafeFragment | None]:
    known_as = method(name).text
    typed = type_name(name, enclosing).text if of.type is PropertyType.SELECT else _TYPES[of.type]
    return {
        "about": documentation(of.name, of.description, indent=indent),
        "head": method_head(returned, f"{known_as}({typed} value)", indent=indent),
        "put": statement("", MethodCall("given.put", [string(of.key), CodeFragment("value")]), ";", indent=indent + 2),
    }
