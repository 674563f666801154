"""Naming rules of Python, and reserved names."""

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
"""Keywords and soft keywords. A fixed list, as each version of Python has another."""

_USED = frozenset(
    {
        "bool", "cls", "dataclass", "datetime", "dict", "float", "int", "list", "object", "self", "staticmethod", "str",
        "tuple",
    }
)  # fmt: skip
"""The names that the bodies of generated classes use: a member with such a name would hide it."""

_TAKEN_FILES = frozenset(
    {"aux", "con", "conin", "conout", "nul", "prn"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}
)
"""Device names of Windows."""

_ENDINGS = (
    "Collection", "Entries", "Entry", "Experience", "Item", "Properties", "Section", "State", "Type", "Values",
)  # fmt: skip
"""The suffixes of types; none is the suffix of another with a name before it."""

_TAKEN_CLASSES = frozenset(
    {
        "Blueprint", "Client", "Collections", "Color", "Event", "Events", "Executor", "False", "Fields", "FileStorage",
        "GeneratedCode", "HttpRequest", "HttpResponse", "Listener", "Literal", "Logger", "Mapping", "None", "NoReturn",
        "Options", "Pair", "Rule", "Sequence", "Session", "SessionFailure", "SessionOf", "SessionStatus", "Snapshot",
        "Space", "SpaceOf", "States", "Stop", "Storage", "Transport", "True", "TypeAlias", "TypedDict", "Union",
    }
)  # fmt: skip
"""The names that the modules import, and the other exports of the package."""


def member(name: Name) -> Identifier:
    """Return an attribute, a function or a parameter."""
    return Identifier(f"{name.snake}_" if name.snake in _KEYWORDS | _USED else name.snake)


def file_stem(name: Name) -> Path:
    """Return a module's name."""
    return Path(f"{name.snake}_" if name.snake in _KEYWORDS | _TAKEN_FILES else name.snake)


def variable(name: Name, what: str) -> Identifier:
    """Return a variable such as `hero_experience`: never a keyword, because of its suffix."""
    return Identifier(f"{name.snake}_{what}")


def class_name(name: Name) -> Identifier:
    """Return the class of an experience in a list, such as `Hero`: never the name of another type."""
    is_taken = name.pascal in _TAKEN_CLASSES or name.pascal.endswith(_ENDINGS)
    return Identifier(f"{name.pascal}_" if is_taken else name.pascal)


def type_name(name: Name, what: str) -> Identifier:
    """Return a type name such as `HeroProperties`. Every kind of type has its own suffix, so they never collide."""
    return Identifier(name.pascal + what)


def identifier(scope: NameScope, name: Name) -> str:
    """Return the identifier an app uses: a member, a raw key, a function of `Events`, or a base name of types."""
    if scope is NameScope.EXPERIENCE:
        return class_name(name).text
    if scope is NameScope.SECTION:
        return name.pascal
    return name.key if scope is NameScope.FIELD else member(name).text
