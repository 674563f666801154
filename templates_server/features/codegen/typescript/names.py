"""Naming rules of TypeScript and JavaScript, and reserved members."""

from __future__ import annotations

from templates_server.features.codegen.naming import Name, NameScope
from templates_server.features.codegen.safe_fragments import Identifier, Path

_TAKEN_MEMBERS = frozenset(
    {
        "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "prototype", "then", "toJSON",
        "toLocaleString", "toString", "valueOf",
    }
)  # fmt: skip
"""The members that JavaScript itself reads from objects. Keywords are valid members."""

_TAKEN_FILES = frozenset(
    {"aux", "con", "conin", "conout", "index", "nul", "prn"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}
)
"""Device names of Windows, and the files that bundlers load for a folder."""


def member(name: Name) -> Identifier:
    """Return a member of a generated object."""
    return Identifier(f"{name.camel}_" if name.camel in _TAKEN_MEMBERS else name.camel)


def file_stem(name: Name) -> Path:
    """Return a file's name without its extension."""
    return Path(f"{name.camel}_" if name.camel.lower() in _TAKEN_FILES else name.camel)


def variable(name: Name, what: str) -> Identifier:
    """Return a variable such as `heroExperience`: never a keyword, because of its suffix."""
    return Identifier(name.camel + what)


def type_name(name: Name, what: str) -> Identifier:
    """Return a type name such as `HeroProperties`. Every kind of type has its own suffix, so they never collide."""
    return Identifier(name.pascal + what)


def identifier(scope: NameScope, name: Name) -> str:
    """Return the identifier an app uses: a member, a raw key, or a base name of types and file."""
    if scope in {NameScope.PROPERTY, NameScope.CHILD, NameScope.COLLECTION}:
        return member(name).text
    return name.key if scope in {NameScope.METADATA, NameScope.FIELD} else name.camel
