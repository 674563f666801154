"""The rule of user ids, as the server has it: a dry run says here what the server would say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from mtribes_cli.numbers import counted

MAX_LENGTH = 256
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
ID_OF_SERVER = re.compile(r"[a-z]{3}_[0-9A-Za-z]{22}")
PATH_STEPS = frozenset({".", ".."})
BLANK_RANGES = (
    *((0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F)),
    *((0x205F, 0x205F), (0x3000, 0x3000)),  # white space that is no control character
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180E, 0x180E)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0001, 0xE0001)),
    (0xE0020, 0xE007F),
)
BLANKS = frozenset(chr(code) for first, last in BLANK_RANGES for code in range(first, last + 1))
"""Characters that nobody sees at the edge of an id: the same as on the server, which a test compares."""
EDGES = "".join(BLANKS) + " \t\r\n\x0b\x0c\x85"
"""What is taken away at the edges of cells."""
MOST_NAMED = 3


def problem_of_user_id(text: str) -> str | None:
    """Return what is wrong with the id of a user that is to be written."""
    if text in PATH_STEPS or ID_OF_SERVER.fullmatch(text):
        return "is reserved: it has another meaning in paths"
    if not 0 < len(text) <= MAX_LENGTH:
        return f"must have 1 to {MAX_LENGTH} characters"
    return "must not contain control characters" if CONTROL_CHARACTER.search(text) else problem_of_edges(text)


def problem_of_edges(text: str) -> str | None:
    """Return which blank or invisible character an id begins or ends with; the id has a character at least."""
    begins, ends = text[0] in BLANKS, text[-1] in BLANKS
    if not begins and not ends:
        return None
    if BLANKS.issuperset(text):
        return f"is blank: it contains only {', '.join(_names_of(text))}"
    where = [
        *([f"begins with {_name_of(text[0])}"] if begins else []),
        *([f"ends with {_name_of(text[-1])}"] if ends else []),
    ]
    return f"{' and '.join(where)}: remove the invisible characters"


def _names_of(text: str) -> Iterator[str]:
    found = list(dict.fromkeys(text))
    yield from map(_name_of, found[:MOST_NAMED])
    if len(found) > MOST_NAMED:
        yield counted(len(found) - MOST_NAMED, "other")


def _name_of(character: str) -> str:
    """Return how a character that cannot be seen is shown, such as `U+00A0 (no-break space)`."""
    name = unicodedata.name(character, "").lower()
    return f"U+{ord(character):04X}" + (f" ({name})" if name else "")
