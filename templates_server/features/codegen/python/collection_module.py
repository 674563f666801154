"""The module of a collection: its children by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.python.layout import enclosed, spread
from templates_server.features.codegen.python.literals import docstring, string
from templates_server.features.codegen.python.modules import Module, imported, module_of, path_of
from templates_server.features.codegen.python.names import member, type_name, variable
from templates_server.features.codegen.safe_fragments import Code, Identifier, Piece
from templates_server.features.spaces.model import Child, ChildKind, Collection


def collection_module(collection: Collection, names: ModelNames) -> Module:
    """One collection."""
    name = names.collections[collection.key]
    result = type_name(name, "Collection")
    values = {
        "about": docstring(collection.name, collection.description, key=collection.key, indent=4),
        "imports": list(_imports(collection, names)),
        "type": result,
        "head": enclosed(
            f"def {variable(name, 'collection').text}(", [Code("source: EntitySource")], f") -> {result.text}:"
        ),
        "children": [_child(collection, child, names) for child in collection.children],
        "body": spread(
            f"return {result.text}(", [_entry(collection, child, names) for child in collection.children], ")", indent=4
        ),
    }
    return Module(path_of("collection", name), "collection", values)


def _imports(collection: Collection, names: ModelNames) -> Iterator[Code]:
    used = {(child.kind, child.type): _template(child, names) for child in collection.children}
    for kind, key in sorted(used):
        name = used[kind, key]
        types = [variable(name, kind.value), type_name(name, kind.value.capitalize())]
        yield imported(module_of(kind.value, name, level=2), types)
    yield imported("..runtime", [Identifier("EntitySource")])


def _template(child: Child, names: ModelNames) -> Name:
    return (names.experiences if child.kind is ChildKind.EXPERIENCE else names.sections)[child.type]


def _child(collection: Collection, child: Child, names: ModelNames) -> Mapping[str, Piece | None]:
    known_as = member(names.children[collection.key][child.key]).text
    result = type_name(_template(child, names), child.kind.value.capitalize()).text
    return {
        "about": docstring(child.name, child.description, indent=4),
        "declaration": Code(f"{known_as}: {result}"),
    }


def _entry(collection: Collection, child: Child, names: ModelNames) -> Code:
    known_as = member(names.children[collection.key][child.key]).text
    made = variable(_template(child, names), child.kind.value)
    entity = string(f"{collection.key}.{child.key}")
    if child.kind is ChildKind.EXPERIENCE:
        return enclosed(f"{known_as}=source.experience(", [entity, made], ")", indent=8)
    return enclosed(f"{known_as}={made.text}(", [Code("source"), entity], ")", indent=8)
