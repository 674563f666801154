"""The class of a collection, and the class of all collections."""

from __future__ import annotations

from collections.abc import Mapping

from templates_server.features.codegen.java.experience_file import experience_class
from templates_server.features.codegen.java.files import COLLECTION, JavaFile, runtime_imports
from templates_server.features.codegen.java.layout import MethodCall, assignment, method_head
from templates_server.features.codegen.java.literals import documentation, string
from templates_server.features.codegen.java.names import collection_class, method, section_class
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.spaces.model import Child, ChildKind, Collection, SpaceModel

COLLECTIONS = "SpaceCollections"


def collection_file(collection: Collection, names: ModelNames) -> JavaFile:
    """Return the file of the collection."""
    known_as = collection_class(names.collections[collection.key])
    imports = [f".{child.kind.value}.{_class(child, names).text}" for child in collection.children]
    values: Mapping[str, object] = {
        "about": documentation(collection.name, collection.description, key=collection.key),
        "class": known_as,
        "members": [_child(collection, child, names) for child in collection.children],
    }
    return JavaFile(f"{COLLECTION}/{known_as.text}", "members", [*runtime_imports("SpaceEngine"), *imports], values)


def collections_file(model: SpaceModel, names: ModelNames) -> JavaFile:
    """Return the file of all collections."""
    classes = [collection_class(names.collections[collection.key]) for collection in model.collections]
    values: Mapping[str, object] = {
        "about": CodeFragment("/** What the app shows. */"),
        "class": Identifier(COLLECTIONS),
        "members": [
            _member(
                method(names.collections[collection.key]),
                known_as,
                MethodCall(f"new {known_as.text}", [CodeFragment("engine")]),
                documentation(collection.name, collection.description, indent=2),
            )
            for collection, known_as in zip(model.collections, classes, strict=True)
        ],
    }
    imports = [f".{COLLECTION}.{known_as.text}" for known_as in classes]
    return JavaFile(COLLECTIONS, "members", [*runtime_imports("SpaceEngine"), *imports], values)


def _class(child: Child, names: ModelNames) -> Identifier:
    if child.kind is ChildKind.EXPERIENCE:
        return experience_class(child.type, names)
    return section_class(names.sections[child.type])


def _child(collection: Collection, child: Child, names: ModelNames) -> Mapping[str, SafeFragment | None]:
    known_as = _class(child, names)
    entity = MethodCall("engine.entity", [string(f"{collection.key}.{child.key}")])
    return _member(
        method(names.children[collection.key][child.key]),
        known_as,
        MethodCall(f"new {known_as.text}", [entity]),
        documentation(child.name, child.description, indent=2),
    )


def _member(
    known_as: Identifier, of: Identifier, value: MethodCall, about: SafeFragment | None
) -> Mapping[str, SafeFragment | None]:
    return {
        "about": about,
        "class": of,
        "name": known_as,
        "head": method_head(of.text, f"{known_as.text}()", indent=2),
        "assignment": assignment(f"this.{known_as.text}", value, indent=4),
    }
