"""Spaces for Kotlin's compiler, which takes its time, so that they hold each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from templates_server.features.spaces.model import (
    Child,
    ChildKind,
    Collection,
    EventDefinition,
    Experience,
    FieldDefinition,
    GenerationInput,
    Item,
    MetadataKey,
    ModelEntityState,
    Property,
    PropertyType,
    SectionDefinition,
    SpaceModel,
    Value,
)
from tests.server.features.codegen.space_builder import build_space, options_of

MOST_FIELDS = 100
"""How many a model may have; the constructor of their class takes one each, and the JVM no more than 255."""


def text_spaces(texts: Sequence[str]) -> list[GenerationInput]:
    """The texts as everything that a person may write, in as many Spaces as their fields need."""
    groups = [texts[at : at + MOST_FIELDS] for at in range(0, len(texts), MOST_FIELDS)]
    return [_text_space(group) for group in groups]


def _text_space(texts: Sequence[str]) -> GenerationInput:
    """A Space as other languages have it, and an experience with all texts as options of a select."""
    made = build_space([f"k{at:02}" for at in range(len(texts))], texts)
    options = tuple(map(option_of, texts))
    select = Property("a-select", PropertyType.SELECT, texts[0], texts[-1], options[0], options)
    [page] = made.model.collections
    children = sorted([*page.children, Child("options", ChildKind.EXPERIENCE, "options")], key=lambda each: each.key)
    model = replace(
        made.model,
        experiences=(*made.model.experiences, Experience("options", properties=(select,))),
        collections=(replace(page, children=tuple(children)),),
    )
    return GenerationInput(model, {**made.fallbacks, "page.options": ModelEntityState(enabled=True, properties={})})


def option_of(text: str) -> str:
    """The text as an option: a select has none that is empty."""
    return text or "empty"


def _event(key: str) -> EventDefinition:
    return EventDefinition(
        f"{key}/{key}",
        metadata=(
            MetadataKey("another", PropertyType.TEXT, is_required=True),
            MetadataKey(key, PropertyType.SELECT, options=options_of(key)),
        ),
    )


def _field(key: str) -> FieldDefinition:
    return FieldDefinition(key, PropertyType.SELECT, options=options_of(key))


def key_space(keys: Sequence[str]) -> GenerationInput:
    """The keys as those of experiences, sections, collections, children, properties, options, events and fields."""
    keys = sorted(keys)
    every = (
        *(Property(key, PropertyType.TEXT, default=key) for key in keys),
        Property("zz", PropertyType.SELECT, options=tuple(keys)),
    )
    experiences = [Experience(key, properties=(Property(key, PropertyType.TEXT, default=key),)) for key in keys]
    model = SpaceModel(
        "made",
        experiences=tuple(sorted([*experiences, Experience("zz", properties=every)], key=lambda each: each.key)),
        sections=tuple(SectionDefinition(key, supports=(key,)) for key in keys),
        collections=(
            *(Collection(key, children=(Child(key, ChildKind.SECTION, key),)) for key in keys),
            Collection("zz", children=tuple(Child(key, ChildKind.EXPERIENCE, key) for key in keys)),
        ),
        events=tuple(map(_event, keys)),
        fields=tuple(map(_field, keys[:MOST_FIELDS])),
    )
    states = {f"zz.{key}": ModelEntityState(enabled=True, properties={key: f"Text {key}"}) for key in keys}
    return GenerationInput(model, states)


def large_space(count: int, fields: Sequence[str] = ()) -> GenerationInput:
    """So many experiences of a few properties, all in one collection and in one section; fields of these keys."""
    keys = [f"experience-{number:03}" for number in range(count)]
    properties = (
        Property("a-color", PropertyType.COLOR),
        Property("a-text", PropertyType.TEXT, default="text"),
    )
    values: dict[str, Value] = {"a-text": "other"}
    model = SpaceModel(
        "made",
        experiences=tuple(Experience(key, properties=properties) for key in keys),
        sections=(SectionDefinition("all", supports=tuple(keys)),),
        collections=(
            Collection(
                "page",
                children=(
                    Child("everything", ChildKind.SECTION, "all"),
                    *(Child(key, ChildKind.EXPERIENCE, key) for key in keys),
                ),
            ),
        ),
        fields=tuple(map(_field, fields)),
    )
    states = {f"page.{key}": ModelEntityState(enabled=True, properties=values) for key in keys}
    items = tuple(Item(key, key, enabled=True, properties=values) for key in keys)
    return GenerationInput(model, states | {"page.everything": ModelEntityState(enabled=True, items=items)})
