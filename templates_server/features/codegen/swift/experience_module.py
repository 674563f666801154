"""The file of an experience type: its properties and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from templates_server.features.codegen.naming import ModelNames, Name
from templates_server.features.codegen.safe_fragments import CodeFragment, Literal, SafeFragment
from templates_server.features.codegen.swift.layout import enclose
from templates_server.features.codegen.swift.literals import documentation, number, string
from templates_server.features.codegen.swift.modules import SwiftModule
from templates_server.features.codegen.swift.names import declare, file_path, member, type_name
from templates_server.features.codegen.swift.options import option_case, option_cases
from templates_server.features.spaces.model import Color, Experience, Property, PropertyType

_TYPES = {
    PropertyType.TEXT: "String",
    PropertyType.IMAGE: "String",
    PropertyType.NUMBER: "Double",
    PropertyType.TOGGLE: "Bool",
    PropertyType.COLOR: "Color",
    PropertyType.DATE: "Date",
    PropertyType.LIST: "[String]",
}
_READERS = {PropertyType.IMAGE: "text", PropertyType.SELECT: "option"}
_NEVER_NIL = frozenset({PropertyType.COLOR, PropertyType.LIST, PropertyType.SELECT})


def experience_module(experience: Experience, names: ModelNames) -> SwiftModule:
    """Return the file of one experience type."""
    name, members = names.experiences[experience.key], names.properties[experience.key]
    properties = type_name(name, "Properties")
    selects = [of for of in experience.properties if of.type is PropertyType.SELECT]
    values = {
        "about": documentation(experience.name, experience.description, key=experience.key, indent=2),
        "type": properties,
        "enumerations": [
            {
                "head": CodeFragment(f"public enum {_option_type(members[of.key])}: String, CaseIterable, Sendable {{"),
                "cases": option_cases(of.options),
            }
            for of in selects
        ],
        "properties": [_property(of, members[of.key]) for of in experience.properties],
        "experience": type_name(name, "Experience"),
        "item": type_name(name, "Item"),
        "constant": enclose(
            f"static let {name.camel}Experience = ExperienceType(",
            [string(experience.key)],
            f") {{ {properties.text}($0) }}",
            indent=2,
        ),
    }
    return SwiftModule(file_path("Experience", name, "Experience").text, "experience", values)


def _option_type(name: Name) -> str:
    return type_name(name, "Option").text


def _property(of: Property, name: Name) -> Mapping[str, SafeFragment | None]:
    known_as = member(name)
    arguments = [string(of.key), *_defaults(of)]
    reader = _READERS.get(of.type, of.type.value)
    return {
        "about": documentation(of.name, of.description, indent=4),
        "declaration": CodeFragment(f"public let {declare(known_as).text}: {_type(of, name)}"),
        "assignment": enclose(f"self.{known_as.text} = reader.{reader}(", arguments, ")", indent=6),
    }


def _type(of: Property, name: Name) -> str:
    """Return the type of a property; one with a default is never nil."""
    if of.type is PropertyType.SELECT:
        return _option_type(name)
    return _TYPES[of.type] + ("" if of.type in _NEVER_NIL or of.default is not None else "?")


def _defaults(of: Property) -> Sequence[SafeFragment]:
    """Return the default if it differs from the type's own."""
    if of.type is PropertyType.SELECT:
        return [CodeFragment(f".{option_case(of.options, of.default).text}")]
    match of.default:
        case None | Color(value=None, opacity=1) | ():
            return []
        case bool():
            return [Literal("true" if of.default else "false")]
        case int() | float():
            return [number(of.default)]
        case str():
            return [_date(of.default) if of.type is PropertyType.DATE else string(of.default)]
        case Color(value=value, opacity=opacity):
            color = [f"value: {string(value).text}"] if value is not None else []
            return [CodeFragment(f"Color({', '.join([*color, f'opacity: {number(opacity).text}'])})")]
        case tuple():
            return [CodeFragment(f"[{', '.join(string(text).text for text in of.default)}]")]
    raise TypeError(f"not a default: {of.default!r}")


def _date(text: str) -> Literal:
    """Return the seconds since 1970."""
    return number(datetime.fromisoformat(text).timestamp())
