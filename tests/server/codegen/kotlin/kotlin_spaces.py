"""Spaces for Kotlin's compiler, which takes its time: with few properties where there are many parts."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.codegen.model import (
    Child,
    ChildKind,
    Collection,
    EntityState,
    Event,
    Experience,
    Field,
    GenerationInput,
    Item,
    Metadata,
    Property,
    PropertyType,
    Section,
    SpaceModel,
    Value,
)

TEXTS_AT_ONCE = 20
MOST_FIELDS = 100


def text_space(texts: Sequence[str]) -> GenerationInput:
    """The texts as names, descriptions, values and options of properties, and as ids of items."""
    groups = [texts[at : at + TEXTS_AT_ONCE] for at in range(0, len(texts), TEXTS_AT_ONCE)]
    keys = [f"e{number:02}" for number in range(len(groups))]
    experiences = tuple(
        Experience(key, group[0], group[-1], _text_properties(group)) for key, group in zip(keys, groups, strict=True)
    )
    children = (
        *(Child(key, ChildKind.EXPERIENCE, key, group[0], group[-1]) for key, group in zip(keys, groups, strict=True)),
        Child("everything", ChildKind.SECTION, "all"),
    )
    states = {
        f"page.{key}": EntityState(enabled=True, properties=_text_values(group))
        for key, group in zip(keys, groups, strict=True)
    }
    items = tuple(
        Item(text, key, enabled=True, properties={"t00": text})
        for key, group in zip(keys, groups, strict=True)
        for text in group
    )
    return GenerationInput(
        SpaceModel(
            "made",
            texts[0],
            texts[-1],
            experiences,
            (Section("all", texts[0], texts[-1], tuple(keys)),),
            (Collection("page", texts[0], texts[-1], "Pages", children),),
            tuple(_event(f"k{at:03}", text) for at, text in enumerate(texts)),
            tuple(
                Field(f"k{at:03}", PropertyType.SELECT, group[0], group[-1], tuple(map(option_of, group)))
                for at, group in enumerate(groups)
            ),
        ),
        states | {"page.everything": EntityState(enabled=True, items=items)},
    )


def _text_properties(texts: Sequence[str]) -> tuple[Property, ...]:
    found = [
        property_
        for at, text in enumerate(texts)
        for property_ in (
            Property(f"l{at:02}", PropertyType.LIST, text, text, (text, f"also {text}")),
            Property(f"t{at:02}", PropertyType.TEXT, text, text, text),
        )
    ]
    options = tuple(map(option_of, texts))
    select = Property("s", PropertyType.SELECT, texts[0], texts[0], options[0], options)
    return tuple(sorted([*found, select], key=lambda each: each.key))


def option_of(text: str) -> str:
    """The text as an option: a select has none that is empty."""
    return text or "empty"


def _text_values(texts: Sequence[str]) -> dict[str, Value]:
    return {property_.key: property_.initial for property_ in _text_properties(texts)}


def _event(key: str, text: str) -> Event:
    return Event(f"{key}/{key}", text, text, (Metadata(key, PropertyType.TEXT, text, text, is_required=True),))


def _field(key: str, text: str) -> Field:
    return Field(key, PropertyType.TEXT, text, text)


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
        sections=tuple(Section(key, supports=(key,)) for key in keys),
        collections=(
            *(Collection(key, children=(Child(key, ChildKind.SECTION, key),)) for key in keys),
            Collection("zz", children=tuple(Child(key, ChildKind.EXPERIENCE, key) for key in keys)),
        ),
        events=tuple(_event(key, key) for key in keys),
        fields=tuple(_field(key, key) for key in keys[:MOST_FIELDS]),
    )
    states = {f"zz.{key}": EntityState(enabled=True, properties={key: f"Text {key}"}) for key in keys}
    return GenerationInput(model, states)


def large_space(count: int) -> GenerationInput:
    """So many experiences of a few properties, all in one collection and in one section."""
    keys = [f"experience-{number:03}" for number in range(count)]
    properties = (
        Property("a-color", PropertyType.COLOR),
        Property("a-text", PropertyType.TEXT, default="text"),
    )
    values: dict[str, Value] = {"a-text": "other"}
    model = SpaceModel(
        "made",
        experiences=tuple(Experience(key, properties=properties) for key in keys),
        sections=(Section("all", supports=tuple(keys)),),
        collections=(
            Collection(
                "page",
                children=(
                    Child("everything", ChildKind.SECTION, "all"),
                    *(Child(key, ChildKind.EXPERIENCE, key) for key in keys),
                ),
            ),
        ),
    )
    states = {f"page.{key}": EntityState(enabled=True, properties=values) for key in keys}
    items = tuple(Item(key, key, enabled=True, properties=values) for key in keys)
    return GenerationInput(model, states | {"page.everything": EntityState(enabled=True, items=items)})
