"""The changes in generated code between two models. Pure.

Removals, and changes of a type or identifier, break apps that use the part. Additions do not. A changed name,
description or preset is no change, except a removed preset: the property may now be unset. New metadata that every
call must pass is a breaking change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from templates_server.features.codegen.identifiers import identifiers
from templates_server.features.codegen.naming import name_model
from templates_server.features.codegen.renderer import LANGUAGES
from templates_server.features.spaces.model import (
    UNSET,
    EventDefinition,
    Experience,
    FieldDefinition,
    MetadataKey,
    Property,
    SpaceModel,
)
from templates_server.features.spaces.schemas import Change, ModelDiff, Renamed
from templates_server.primitives.validation import join


@dataclass(frozen=True, slots=True)
class Signature:
    """The part of the model that determines a type in generated code."""

    type: str = ""
    may_be_unset: bool = False
    is_required: bool = False


OPTION = "option"  # the type of what nothing is below
NOTHING = Signature()


def diff(before: SpaceModel, after: SpaceModel, *, revision: int) -> ModelDiff:
    """Return every change from one model, stored at a revision, to another, in order of path."""
    was, will_be = name_model(before), name_model(after)
    names = [(language, identifiers(was, language), identifiers(will_be, language)) for language in LANGUAGES]
    old, new = dict(_signatures(before)), dict(_signatures(after))
    changes: list[Change] = []
    told: set[str] = set()
    for path in sorted(old.keys() | new.keys()):
        kind = _kind(old.get(path), new.get(path))
        if kind is not None and not _is_below(path, told):
            changes.append(_change(path, kind, names, breaking=kind != "added" or new[path].is_required))
            if OPTION not in {old.get(path, NOTHING).type, new.get(path, NOTHING).type}:
                told.add(path)  # nothing is below an option: `v1.2` is another than `v1`
        elif kind is None and any(b.get(path) != a.get(path) for _, b, a in names):
            changes.append(_change(path, "retyped", names, breaking=True))
    return ModelDiff(revision, any(change.breaking for change in changes), tuple(changes))


def _change(
    path: str, kind: str, names: Sequence[tuple[str, Mapping[str, str], Mapping[str, str]]], *, breaking: bool
) -> Change:
    renamed = (Renamed(language, before.get(path), after.get(path)) for language, before, after in names)
    named = tuple(each for each in renamed if each.before is not None or each.after is not None)
    return Change(path, kind, breaking, named)


def _kind(before: Signature | None, after: Signature | None) -> str | None:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    asks_more = (after.may_be_unset and not before.may_be_unset) or (after.is_required and not before.is_required)
    return "retyped" if asks_more or before.type != after.type else None


def _is_below(path: str, told: Collection[str]) -> bool:
    """Return whether an enclosing part is already reported as a whole."""
    return any(path[:end] in told for end, character in enumerate(path) if character == ".")


def _signatures(model: SpaceModel) -> Iterator[tuple[str, Signature]]:
    """Return the path of everything an app can name, with the inputs of its type."""
    for experience in model.experiences:
        yield f"experiences.{experience.key}", Signature()
        yield from _property_signatures(experience)
    for section in model.sections:
        yield f"sections.{section.key}", Signature()
        yield from ((f"sections.{section.key}.supports.{key}", Signature()) for key in section.supports)
    for collection in model.collections:
        yield f"collections.{collection.key}", Signature()
        for child in collection.children:
            yield f"collections.{collection.key}.children.{child.key}", Signature(f"{child.kind} {child.type}")
    for event in model.events:
        yield from _event_signatures(event)
    for field in model.fields:
        yield f"fields.{field.key}", Signature(field.type)
        yield from _option_signatures(field, f"fields.{field.key}")


def _property_signatures(experience: Experience) -> Iterator[tuple[str, Signature]]:
    for definition in experience.properties:
        path = f"experiences.{experience.key}.properties.{definition.key}"
        yield path, Signature(definition.type, _may_be_unset(definition))
        yield from _option_signatures(definition, path)


def _event_signatures(event: EventDefinition) -> Iterator[tuple[str, Signature]]:
    path = join("events", event.key)
    yield path, Signature()
    for metadata in event.metadata:
        place = f"{path}.metadata.{metadata.key}"
        yield place, Signature(metadata.type, is_required=metadata.is_required)
        yield from _option_signatures(metadata, place)


def _option_signatures(
    definition: Property | MetadataKey | FieldDefinition, path: str
) -> Iterator[tuple[str, Signature]]:
    return ((join(f"{path}.options", option), Signature(OPTION)) for option in definition.options)


def _may_be_unset(definition: Property) -> bool:
    return UNSET[definition.type] is None and definition.default is None
