"""The files of events with their metadata, and of fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from templates_server.features.codegen.event_option import is_modelled_only
from templates_server.features.codegen.kotlin.layout import define, enclose, enclose_on_lines
from templates_server.features.codegen.kotlin.literals import documentation, string
from templates_server.features.codegen.kotlin.modules import KotlinModule, imports
from templates_server.features.codegen.kotlin.names import file_path, function, nested_name, parameter
from templates_server.features.codegen.kotlin.property_types import given_type, options_enum
from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment
from templates_server.features.spaces.model import (
    EventDefinition,
    FieldDefinition,
    MetadataKey,
    PropertyType,
    SpaceModel,
)

MODELLED_EVENT = "Entry"
"""The class of events in a closed set; no options of an event have this name."""


def events_modules(
    model: SpaceModel, names: ModelNames, package: CodeFragment, options: Mapping[str, str]
) -> Iterator[KotlinModule]:
    """Return the modules of events and fields that the model has."""
    if model.events:
        modelled_only = is_modelled_only(options)
        made = MODELLED_EVENT if modelled_only else "Event"
        values = {
            "package": package,
            "events": [_event(event, names, made) for event in model.events],
            "modelled_only": modelled_only,
        }
        yield KotlinModule(file_path("Events"), "Events.kt.jinja", values)
    if model.fields:
        values = {"package": package, "imports": imports(package, ["pair"]), **_fields(model, names)}
        yield KotlinModule(file_path("Fields"), "Fields.kt.jinja", values)


def _event(event: EventDefinition, names: ModelNames, made: str) -> Mapping[str, object]:
    scope, kind = names.metadata[event.key], nested_name(names.events[event.key])
    required = [item for item in event.metadata if item.is_required]
    optional = [item for item in event.metadata if not item.is_required]
    parameters = [_parameter(item, scope[item.key], within=kind.text) for item in (*required, *optional)]
    enums = list(_enums(event.metadata, scope, indent=8))
    signature = _signature(f"public fun {function(names.events[event.key]).text}(", parameters).text
    last = signature.rsplit("\n", 1)[-1]
    return {
        "about": documentation(event.name, event.description, key=event.key, indent=4),
        "function": CodeFragment(
            signature.removesuffix(last) + define(last.strip(), _made(event, scope, made), indent=4).text
        )
        if last == signature
        else CodeFragment(
            signature.removesuffix(last) + "    " + define(last.strip(), _made(event, scope, made), indent=4).text
        ),
        "options": {"about": documentation("", "", key=f"The options of {event.key}.", indent=4), "name": kind}
        if enums
        else None,
        "enums": enums,
    }


def _signature(head: str, parameters: list[CodeFragment]) -> CodeFragment:
    """Return the signature; two or more parameters go on lines of their own, as in ktlint."""
    if len(parameters) > 1:
        return enclose_on_lines(head, parameters, "): Event", indent=4)
    return enclose(head, parameters, "): Event", indent=4)


def _made(event: EventDefinition, scope: Mapping[str, Name], made: str) -> CodeFragment:
    if not event.metadata:
        return CodeFragment(f"{made}({string(event.key).text})")
    pairs = enclose("mapOf(", _pairs(event.metadata, scope), ")", indent=12)
    return enclose(f"{made}(", [string(event.key), pairs], ")", indent=8)


def _pairs(items: Iterable[MetadataKey | FieldDefinition], scope: Mapping[str, Name]) -> list[CodeFragment]:
    return [CodeFragment(f"{string(item.key).text} to {parameter(scope[item.key]).text}") for item in items]


def _parameter(of: MetadataKey | FieldDefinition, name: Name, *, within: str) -> CodeFragment:
    is_required = isinstance(of, MetadataKey) and of.is_required
    kind = given_type(of, name, within=within)
    return CodeFragment(f"{parameter(name).text}: {kind}{'' if is_required else '? = null'}")


def _enums(
    items: Iterable[MetadataKey | FieldDefinition], scope: Mapping[str, Name], *, indent: int
) -> Iterator[SafeFragment]:
    for item in items:
        if item.type is PropertyType.SELECT:
            yield options_enum(scope[item.key], item.options, indent=indent)


def _fields(model: SpaceModel, names: ModelNames) -> Mapping[str, object]:
    parameters = [_parameter(field, names.fields[field.key], within="Fields") for field in model.fields]
    parts = [
        CodeFragment(f"pair({string(field.key).text}, {parameter(names.fields[field.key]).text})")
        for field in model.fields
    ]
    pairs = enclose_on_lines("mapOf(", parts, ")", indent=4)
    return {
        "head": enclose_on_lines("public class Fields(", parameters, ") : Map<String, Any?> by "),
        "pairs": pairs,
        "enums": list(_enums(model.fields, names.fields, indent=4)),
    }
