"""The one place for colors. A role says what a piece of text is; its word carries the meaning where there is no color.

Only the 8 basic colors are used: terminals map them to shades that are legible on their background, light or dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto


class Role(Enum):
    """What a piece of text is."""

    ERROR = auto()
    WARNING = auto()
    HINT = auto()
    SUCCESS = auto()
    HEADING = auto()
    MUTED = auto()
    ADDED = auto()
    REMOVED = auto()
    CHANGED = auto()
    PLACE = auto()
    CHOSEN = auto()
    BUSY = auto()


_STYLES: Mapping[Role, str] = {
    Role.ERROR: "red",
    Role.WARNING: "yellow",
    Role.HINT: "bold",
    Role.SUCCESS: "green",
    Role.HEADING: "bold",
    Role.MUTED: "dim",
    Role.ADDED: "green",
    Role.REMOVED: "red",
    Role.CHANGED: "yellow",
    Role.PLACE: "cyan",
    Role.CHOSEN: "bold cyan",
    Role.BUSY: "cyan",
}
"""A style by Rich's name."""
Segment = tuple[str, Role | None]
Line = Sequence[Segment]
"""A line of text in pieces, already sanitized."""

_WORDS: Mapping[str, Role] = {
    "ok": Role.SUCCESS,
    "yes": Role.SUCCESS,
    "chosen": Role.CHOSEN,
    "as modelled": Role.SUCCESS,
    "warning": Role.WARNING,
    "?": Role.WARNING,
    "invited": Role.WARNING,
    "not modelled": Role.WARNING,
    "bad": Role.ERROR,
    "no": Role.MUTED,
    "added": Role.ADDED,
    "published": Role.ADDED,
    "restored": Role.ADDED,
    "removed": Role.REMOVED,
    "unpublished": Role.REMOVED,
    "orphaned": Role.REMOVED,
    "missing": Role.REMOVED,
    "changed": Role.CHANGED,
    "edited": Role.CHANGED,
    "overwritten": Role.CHANGED,
    "moved": Role.CHANGED,
    "renamed": Role.CHANGED,
    "retyped": Role.CHANGED,
}


def role_of_word(word: str) -> Role | None:
    """Return the role of a state or kind of change, such as `added`; None for a word without one."""
    return _WORDS.get(word.strip())


def style_of(role: Role | None) -> str:
    """Return Rich's name of the style of a role."""
    return _STYLES[role] if role else ""


def painted(text: str, role: Role | None) -> str:
    """Return `text`, which is already sanitized, with the escapes of its color."""
    if role is None or not text:
        return text
    from rich.color import ColorSystem  # noqa: PLC0415 - only for a terminal with colors
    from rich.style import Style  # noqa: PLC0415 - as above

    return Style.parse(style_of(role)).render(text, color_system=ColorSystem.STANDARD)


def rendered(line: Iterable[Segment], *, has_color: bool) -> str:
    """Return a line with or without colors; no blanks at its end."""
    pieces = list(line)
    while pieces and not pieces[-1][0].rstrip():
        pieces.pop()
    if pieces:
        text, role = pieces[-1]
        pieces[-1] = (text.rstrip(), role)
    return "".join(painted(text, role if has_color else None) for text, role in pieces)
