"""The files of collections: their children by name, and all collections together."""

from __future__ import annotations

from collections.abc import Mapping

from templates_server.features.codegen.kotlin.layout import enclose_on_lines
from templates_server.features.codegen.kotlin.literals import documentation, string
from templates_server.features.codegen.kotlin.modules import KotlinModule, imports
from templates_server.features.codegen.kotlin.names import class_name, file_path, member, type_name
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment
from templates_server.features.spaces.model import Child, ChildKind, Collection, SpaceModel


def collection_module(collection: Collection, names: ModelNames, package: CodeFragment) -> KotlinModule:
    """Return the file of one collection."""
    kind = type_name(names.collections[collection.key], "Collection")
    children = [_child(collection, child, names) for child in collection.children]
    pairs = [CodeFragment(f"stateOf({child['key'].text}, {child['name'].text})") for child in children]
    values = {
        "package": package,
        "imports": imports(package, ["EntitySource", *(["stateOf"] if children else []), "statesOf"]),
        "about": documentation(collection.name, collection.description, key=collection.key),
        "class": kind,
        "children": children,
        "states": enclose_on_lines("statesOf(", pairs, ")", indent=12) if pairs else CodeFragment("statesOf()"),
    }
    return KotlinModule(file_path(kind.text, folder="collection"), "Collection.kt.jinja", values)


def _child(collection: Collection, child: Child, names: ModelNames) -> Mapping[str, SafeFragment]:
    entity = string(f"{collection.key}.{child.key}").text
    if child.kind is ChildKind.EXPERIENCE:
        kind = class_name(names.experiences[child.type]).text
        declared, made = f"Experience<{kind}.Properties>", f"source.experience({entity}, {kind})"
        state = f"ExperienceTestState<{kind}.Values>"
    else:
        declared = type_name(names.sections[child.type], "Section").text
        made, state = f"{declared}(source, {entity})", f"SectionTestState<{declared}.TestEntry>"
    name = member(names.children[collection.key][child.key])
    about = documentation(child.name, child.description, indent=4)
    given = {
        "key": string(f"{collection.key}.{child.key}"),
        "name": name,
        "declaration": CodeFragment(f"public val {name.text}: {declared} = {made}"),
        "state": CodeFragment(f"public var {name.text}: {state}? = null"),
    }
    return {**given, "about": about or CodeFragment("")}


def collections_module(model: SpaceModel, names: ModelNames, package: CodeFragment) -> KotlinModule:
    """Return the file of all collections of the Space."""
    values = {
        "package": package,
        "imports": imports(package, ["EntitySource", "Json"]),
        "about": documentation(model.name, model.description, key=model.key),
        "collections": [
            {
                "about": documentation(collection.name, collection.description, indent=4) or CodeFragment(""),
                "name": member(names.collections[collection.key]),
                "class": type_name(names.collections[collection.key], "Collection"),
            }
            for collection in model.collections
        ],
    }
    return KotlinModule(file_path("Collections"), "Collections.kt.jinja", values)
