"""The Kotlin types of properties, how they are read, and how a state writes their values."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.features.codegen.kotlin.layout import define, enclose, enclose_on_lines, fits
from templates_server.features.codegen.kotlin.literals import boolean, number, string
from templates_server.features.codegen.kotlin.names import UNSET, entry_name, nested_name
from templates_server.features.codegen.naming import Name, name_scope
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment
from templates_server.features.spaces.model import Color, FieldDefinition, MetadataKey, Property, PropertyType, Value

_TYPES = {
    PropertyType.TEXT: "String",
    PropertyType.IMAGE: "String",
    PropertyType.NUMBER: "Double",
    PropertyType.TOGGLE: "Boolean",
    PropertyType.COLOR: "Color",
    PropertyType.DATE: "Date",
    PropertyType.LIST: "List<String>",
}
_READERS = {
    PropertyType.TEXT: "text",
    PropertyType.IMAGE: "text",
    PropertyType.NUMBER: "number",
    PropertyType.TOGGLE: "toggle",
    PropertyType.COLOR: "color",
    PropertyType.DATE: "date",
    PropertyType.LIST: "list",
}
_NEVER_NULL = frozenset({PropertyType.COLOR, PropertyType.LIST, PropertyType.SELECT})


def type_of(of: Property, name: Name) -> str:
    """Return the type of the property; one with a default is never null."""
    single = nested_name(name).text if of.type is PropertyType.SELECT else _TYPES[of.type]
    return single if of.type in _NEVER_NULL or of.default is not None else f"{single}?"


def given_type(of: Property | MetadataKey | FieldDefinition, name: Name, *, within: str) -> str:
    """Return the type of a value that an app passes: any number is accepted; `within` is the class of the enum."""
    if of.type is PropertyType.SELECT:
        return f"{within}.{nested_name(name).text}"
    return "Number" if of.type is PropertyType.NUMBER else _TYPES[of.type]


def reader_call(of: Property, name: Name, *, head: str, indent: int) -> CodeFragment:
    """Return `head = reader.text("key", "default")`."""
    key = string(of.key)
    if of.type is PropertyType.SELECT:
        kind = nested_name(name).text
        default = UNSET if not of.initial else _entries(of.options)[str(of.initial)]
        arguments: list[SafeFragment] = [key, CodeFragment(f"{kind}.{default}"), CodeFragment(f"{kind}.entries")]
        return _read(head, "select", arguments, indent=indent)
    defaults = [] if of.default is None else _arguments(of.default)
    return _read(head, _READERS[of.type], [key, *defaults], indent=indent)


def _read(head: str, reader: str, arguments: Sequence[SafeFragment], *, indent: int) -> CodeFragment:
    flat = f"{head} = reader.{reader}({', '.join(argument.text for argument in arguments)})"
    if fits(flat, indent=indent):
        return CodeFragment(flat)
    return define(head, enclose(f"reader.{reader}(", arguments, ")", indent=indent + 4), indent=indent)


def _arguments(value: Value) -> Sequence[SafeFragment]:
    return [string(item) for item in value] if isinstance(value, tuple) else [scalar(value, color="Color")]


def scalar(value: Value, *, color: str) -> SafeFragment:
    """Return a value that is not a list; `color` is the function that creates a color."""
    match value:
        case bool():
            return boolean(value)
        case int() | float():
            return number(value)
        case str():
            return string(value)
        case Color():
            unset = "null" if value.value is None else string(value.value).text
            return CodeFragment(f"{color}({unset}, {number(value.opacity).text})")
    raise TypeError(f"not a scalar: {value!r}")


def _entries(options: Sequence[str]) -> dict[str, str]:
    return {option: entry_name(name).text for option, name in name_scope(dict.fromkeys(options)).items()}


def options_enum(name: Name, options: Sequence[str], *, indent: int, has_unset: bool = False) -> CodeFragment:
    """Return the enum of a select's options."""
    margin = " " * indent
    entries = [CodeFragment(f"{entry}({string(option).text})") for option, entry in _entries(options).items() if option]
    if has_unset:
        entries.append(CodeFragment(f'{UNSET}("")'))
    head = f"public enum class {nested_name(name).text}("
    inner = f"{margin}    "
    body = enclose_on_lines(" : Option {", entries, "}", indent=indent).text
    return CodeFragment(f"{head}\n{inner}override val value: String,\n{margin}){body}")
