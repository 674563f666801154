"""The module of what an app says: its events with their metadata, and its fields.

It is there where the model has events or fields; without it an app says whatever it likes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.event_option import is_modelled_only
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.python.layout import enclosed, literal, spread
from templates_server.features.codegen.python.literals import docstring, string
from templates_server.features.codegen.python.modules import Module, imported
from templates_server.features.codegen.python.names import member
from templates_server.features.codegen.safe_fragments import Code, Identifier, Piece
from templates_server.features.spaces.model import Event, Field, Metadata, PropertyType, SpaceModel

STEM = "events"
MODELLED_EVENT = "_ModelledEvent"
"""The class of events where there are no others."""

_TYPES = {PropertyType.TEXT: "str", PropertyType.NUMBER: "float", PropertyType.TOGGLE: "bool"}


def has_events_module(model: SpaceModel) -> bool:
    """Whether there is one."""
    return bool(model.events or model.fields)


def events_module(model: SpaceModel, names: ModelNames, options: Mapping[str, str]) -> Module:
    """Events and fields."""
    modelled_only = is_modelled_only(options)
    made = MODELLED_EVENT if modelled_only else "Event"
    values = {
        "imports": list(_imports(model)),
        "events": [_event(event, names, made) for event in model.events],
        "modelled_only": modelled_only,
        "fields": _fields(model) if model.fields else None,
    }
    return Module(STEM, STEM, values)


def _imports(model: SpaceModel) -> Iterator[Code]:
    types = {of.type for of in model.fields} | {of.type for event in model.events for of in event.metadata}
    typing = [
        *(["Literal"] if PropertyType.SELECT in types else []),
        *(["TypedDict"] if model.fields else []),
    ]
    if typing:
        yield imported("typing", [Identifier(one) for one in typing])
        yield Code("")
    if model.events:
        yield imported(".runtime", [Identifier("Event")])


def _event(event: Event, names: ModelNames, made: str) -> Mapping[str, Piece | None]:
    scoped = [(item, member(names.metadata[event.key][item.key]).text) for item in event.metadata]
    function = member(names.events[event.key]).text
    parameters = [
        _parameter(item, known_as) for item, known_as in sorted(scoped, key=lambda one: not one[0].is_required)
    ]
    pairs = [Code(f"({string(item.key).text}, {known_as})") for item, known_as in scoped]
    comma = "," if len(pairs) == 1 else ""
    flat = Code(f"({', '.join(pair.text for pair in pairs)}{comma})")
    arguments: list[Piece] = [string(event.key), *([flat] if pairs else [])]
    body = enclosed(f"return {made}(", arguments, ")", indent=8)
    if "\n" in body.text and pairs:
        body = spread(f"return {made}(", [string(event.key), spread("(", pairs, ")", indent=12)], ")", indent=8)
    return {
        "about": docstring(event.name, event.description, key=event.key, indent=8),
        "head": enclosed(f"def {function}(", [Code("*"), *parameters] if parameters else [], ") -> Event:", indent=4),
        "body": body,
    }


def _parameter(item: Metadata, known_as: str) -> Code:
    if item.is_required:
        return _annotated(f"{known_as}: ", item, "", indent=8, is_optional=False)
    return _annotated(f"{known_as}: ", item, " = None", indent=8, is_optional=True)


def _fields(model: SpaceModel) -> Code:
    entries = [_annotated(f"{string(of.key).text}: ", of, "", indent=8, is_optional=True) for of in model.fields]
    return spread(
        "Fields = TypedDict(",
        [string("Fields"), spread("{", entries, "}", indent=4), Code("total=False")],
        ")",
    )


def _annotated(head: str, of: Metadata | Field, tail: str, *, indent: int, is_optional: bool) -> Code:
    if of.type is PropertyType.SELECT:
        return literal(head, of.options, tail, indent=indent, is_optional=is_optional)
    return Code(f"{head}{_TYPES[of.type]}{' | None' if is_optional else ''}{tail}")
