"""How names are written in TypeScript and JavaScript, and which members are taken."""

from __future__ import annotations

from templates_server.features.codegen.naming import Name, NameScope
from templates_server.features.codegen.safe_fragments import Identifier, Path

_TAKEN_MEMBERS = frozenset(
    {
        "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "prototype", "then", "toJSON",
        "toLocaleString", "toString", "valueOf",
    }
)  # fmt: skip
"""What JavaScript itself asks objects for. Reserved words may be members."""

_TAKEN_FILES = frozenset(
    {"aux", "con", "conin", "conout", "index", "nul", "prn"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}
)
"""Devices of Windows, and what bundlers open for a folder."""


def member(name: Name) -> Identifier:
    """A member of a generated object."""
    return Identifier(f"{name.camel}_" if name.camel in _TAKEN_MEMBERS else name.camel)


def file_stem(name: Name) -> Path:
    """A file's name without its extension."""
    return Path(f"{name.camel}_" if name.camel.lower() in _TAKEN_FILES else name.camel)


def variable(name: Name, what: str) -> Identifier:
    """Such as `heroExperience`: never a reserved word, because of the ending."""
    return Identifier(name.camel + what)


def type_name(name: Name, what: str) -> Identifier:
    """Such as `HeroProperties`. Every kind of type has an ending of its own, so that no two meet."""
    return Identifier(name.pascal + what)


def identifier(scope: NameScope, name: Name) -> str:
    """What an app writes: a member, a raw key, or what types and file of a template or event are called after."""
    if scope in {NameScope.PROPERTY, NameScope.CHILD, NameScope.COLLECTION}:
        return member(name).text
    return name.key if scope in {NameScope.METADATA, NameScope.FIELD} else name.camel
