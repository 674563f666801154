"""The module that an app imports: client, session, collections, and the types of everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.codegen.model import GenerationInput
from templates_server.codegen.naming import ModelNames, Name
from templates_server.codegen.pieces import Code
from templates_server.codegen.typescript.layout import enclosed
from templates_server.codegen.typescript.literals import documentation, string
from templates_server.codegen.typescript.modules import Import, Module, path_of
from templates_server.codegen.typescript.names import member, type_name, variable


def index_module(generation_input: GenerationInput, names: ModelNames, *, host: str) -> Module:
    """The index; `host` is the server's URL."""
    model = generation_input.model
    scoped = [(collection, names.collections[collection.key]) for collection in model.collections]
    values = {
        "about": documentation(model.name, model.description, key=model.key),
        "space": enclosed("const space = new Space(", [string(model.key), string(host), Code("fallbacks")], ");"),
        "imports": [_import(name) for _, name in scoped],
        "collections": [
            {
                "about": documentation(collection.name, collection.description, indent=2),
                "declaration": Code(f"readonly {member(name).text}: {type_name(name, 'Collection').text};"),
                "entry": _entry(name),
            }
            for collection, name in scoped
        ],
        "exports": list(_exports(names)),
    }
    return Module("index", "index", values)


def _import(name: Name) -> Import:
    types = [type_name(name, "Collection")]
    return Import(f"./{path_of('collection', name)}.js", [variable(name, "Collection")], types)


def _entry(name: Name) -> Code:
    return Code(f"{member(name).text}: {variable(name, 'Collection').text}(space),")


def _exports(names: ModelNames) -> Iterator[Code]:
    folders: tuple[tuple[str, Mapping[str, Name], tuple[str, ...]], ...] = (
        ("collection", names.collections, ("Collection",)),
        ("experience", names.experiences, ("Experience", "Item", "Properties")),
        ("section", names.sections, ("Items", "Section")),
    )
    for folder, scoped, endings in folders:
        for name in scoped.values():
            types = [type_name(name, ending) for ending in endings]
            yield Import(f"./{path_of(folder, name)}.js", [], types).exported
