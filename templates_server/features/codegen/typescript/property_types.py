"""The TypeScript types of properties."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment
from templates_server.features.codegen.typescript.literals import string
from templates_server.features.spaces.model import Property, PropertyType

_TYPES = {
    PropertyType.TEXT: "string",
    PropertyType.IMAGE: "string",
    PropertyType.NUMBER: "number",
    PropertyType.TOGGLE: "boolean",
    PropertyType.COLOR: "Color",
    PropertyType.DATE: "Date",
    PropertyType.LIST: "readonly string[]",
}
_NEVER_NULL = frozenset({PropertyType.COLOR, PropertyType.LIST})


def wire_members(of: Property) -> Sequence[SafeFragment]:
    """Return the union members of the property's type as the server sends it: a date is text, unset is null."""
    if of.type is PropertyType.SELECT:
        return [*members(of), CodeFragment("null")]
    return [CodeFragment("string" if of.type is PropertyType.DATE else _TYPES[of.type]), CodeFragment("null")]


def members(of: Property) -> Sequence[SafeFragment]:
    """Return the union members of the property's type; a property with a default is never null."""
    if of.type is PropertyType.SELECT:
        return [string(option) for option in dict.fromkeys((*of.options, ""))]
    single = CodeFragment(_TYPES[of.type])
    return [single] if of.type in _NEVER_NULL or of.default is not None else [single, CodeFragment("null")]
