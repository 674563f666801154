"""The module of an experience type: its properties, their rules and their defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, SafeFragment
from templates_server.features.codegen.typescript.layout import enclose, union
from templates_server.features.codegen.typescript.literals import documentation, property_name, scalar, string
from templates_server.features.codegen.typescript.modules import Import, TypeScriptModule, path_of
from templates_server.features.codegen.typescript.names import member, type_name, variable
from templates_server.features.codegen.typescript.property_types import members, wire_members
from templates_server.features.spaces.model import Experience, Property, PropertyType

RUNTIME = "../runtime"
READERS = {
    PropertyType.TEXT: "asString",
    PropertyType.IMAGE: "asString",
    PropertyType.NUMBER: "asNumber",
    PropertyType.TOGGLE: "asBoolean",
    PropertyType.COLOR: "asColor",
    PropertyType.DATE: "asDate",
    PropertyType.LIST: "asTexts",
    PropertyType.SELECT: "asOption",
}
"""The functions of the runtime that read the value sent for a property."""


def experience_module(experience: Experience, names: ModelNames, *, track: Import | None) -> TypeScriptModule:
    """Return the module of one experience type; `track` imports its event type, by default from the runtime."""
    name = names.experiences[experience.key]
    arguments = [string(experience.key), type_name(name, "Properties")]
    constant = variable(name, "Experience").text
    colors = any(of.type is PropertyType.COLOR for of in experience.properties)
    readers = [Identifier(one) for one in sorted({READERS[of.type] for of in experience.properties})]
    needed = [*(["Color"] if colors else []), "Experience", "ExperienceType", "Item"]
    values = {
        "imports": [*([track] if track else []), Import(RUNTIME, readers, [Identifier(one) for one in needed])],
        "about": documentation(experience.name, experience.description, key=experience.key),
        "properties_type": arguments[1],
        "values_type": type_name(name, "Values"),
        "aliases": [
            _alias(name, generic, [*arguments, *(track.types if track else [])]) for generic in ("Experience", "Item")
        ],
        "typescript_head": _generic(f"export const {constant}: ExperienceType", arguments, " = {"),
        "javascript_head": CodeFragment(f"export const {constant} = {{"),
        "declaration": _generic(f"export declare const {constant}: ExperienceType", arguments, ";"),
        "kind": arguments[0],
        "properties": [_property(of, names.properties[experience.key][of.key]) for of in experience.properties],
    }
    return TypeScriptModule(path_of("experience", name), "experience", values)


def _alias(name: Name, generic: str, arguments: Sequence[SafeFragment]) -> CodeFragment:
    return _generic(f"export type {type_name(name, generic).text} = {generic}", arguments, ";")


def _generic(head: str, arguments: Sequence[SafeFragment], tail: str) -> CodeFragment:
    return enclose(f"{head}<", arguments, f">{tail}", last_comma=False)


def _property(of: Property, name: Name) -> Mapping[str, SafeFragment | None]:
    known_as = member(name).text
    return {
        "about": documentation(of.name, of.description, indent=2),
        "declaration": union(f"readonly {known_as}:", members(of), indent=2),
        "value": union(
            f"readonly {property_name(of.key).text}?:", [*wire_members(of), CodeFragment("undefined")], indent=2
        ),
        "rule": _rule(known_as, of),
    }


def _rule(known_as: str, of: Property) -> CodeFragment:
    """Return the rule: reader, default, the key if it differs from the member or options follow, and options."""
    flat = enclose(f"{known_as}: [", _parts(known_as, of, indent=0), "],", indent=4)
    if "\n" not in flat.text:
        return flat
    return enclose(f"{known_as}: [", _parts(known_as, of, indent=6), "],", indent=4)


def _parts(known_as: str, of: Property, *, indent: int) -> Sequence[SafeFragment]:
    parts: list[SafeFragment] = [CodeFragment(READERS[of.type]), _default(of, indent=indent)]
    if known_as != of.key or of.type is PropertyType.SELECT:
        parts.append(string(of.key))
    if of.type is PropertyType.SELECT:
        parts.append(_list(of.options, indent=indent))
    return parts


def _default(of: Property, *, indent: int) -> SafeFragment:
    if isinstance(of.initial, tuple):
        return _list(of.initial, indent=indent)
    if of.type is PropertyType.DATE and isinstance(of.initial, str):
        return CodeFragment(f"new Date({string(of.initial).text})")
    return scalar(of.initial)


def _list(items: Sequence[str], *, indent: int) -> CodeFragment:
    """Return a list, formatted so that a comma may follow."""
    return CodeFragment(enclose("[", [string(item) for item in items], "],", indent=indent).text.removesuffix(","))
