"""How names are written in Swift, and which are taken."""

from __future__ import annotations

from templates_server.features.codegen.naming import Name, NameScope
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, Path, SafeFragment

_RESERVED = frozenset(
    {
        "associatedtype", "as", "await", "break", "case", "catch", "class", "continue", "default", "defer", "deinit",
        "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if",
        "import", "in", "inout", "internal", "is", "let", "nil", "open", "operator", "precedencegroup", "private",
        "protocol", "public", "repeat", "rethrows", "return", "static", "struct", "subscript", "super", "switch",
        "throw", "throws", "true", "try", "typealias", "var", "where", "while",
    }
)  # fmt: skip
"""Words that stand in backticks where they are declared; after a point they need none."""

_TAKEN_MEMBERS = frozenset({"description", "hash", "hashValue", "init", "self"})
"""What Swift itself has of every value, and what no backticks make a name."""

_TAKEN_CASES = _TAKEN_MEMBERS | {"allCases", "id", "none", "rawValue", "some", "unset"}
"""Enumerations have more; `none` and `some` would be taken for those of an optional."""

_TAKEN_TYPES = frozenset({"Any", "CaseIterable", "Mtribes", "Protocol", "Self", "Sendable", "String", "Swift", "Type"})
"""What an enumeration within a type is made of, or cannot be called."""

_TAKEN_ARGUMENTS = frozenset({"init", "self"})


def member(name: Name) -> Identifier:
    """A member of a generated type, as an app writes it."""
    return _apart(name.camel, _TAKEN_MEMBERS)


def case(name: Name) -> Identifier:
    """A case of a generated enumeration, as an app writes it."""
    return _apart(name.camel, _TAKEN_CASES)


def argument(name: Name) -> Identifier:
    """The label of an argument, and the parameter."""
    return _apart(name.camel, _TAKEN_ARGUMENTS)


def declare(name: Identifier) -> SafeFragment:
    """The name where it is declared, or used without a point before it."""
    return CodeFragment(f"`{name.text}`") if name.text in _RESERVED else name


def type_name(name: Name, what: str) -> Identifier:
    """Such as `HeroProperties`. Every kind of type has an ending of its own, so that no two meet."""
    return Identifier(name.pascal + what)


def nested_type(name: Name) -> Identifier:
    """The name of an enumeration within a type, such as `Genre`."""
    return _apart(name.pascal, _TAKEN_TYPES)


def file_path(folder: str, name: Name, what: str) -> Path:
    """A template's file: no two of a module may have the same name, in whatever folders they are."""
    return Path(f"{folder}/{name.pascal}{what}.swift")


def _apart(text: str, taken: frozenset[str]) -> Identifier:
    return Identifier(f"{text}_" if text in taken else text)


def identifier(scope: NameScope, name: Name) -> str:
    """What an app writes: a member, a label of an argument, or what types and file of a template are called after."""
    match scope:
        case NameScope.PROPERTY | NameScope.CHILD | NameScope.COLLECTION | NameScope.EVENT:
            return member(name).text
        case NameScope.METADATA | NameScope.FIELD:
            return argument(name).text
    return name.camel
