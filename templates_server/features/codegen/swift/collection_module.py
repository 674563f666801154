"""The file of a collection: its children by name."""

from __future__ import annotations

from collections.abc import Mapping

from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment
from templates_server.features.codegen.swift.layout import enclose
from templates_server.features.codegen.swift.literals import documentation, string
from templates_server.features.codegen.swift.modules import SwiftModule
from templates_server.features.codegen.swift.names import declare, file_path, member, type_name
from templates_server.features.spaces.model import Child, ChildKind, Collection


def collection_module(collection: Collection, names: ModelNames) -> SwiftModule:
    """Return the file of one collection."""
    name = names.collections[collection.key]
    values = {
        "about": documentation(collection.name, collection.description, key=collection.key, indent=2),
        "type": type_name(name, "Collection"),
        "children": [_child(collection, child, names) for child in collection.children],
    }
    return SwiftModule(file_path("Collection", name, "Collection").text, "collection", values)


def _child(collection: Collection, child: Child, names: ModelNames) -> Mapping[str, SafeFragment | None]:
    known_as = member(names.children[collection.key][child.key])
    scope = names.experiences if child.kind is ChildKind.EXPERIENCE else names.sections
    template, kind = scope[child.type], child.kind.value
    arguments = [string(f"{collection.key}.{child.key}"), CodeFragment(f"Mtribes.{template.camel}{kind.capitalize()}")]
    return {
        "about": documentation(child.name, child.description, indent=4),
        "declaration": CodeFragment(
            f"public let {declare(known_as).text}: {type_name(template, kind.capitalize()).text}"
        ),
        "assignment": enclose(f"self.{known_as.text} = source.{kind}(", arguments, ")", indent=6),
    }
