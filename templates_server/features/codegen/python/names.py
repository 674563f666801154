"""How names are written in Python, and which are taken."""

from __future__ import annotations

from templates_server.features.codegen.naming import Name, NameScope
from templates_server.features.codegen.safe_fragments import Identifier, Path

_KEYWORDS = frozenset(
    {
        "and", "as", "assert", "async", "await", "break", "case", "class", "continue", "def", "del", "elif", "else",
        "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "match", "nonlocal", "not",
        "or", "pass", "raise", "return", "try", "type", "while", "with", "yield",
    }
)  # fmt: skip
"""Reserved words, and words that are reserved in places. A list of our own: each Python has another."""

_USED = frozenset(
    {
        "bool", "cls", "dataclass", "datetime", "dict", "float", "int", "list", "object", "self", "staticmethod", "str",
        "tuple",
    }
)  # fmt: skip
"""What generated classes say in their bodies: a member of that name would hide it."""

_TAKEN_FILES = frozenset(
    {"aux", "con", "conin", "conout", "nul", "prn"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}
)
"""Devices of Windows."""

_ENDINGS = (
    "Collection", "Entries", "Entry", "Experience", "Item", "Properties", "Section", "State", "Type", "Values",
)  # fmt: skip
"""Those of types; none is the end of another with a name before it."""

_TAKEN_CLASSES = frozenset(
    {
        "Blueprint", "Client", "Collections", "Color", "Event", "Events", "Executor", "False", "Fields", "FileStorage",
        "GeneratedCode", "HttpRequest", "HttpResponse", "Listener", "Literal", "Logger", "Mapping", "None", "NoReturn",
        "Options", "Pair", "Rule", "Sequence", "Session", "SessionFailure", "SessionOf", "SessionStatus", "Snapshot",
        "Space", "SpaceOf", "States", "Stop", "Storage", "Transport", "True", "TypeAlias", "TypedDict", "Union",
    }
)  # fmt: skip
"""What the modules import, and what the package exports besides."""


def member(name: Name) -> Identifier:
    """An attribute, a function or a parameter."""
    return Identifier(f"{name.snake}_" if name.snake in _KEYWORDS | _USED else name.snake)


def file_stem(name: Name) -> Path:
    """A module's name."""
    return Path(f"{name.snake}_" if name.snake in _KEYWORDS | _TAKEN_FILES else name.snake)


def variable(name: Name, what: str) -> Identifier:
    """Such as `hero_experience`: never a reserved word, because of the ending."""
    return Identifier(f"{name.snake}_{what}")


def class_name(name: Name) -> Identifier:
    """That of an experience in a list, such as `Hero`: never one that another type may have."""
    is_taken = name.pascal in _TAKEN_CLASSES or name.pascal.endswith(_ENDINGS)
    return Identifier(f"{name.pascal}_" if is_taken else name.pascal)


def type_name(name: Name, what: str) -> Identifier:
    """Such as `HeroProperties`. Every kind of type has an ending of its own, so that no two meet."""
    return Identifier(name.pascal + what)


def identifier(scope: NameScope, name: Name) -> str:
    """What an app writes: a member, a raw key, a function of `Events`, or what types of a template are called after."""
    if scope is NameScope.EXPERIENCE:
        return class_name(name).text
    if scope is NameScope.SECTION:
        return name.pascal
    return name.key if scope is NameScope.FIELD else member(name).text
