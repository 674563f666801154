"""The identifiers of a model in a language: what an app writes for each of its parts. Pure."""

from __future__ import annotations

from templates_server.features.codegen import languages
from templates_server.features.codegen.naming import ModelNames, Scope
from templates_server.primitives.validation import join


def identifiers(names: ModelNames, language: str) -> dict[str, str]:
    """The identifier of every part of a model, by its path: `experiences.hero.properties.title-ids`: `titleIds`."""
    identifier = languages.language(language).identifier
    found: dict[str, str] = {}
    for folder, scope, scoped in (
        ("experiences", Scope.EXPERIENCE, names.experiences),
        ("sections", Scope.SECTION, names.sections),
        ("collections", Scope.COLLECTION, names.collections),
        ("events", Scope.EVENT, names.events),
        ("fields", Scope.FIELD, names.fields),
    ):
        found |= {join(folder, key): identifier(scope, name) for key, name in scoped.items()}
    for folder, part, scope, nested in (
        ("experiences", "properties", Scope.PROPERTY, names.properties),
        ("collections", "children", Scope.CHILD, names.children),
        ("events", "metadata", Scope.METADATA, names.metadata),
    ):
        for owner, scoped in nested.items():
            found |= {f"{join(folder, owner)}.{part}.{key}": identifier(scope, name) for key, name in scoped.items()}
    return found
