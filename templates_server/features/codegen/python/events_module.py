"""The module of events with their metadata, and of fields.

It exists if the model has events or fields; without it, an app may send any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.event_option import is_modelled_only
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.python.layout import enclose, enclose_on_lines, literal
from templates_server.features.codegen.python.literals import docstring, string
from templates_server.features.codegen.python.modules import PythonModule, import_statement
from templates_server.features.codegen.python.names import member
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.spaces.model import (
    EventDefinition,
    FieldDefinition,
    MetadataKey,
    PropertyType,
    SpaceModel,
)

STEM = "events"
MODELLED_EVENT = "_ModelledEvent"
"""The class of events in a closed set."""

_TYPES = {PropertyType.TEXT: "str", PropertyType.NUMBER: "float", PropertyType.TOGGLE: "bool"}


def has_events_module(model: SpaceModel) -> bool:
    """Return whether the module exists."""
    return bool(model.events or model.fields)


def events_module(model: SpaceModel, names: ModelNames, options: Mapping[str, str]) -> PythonModule:
    """Return the module of events and fields."""
    modelled_only = is_modelled_only(options)
    made = MODELLED_EVENT if modelled_only else "Event"
    values = {
        "imports": list(_imports(model)),
        "events": [_event(event, names, made) for event in model.events],
        "modelled_only": modelled_only,
        "fields": _fields(model) if model.fields else None,
    }
    return PythonModule(STEM, STEM, values)


def _imports(model: SpaceModel) -> Iterator[CodeFragment]:
    types = {of.type for of in model.fields} | {of.type for event in model.events for of in event.metadata}
    typing = [
        *(["Literal"] if PropertyType.SELECT in types else []),
        *(["TypedDict"] if model.fields else []),
    ]
    if typing:
        yield import_statement("typing", [Identifier(one) for one in typing])
        yield CodeFragment("")
    if model.events:
        yield import_statement(".runtime", [Identifier("Event")])


def _event(event: EventDefinition, names: ModelNames, made: str) -> Mapping[str, SafeFragment | None]:
    scoped = [(item, member(names.metadata[event.key][item.key]).text) for item in event.metadata]
    function = member(names.events[event.key]).text
    parameters = [
        _parameter(item, known_as) for item, known_as in sorted(scoped, key=lambda one: not one[0].is_required)
    ]
    pairs = [CodeFragment(f"({string(item.key).text}, {known_as})") for item, known_as in scoped]
    comma = "," if len(pairs) == 1 else ""
    flat = CodeFragment(f"({', '.join(pair.text for pair in pairs)}{comma})")
    arguments: list[SafeFragment] = [string(event.key), *([flat] if pairs else [])]
    body = enclose(f"return {made}(", arguments, ")", indent=8)
    if "\n" in body.text and pairs:
        body = enclose_on_lines(
            f"return {made}(", [string(event.key), enclose_on_lines("(", pairs, ")", indent=12)], ")", indent=8
        )
    return {
        "about": docstring(event.name, event.description, key=event.key, indent=8),
        "head": enclose(
            f"def {function}(", [CodeFragment("*"), *parameters] if parameters else [], ") -> Event:", indent=4
        ),
        "body": body,
    }


def _parameter(item: MetadataKey, known_as: str) -> CodeFragment:
    if item.is_required:
        return _annotated(f"{known_as}: ", item, "", indent=8, is_optional=False)
    return _annotated(f"{known_as}: ", item, " = None", indent=8, is_optional=True)


def _fields(model: SpaceModel) -> CodeFragment:
    entries = [_annotated(f"{string(of.key).text}: ", of, "", indent=8, is_optional=True) for of in model.fields]
    return enclose_on_lines(
        "Fields = TypedDict(",
        [string("Fields"), enclose_on_lines("{", entries, "}", indent=4), CodeFragment("total=False")],
        ")",
    )


def _annotated(
    head: str, of: MetadataKey | FieldDefinition, tail: str, *, indent: int, is_optional: bool
) -> CodeFragment:
    if of.type is PropertyType.SELECT:
        return literal(head, of.options, tail, indent=indent, is_optional=is_optional)
    return CodeFragment(f"{head}{_TYPES[of.type]}{' | None' if is_optional else ''}{tail}")
