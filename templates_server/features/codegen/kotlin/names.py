"""Naming rules of Kotlin, and reserved names."""

from __future__ import annotations

from templates_server.features.codegen.naming import Name, NameScope
from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, Path

KEYWORDS = frozenset(
    {
        "as", "break", "class", "continue", "do", "else", "false", "for", "fun", "if", "in", "interface", "is", "null",
        "object", "package", "return", "super", "this", "throw", "true", "try", "typealias", "typeof", "val", "var",
        "when", "while",
    }
)  # fmt: skip
"""The keywords that need backticks in declarations."""

_TAKEN_MEMBERS = frozenset({"class"})
"""The names that already have a getter on the JVM."""

_TAKEN_FUNCTIONS = frozenset({"getClass", "hashCode", "notifyAll", "toString"})
"""The members of every object; an event's name has at least two words."""

RUNTIME_TYPES = (
    "AnyItem", "Client", "Color", "Event", "Experience", "ExperienceState", "ExperienceTestState", "FileStorage",
    "Item", "ItemTestState", "Logger", "Option", "PropertySet", "PropertyValues", "Section", "SectionState",
    "SectionTestState", "Session", "SessionFailure", "SessionState", "SessionStatus", "Snapshot",
    "SpaceStorage", "StartOptions",
)  # fmt: skip
"""The types of the runtime that apps use."""

INTERNAL_TYPES = (
    "Assembly", "Blueprint", "EntitySource", "EntityTestState", "ExperienceType", "GeneratedCode", "ItemSource",
    "ItemValues", "Json", "Program", "PropertyReader",
)  # fmt: skip
"""The other types of the runtime that generated code uses."""

_OWN_TYPES = (
    "Aliases", "Collections", "Companion", "Entry", "Events", "Fallbacks", "Fields", "Mtribes", "Properties", "Space",
    "TestEntry", "TestItem", "TestState", "TestStates", "Values",
)  # fmt: skip
_STANDARD_TYPES = (
    "Annotation", "Any", "Array", "ArrayList", "AutoCloseable", "Boolean", "BooleanArray", "Byte", "ByteArray", "Char",
    "CharArray", "CharSequence", "Class", "Cloneable", "Collection", "Comparable", "Comparator", "Date", "Deprecated",
    "Double", "DoubleArray", "Enum", "Error", "Exception", "Executor", "Float", "FloatArray", "Function", "Function0",
    "Function1", "HashMap", "HashSet", "Int", "IntArray", "Integer", "Iterable", "Iterator", "Lazy", "LinkedHashMap",
    "LinkedHashSet", "List", "Long", "LongArray", "Map", "Math", "MutableCollection", "MutableIterable", "MutableList",
    "MutableMap", "MutableSet", "Nothing", "Number", "Object", "Override", "Package", "Pair", "Process", "Record",
    "Regex", "ReplaceWith", "Result", "Runnable", "Runtime", "RuntimeException", "Sequence", "Set", "Short",
    "ShortArray", "String", "StringBuilder", "Suppress", "Synchronized", "System", "Thread", "ThreadLocal", "Throwable",
    "Throws", "Triple", "UByte", "UInt", "ULong", "UShort", "Unit", "Void", "Volatile",
)  # fmt: skip
_TAKEN_TYPES = frozenset(name.lower() for name in (*RUNTIME_TYPES, *INTERNAL_TYPES, *_OWN_TYPES, *_STANDARD_TYPES))
_ENDINGS = ("section", "collection")
"""The suffixes of sections and collections: no experience ends with one, so that types never collide."""

_DEVICES = frozenset(
    {"aux", "con", "conin", "conout", "nul", "prn"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}
)


def member(name: Name) -> CodeFragment:
    """Return a property of a generated class."""
    return _quote(f"{name.camel}_" if name.camel in _TAKEN_MEMBERS else name.camel)


def parameter(name: Name) -> CodeFragment:
    """Return a parameter of a function."""
    return _quote(name.camel)


def function(name: Name) -> CodeFragment:
    """Return a function that creates an event."""
    return _quote(f"{name.camel}_" if name.camel in _TAKEN_FUNCTIONS else name.camel)


def _quote(text: str) -> CodeFragment:
    identifier = Identifier(text)
    return CodeFragment(f"`{text}`" if text in KEYWORDS else identifier.text)


def class_name(name: Name) -> Identifier:
    """Return the class of an experience type, such as `Hero`."""
    taken = name.pascal.lower() in _TAKEN_TYPES or name.pascal.lower().endswith(_ENDINGS)
    return Identifier(f"{name.pascal}_" if taken or name.pascal.lower() in _DEVICES else name.pascal)


def nested_name(name: Name) -> Identifier:
    """Return the name of a nested class."""
    return Identifier(f"{name.pascal}_" if name.pascal.lower() in _TAKEN_TYPES else name.pascal)


def type_name(name: Name, what: str) -> Identifier:
    """Return a type name such as `HomepageBodySection`."""
    return Identifier(name.pascal + what)


def entry_name(name: Name) -> Identifier:
    """Return an entry of an enum, such as `FULL_WIDTH`."""
    text = name.snake.upper()
    return Identifier(f"{text}_" if text == UNSET else text)


UNSET = "UNSET"
"""The entry for a select without a value."""


def file_path(stem: str, *, folder: str = "") -> Path:
    """Return the file of a class; all share one package in any folder, as sealed types require one package."""
    return Path(f"{folder}/{stem}.kt" if folder else f"{stem}.kt")


def package_segment(name: Name) -> Identifier:
    """Return the last part of a package."""
    text = "".join(name.words) + (f"_{name.suffix}" if name.suffix else "")
    return Identifier(f"{text}_" if text in _RESERVED_SEGMENTS else text)


_RESERVED_SEGMENTS = KEYWORDS | frozenset(
    {
        "abstract", "assert", "boolean", "byte", "case", "catch", "char", "const", "default", "double", "enum",
        "extends", "final", "finally", "float", "goto", "implements", "import", "instanceof", "int", "long", "native",
        "new", "private", "protected", "public", "short", "static", "strictfp", "switch", "synchronized", "throws",
        "transient", "void", "volatile",
    }
)  # fmt: skip
"""The keywords, including Java's, as Java code may call this code."""


def identifier(scope: NameScope, name: Name) -> str:
    """Return the identifier an app uses: a class, a property, a function or a parameter."""
    match scope:
        case NameScope.EXPERIENCE:
            return class_name(name).text
        case NameScope.SECTION:
            return type_name(name, "Section").text
        case NameScope.PROPERTY | NameScope.CHILD | NameScope.COLLECTION:
            return member(name).text
        case NameScope.EVENT:
            return function(name).text
    return parameter(name).text
