"""The module of a collection: its children by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.python.layout import enclose, enclose_on_lines
from templates_server.features.codegen.python.literals import docstring, string
from templates_server.features.codegen.python.modules import PythonModule, import_statement, module_of, path_of
from templates_server.features.codegen.python.names import member, type_name, variable
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.spaces.model import Child, ChildKind, Collection


def collection_module(collection: Collection, names: ModelNames) -> PythonModule:
    """Return the module of one collection."""
    name = names.collections[collection.key]
    result = type_name(name, "Collection")
    values = {
        "about": docstring(collection.name, collection.description, key=collection.key, indent=4),
        "imports": list(_imports(collection, names)),
        "type": result,
        "head": enclose(
            f"def {variable(name, 'collection').text}(", [CodeFragment("source: EntitySource")], f") -> {result.text}:"
        ),
        "children": [_child(collection, child, names) for child in collection.children],
        "body": enclose_on_lines(
            f"return {result.text}(", [_entry(collection, child, names) for child in collection.children], ")", indent=4
        ),
    }
    return PythonModule(path_of("collection", name), "collection", values)


def _imports(collection: Collection, names: ModelNames) -> Iterator[CodeFragment]:
    used = {(child.kind, child.type): _template(child, names) for child in collection.children}
    for kind, key in sorted(used):
        name = used[kind, key]
        types = [variable(name, kind.value), type_name(name, kind.value.capitalize())]
        yield import_statement(module_of(kind.value, name, level=2), types)
    yield import_statement("..runtime", [Identifier("EntitySource")])


def _template(child: Child, names: ModelNames) -> Name:
    return (names.experiences if child.kind is ChildKind.EXPERIENCE else names.sections)[child.type]


def _child(collection: Collection, child: Child, names: ModelNames) -> Mapping[str, SafeFragment | None]:
    known_as = member(names.children[collection.key][child.key]).text
    result = type_name(_template(child, names), child.kind.value.capitalize()).text
    return {
        "about": docstring(child.name, child.description, indent=4),
        "declaration": CodeFragment(f"{known_as}: {result}"),
    }


def _entry(collection: Collection, child: Child, names: ModelNames) -> CodeFragment:
    known_as = member(names.children[collection.key][child.key]).text
    made = variable(_template(child, names), child.kind.value)
    entity = string(f"{collection.key}.{child.key}")
    if child.kind is ChildKind.EXPERIENCE:
        return enclose(f"{known_as}=source.experience(", [entity, made], ")", indent=8)
    return enclose(f"{known_as}={made.text}(", [CodeFragment("source"), entity], ")", indent=8)
