"""The identifiers of a model in a language, as an app uses them. Pure."""

from __future__ import annotations

from templates_server.features.codegen import languages
from templates_server.features.codegen.naming import ModelNames, NameScope
from templates_server.primitives.validation import join


def identifiers(names: ModelNames, language: str) -> dict[str, str]:
    """Return the identifier of every part of a model by path: `experiences.hero.properties.title-ids`: `titleIds`."""
    identifier = languages.language(language).identifier
    found: dict[str, str] = {}
    for folder, scope, scoped in (
        ("experiences", NameScope.EXPERIENCE, names.experiences),
        ("sections", NameScope.SECTION, names.sections),
        ("collections", NameScope.COLLECTION, names.collections),
        ("events", NameScope.EVENT, names.events),
        ("fields", NameScope.FIELD, names.fields),
    ):
        found |= {join(folder, key): identifier(scope, name) for key, name in scoped.items()}
    for folder, part, scope, nested in (
        ("experiences", "properties", NameScope.PROPERTY, names.properties),
        ("collections", "children", NameScope.CHILD, names.children),
        ("events", "metadata", NameScope.METADATA, names.metadata),
    ):
        for owner, scoped in nested.items():
            found |= {f"{join(folder, owner)}.{part}.{key}": identifier(scope, name) for key, name in scoped.items()}
    return found
