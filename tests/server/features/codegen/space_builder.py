"""Spaces that are made up of given texts: one experience of every type of property for each text."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.features.spaces.model import (
    Child,
    ChildKind,
    Collection,
    Color,
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

DATE = "2027-04-30T22:00:00Z"


def build_space(keys: Sequence[str], texts: Sequence[str]) -> GenerationInput:
    """As many experiences, events and fields as there are keys, with the texts as names, options, values and so on."""
    experiences = tuple(_experience(key, text) for key, text in zip(keys, texts, strict=True))
    section = SectionDefinition("all", texts[0], texts[-1], tuple(sorted(keys)))
    children = (
        Child("everything", ChildKind.SECTION, "all"),
        *(Child(f"c-{key}", ChildKind.EXPERIENCE, key, text, text) for key, text in zip(keys, texts, strict=True)),
    )
    collection = Collection("page", texts[0], texts[-1], "Pages", tuple(sorted(children, key=lambda child: child.key)))
    model = SpaceModel(
        "made",
        texts[0],
        texts[-1],
        tuple(sorted(experiences, key=lambda experience: experience.key)),
        (section,),
        (collection,),
        tuple(sorted(map(_event, keys, texts), key=lambda event: event.key)),
        tuple(sorted(map(_field, keys, texts), key=lambda field: field.key)),
    )
    states = {
        f"page.c-{key}": ModelEntityState(enabled=True, properties=_values(text))
        for key, text in zip(keys, texts, strict=True)
    }
    items = tuple(
        Item(text, key, enabled=True, properties=_values(text)) for key, text in zip(keys, texts, strict=True)
    )
    return GenerationInput(model, states | {"page.everything": ModelEntityState(enabled=True, items=items)})


def _experience(key: str, text: str) -> Experience:
    given = _values(text)
    properties = [
        Property(
            f"a-{kind.value}",
            kind,
            text,
            text,
            given[f"a-{kind.value}"],
            options_of(text) if kind is PropertyType.SELECT else (),
        )
        for kind in sorted(PropertyType)
    ]
    properties += [
        Property(f"no-{kind.value}", kind, options=options_of(text) if kind is PropertyType.SELECT else ())
        for kind in sorted(PropertyType)
    ]
    return Experience(key, text, text, tuple(properties))


def _event(key: str, text: str) -> EventDefinition:
    metadata = (
        MetadataKey("another", PropertyType.TEXT, is_required=True),
        MetadataKey(key, PropertyType.SELECT, text, text, options_of(text)),
    )
    return EventDefinition(f"{key}/{key}", text, text, metadata)


def _field(key: str, text: str) -> FieldDefinition:
    return FieldDefinition(key, PropertyType.SELECT, text, text, options_of(text))


def options_of(text: str) -> tuple[str, ...]:
    """Two options: a select has none that is empty."""
    return (f"one {text}", f"two {text}")


def _values(text: str) -> dict[str, Value]:
    return {
        "a-text": text,
        "a-image": text,
        "a-number": 5,
        "a-toggle": True,
        "a-color": Color("#6f58c4", 0.5),
        "a-date": DATE,
        "a-list": (text, f"also {text}"),
        "a-select": options_of(text)[0],
        "no-text": None,
        "no-image": None,
        "no-number": None,
        "no-toggle": None,
        "no-color": Color(),
        "no-date": None,
        "no-list": (),
        "no-select": "",
    }
