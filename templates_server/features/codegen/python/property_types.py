"""The Python types of properties."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.features.codegen.python.layout import literal
from templates_server.features.codegen.safe_fragments import CodeFragment
from templates_server.features.spaces.model import Property, PropertyType

_TYPES = {
    PropertyType.TEXT: "str",
    PropertyType.IMAGE: "str",
    PropertyType.NUMBER: "float",
    PropertyType.TOGGLE: "bool",
    PropertyType.COLOR: "Color",
    PropertyType.DATE: "datetime",
    PropertyType.LIST: "tuple[str, ...]",
}
_WIRE_TYPES = {
    **_TYPES,
    PropertyType.COLOR: "ColorValue",
    PropertyType.DATE: "str",
    PropertyType.LIST: "Sequence[str]",
}
_NEVER_NONE = frozenset({PropertyType.COLOR, PropertyType.LIST})


def annotate(head: str, of: Property, *, indent: int) -> CodeFragment:
    """Return `head type`; a property with a default is never None."""
    if of.type is PropertyType.SELECT:
        return literal(head, (*of.options, ""), "", indent=indent)
    is_set = of.type in _NEVER_NONE or of.default is not None
    return CodeFragment(f"{head}{_TYPES[of.type]}{'' if is_set else ' | None'}")


def annotate_wire(head: str, of: Property, tail: str, *, indent: int) -> CodeFragment:
    """Return the type as the server sends the property: a date is text, unset is None."""
    if of.type is PropertyType.SELECT:
        return literal(head, (*of.options, ""), tail, indent=indent, is_optional=True)
    return CodeFragment(f"{head}{_WIRE_TYPES[of.type]} | None{tail}")


def has_type(of: Sequence[Property], kind: PropertyType) -> bool:
    """Return whether one of the properties has that type."""
    return any(each.type is kind for each in of)
