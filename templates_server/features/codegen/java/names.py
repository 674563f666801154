"""Naming rules of Java, and reserved names."""

from __future__ import annotations

from collections.abc import Iterable

from templates_server.features.codegen.naming import Name, NameScope
from templates_server.features.codegen.safe_fragments import Identifier

DEFAULT_PACKAGE = "mtspace"

_RESERVED = frozenset(
    {
        "abstract", "assert", "boolean", "break", "byte", "case", "catch", "char", "class", "const", "continue",
        "default", "do", "double", "else", "enum", "extends", "false", "final", "finally", "float", "for", "goto", "if",
        "implements", "import", "instanceof", "int", "interface", "long", "native", "new", "null", "package", "private",
        "protected", "public", "return", "short", "static", "strictfp", "super", "switch", "synchronized", "this",
        "throw", "throws", "transient", "true", "try", "void", "volatile", "while",
        # Those of later versions that stand where a name may.
        "permits", "record", "sealed", "var", "when", "yield",
    }
)  # fmt: skip

_TAKEN_METHODS = frozenset(
    {
        "clone", "equals", "finalize", "getClass", "hashCode", "notify", "notifyAll", "toString", "wait",
        "asMap", "build", "dateAt", "valueAt",
    }
)  # fmt: skip
"""The members of every object, and of the runtime's base classes and builders."""

TAKEN_TYPES = frozenset(
    {
        # Of java.lang and java.util.
        "Arrays", "Boolean", "Class", "Collection", "Collections", "Comparable", "Date", "Deprecated", "Double", "Enum",
        "Error", "Exception", "FunctionalInterface", "Integer", "Iterable", "Iterator", "LinkedHashMap", "List", "Long",
        "Map", "Math", "Number", "Object", "Override", "Runnable", "RuntimeException", "SafeVarargs", "Set", "String",
        "SuppressWarnings", "System", "Throwable", "Void",
        # Of the runtime.
        "Blueprint", "Client", "Color", "EntityCore", "Event", "Experience", "ExperienceItem", "ExperienceProperties",
        "ExperienceState", "ExperienceType", "FileStorage", "ItemCore", "ItemMaker", "Logger", "Option", "Pair",
        "PropertyRule", "PropertyValues", "Section", "SectionItem", "SectionState", "Session", "SessionFailure",
        "SessionState", "SessionStatus", "SpaceEngine", "SpaceOptions", "StartCallback", "StartOptions", "Storage",
        "Subscription",
        # Of generated code.
        "Builder", "Events", "Fallbacks", "Fields", "Item", "Kind", "Mtribes", "Properties", "Space",
        "SpaceCollections", "Visitor",
        # Devices of Windows, for classes have files.
        "Aux", "Con", "Conin", "Conout", "Nul", "Prn",
    }
    | {f"{device}{number}" for device in ("Com", "Lpt") for number in range(10)}
)  # fmt: skip
_TYPE_ENDINGS = ("Section", "Collection")
_TYPE_BEGINNING = "Needs"


def method(name: Name) -> Identifier:
    """Return a method of a generated class."""
    taken = name.camel in _RESERVED or name.camel in _TAKEN_METHODS
    return Identifier(f"{name.camel}_" if taken else name.camel)


def type_name(name: Name, enclosing: Iterable[str] = ()) -> Identifier:
    """Return the class of an experience or an event, or a type nested in these `enclosing` types."""
    pascal = name.pascal
    taken = (
        pascal in TAKEN_TYPES
        or pascal in enclosing
        or pascal.endswith(_TYPE_ENDINGS)
        or pascal.startswith(_TYPE_BEGINNING)
    )
    return Identifier(f"{pascal}_" if taken else pascal)


def section_class(name: Name) -> Identifier:
    """Return a class name such as `HomepageBodySection`."""
    return Identifier(f"{name.pascal}Section")


def collection_class(name: Name) -> Identifier:
    """Return a class name such as `HomepageCollection`."""
    return Identifier(f"{name.pascal}Collection")


def constant(name: Name, *, taken: str = "") -> Identifier:
    """Return a constant of an enum, such as `FULL_WIDTH`."""
    upper = name.snake.upper()
    return Identifier(f"{upper}_" if upper == taken else upper)


def package(words: Iterable[str]) -> str:
    """Return the default package of a Space, used unless the target's options name one."""
    segment = "_".join(words)
    return f"{DEFAULT_PACKAGE}.{segment}_" if segment in _RESERVED else f"{DEFAULT_PACKAGE}.{segment}"


def identifier(scope: NameScope, name: Name) -> str:
    """Return the identifier an app uses: a method, or the class of a template."""
    if scope is NameScope.EXPERIENCE:
        return type_name(name).text
    if scope is NameScope.SECTION:
        return section_class(name).text
    return method(name).text
