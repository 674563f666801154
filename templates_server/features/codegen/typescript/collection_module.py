"""The module of a collection: its children by name."""

from __future__ import annotations

from collections.abc import Mapping

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment
from templates_server.features.codegen.typescript.layout import enclose
from templates_server.features.codegen.typescript.literals import documentation, string
from templates_server.features.codegen.typescript.modules import Import, TypeScriptModule, path_of
from templates_server.features.codegen.typescript.names import member, type_name, variable
from templates_server.features.spaces.model import Child, ChildKind, Collection


def collection_module(collection: Collection, names: ModelNames) -> TypeScriptModule:
    """Return the module of one collection."""
    name = names.collections[collection.key]
    used = {(child.kind, child.type): _template(child, names) for child in collection.children}
    result = type_name(name, "Collection")
    constant = variable(name, "Collection").text
    values = {
        "about": documentation(collection.name, collection.description, key=collection.key),
        "imports": [_import(kind, used[kind, key]) for kind, key in sorted(used)],
        "type": result,
        "typescript_head": CodeFragment(f"export const {constant}: CollectionType<{result.text}> ="),
        "javascript_head": CodeFragment(f"export const {constant} ="),
        "declaration": CodeFragment(f"export declare const {constant}: CollectionType<{result.text}>;"),
        "children": [_child(collection, child, names) for child in collection.children],
    }
    return TypeScriptModule(path_of("collection", name), "collection", values)


def _template(child: Child, names: ModelNames) -> Name:
    return (names.experiences if child.kind is ChildKind.EXPERIENCE else names.sections)[child.type]


def _import(kind: ChildKind, name: Name) -> Import:
    ending = kind.value.capitalize()
    return Import(f"../{path_of(kind.value, name)}", [variable(name, ending)], [type_name(name, ending)])


def _child(collection: Collection, child: Child, names: ModelNames) -> Mapping[str, SafeFragment | None]:
    known_as = member(names.children[collection.key][child.key]).text
    template = _template(child, names)
    return {
        "about": documentation(child.name, child.description, indent=2),
        "declaration": CodeFragment(f"readonly {known_as}: {type_name(template, child.kind.value.capitalize()).text};"),
        "entry": _entry(known_as, child.kind, template, entity=f"{collection.key}.{child.key}"),
    }


def _entry(known_as: str, kind: ChildKind, template: Name, *, entity: str) -> CodeFragment:
    parts = [string(entity), variable(template, kind.value.capitalize())]
    return enclose(f"{known_as}: [", parts, "],", indent=2)
