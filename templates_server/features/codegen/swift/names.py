"""Naming rules of Swift, and reserved names."""

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
"""Keywords that need backticks in declarations; after a dot they need none."""

_TAKEN_MEMBERS = frozenset({"description", "hash", "hashValue", "init", "self"})
"""The members of every value in Swift, and names that backticks do not make valid."""

_TAKEN_CASES = _TAKEN_MEMBERS | {"allCases", "id", "none", "rawValue", "some", "unset"}
"""The reserved cases of an enumeration; `none` and `some` would be confused with those of an optional."""

_TAKEN_TYPES = frozenset({"Any", "CaseIterable", "Mtribes", "Protocol", "Self", "Sendable", "String", "Swift", "Type"})
"""The names that an enumeration within a type uses, or cannot have."""

_TAKEN_ARGUMENTS = frozenset({"init", "self"})


def member(name: Name) -> Identifier:
    """Return a member of a generated type, as an app uses it."""
    return _apart(name.camel, _TAKEN_MEMBERS)


def case(name: Name) -> Identifier:
    """Return a case of a generated enumeration, as an app uses it."""
    return _apart(name.camel, _TAKEN_CASES)


def argument(name: Name) -> Identifier:
    """Return the label of an argument, and the parameter."""
    return _apart(name.camel, _TAKEN_ARGUMENTS)


def declare(name: Identifier) -> SafeFragment:
    """Return the name for a declaration, or for a use without a dot before it."""
    return CodeFragment(f"`{name.text}`") if name.text in _RESERVED else name


def type_name(name: Name, what: str) -> Identifier:
    """Return a type name such as `HeroProperties`. Every kind of type has its own suffix, so they never collide."""
    return Identifier(name.pascal + what)


def nested_type(name: Name) -> Identifier:
    """Return the name of an enumeration within a type, such as `Genre`."""
    return _apart(name.pascal, _TAKEN_TYPES)


def file_path(folder: str, name: Name, what: str) -> Path:
    """Return a template's file: no two files of a module may have the same name, in any folder."""
    return Path(f"{folder}/{name.pascal}{what}.swift")


def _apart(text: str, taken: frozenset[str]) -> Identifier:
    return Identifier(f"{text}_" if text in taken else text)


def identifier(scope: NameScope, name: Name) -> str:
    """Return the identifier an app uses: a member, an argument label, or a template's base name of types and file."""
    match scope:
        case NameScope.PROPERTY | NameScope.CHILD | NameScope.COLLECTION | NameScope.EVENT:
            return member(name).text
        case NameScope.METADATA | NameScope.FIELD:
            return argument(name).text
    return name.camel
