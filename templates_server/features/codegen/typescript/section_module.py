"""The module of a section type: the kinds of its items."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, join
from templates_server.features.codegen.typescript.layout import INDENT, enclose, fits, union
from templates_server.features.codegen.typescript.literals import documentation, string
from templates_server.features.codegen.typescript.modules import Import, TypeScriptModule, path_of
from templates_server.features.codegen.typescript.names import type_name, variable
from templates_server.features.spaces.model import SectionDefinition


def section_module(section: SectionDefinition, names: ModelNames) -> TypeScriptModule:
    """Return the module of one section type."""
    name = names.sections[section.key]
    supported = [names.experiences[key] for key in section.supports]
    constant = variable(name, "Section").text
    supports = [variable(one, "Experience") for one in supported]
    values = {
        "about": documentation(section.name, section.description, key=section.key),
        "imports": [_import(one) for one in supported],
        "runtime": Import("../runtime", [], _runtime_types(supported)),
        "items_type": type_name(name, "Items"),
        "items": _items(name, [type_name(one, "Item") for one in supported]),
        "entries": _entries(name, supported),
        "section_type": type_name(name, "Section"),
        "typescript_value": enclose(f"export const {constant}: SectionType = [", supports, "];"),
        "javascript_value": enclose(f"export const {constant} = [", supports, "];"),
        "declaration": CodeFragment(f"export declare const {constant}: SectionType;"),
    }
    return TypeScriptModule(path_of("section", name), "section", values)


def _import(name: Name) -> Import:
    path = f"../{path_of('experience', name)}"
    return Import(path, [variable(name, "Experience")], [type_name(name, "Item"), type_name(name, "Values")])


def _runtime_types(supported: Sequence[Name]) -> Sequence[Identifier]:
    return [Identifier(one) for one in (*(["ItemTestState"] if supported else []), "Section", "SectionType")]


def _entries(name: Name, supported: Sequence[Name]) -> CodeFragment:
    kinds = [
        enclose("ItemTestState<", [string(one.key), type_name(one, "Values")], ">", indent=4, last_comma=False)
        for one in supported
    ]
    return union(f"export type {type_name(name, 'Entries').text} =", kinds or [CodeFragment("never")])


def _items(name: Name, members: Sequence[Identifier]) -> CodeFragment:
    head = f"export type {type_name(name, 'Items').text} = readonly "
    if len(members) <= 1:
        return CodeFragment(f"{head}{members[0].text if members else 'never'}[];")
    joined = join(members, " | ").text
    if fits(f"{head}({joined})[];"):
        return CodeFragment(f"{head}({joined})[];")
    if fits(joined, indent=len(INDENT)):
        return CodeFragment(f"{head}(\n{INDENT}{joined}\n)[];")
    return CodeFragment(head + "(" + "".join(f"\n{INDENT}| {one.text}" for one in members) + "\n)[];")
