"""The ids of people in apps, and the person ids derived from them."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from templates_server.primitives.ids import derive_id
from templates_server.primitives.integers import counted
from templates_server.primitives.shares import share_number
from templates_server.primitives.text_cache import memoize

MAX_LENGTH = 256
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
ID_OF_OURS = re.compile(r"[a-z]{3}_[0-9A-Za-z]{22}")
PATH_STEPS = frozenset({".", ".."})  # a user id stands in paths
REMEMBERED_BYTES = 8 * 1024 * 1024  # of each kind: who sends events now
BLANK_RANGES = (
    *((0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F)),
    *((0x205F, 0x205F), (0x3000, 0x3000)),  # white space (Unicode, White_Space) that is no control character
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180E, 0x180E)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0001, 0xE0001)),
    (0xE0020, 0xE007F),  # invisible: zero width, soft hyphens, direction marks, fillers, tags; no variation selectors
)
BLANKS = frozenset(chr(code) for first, last in BLANK_RANGES for code in range(first, last + 1))
"""Invisible characters at the edge of an id: white space and zero-width characters."""
MOST_NAMED = 3


class PersonKind(enum.StrEnum):
    """The kind of a person: known or anonymous."""

    USER = "user"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A user's id or a visitor's anonymous id; `person_id` is derived from it, the same in every environment."""

    kind: PersonKind
    called: str
    person_id: str


@dataclass(frozen=True, slots=True)
class ClaimedIdentity:
    """The identity stated by an app: a visitor, a user, or a visitor who is that user. At least one is given."""

    visitor: PersonRef | None
    user: PersonRef | None

    @property
    def person(self) -> PersonRef:
        """The person: the user if given."""
        person = self.user or self.visitor
        if person is None:
            raise ValueError("no user or visitor given")
        return person


def make_person_ref(kind: PersonKind, called: str) -> PersonRef:
    """Return the person with that id."""
    return PersonRef(kind, called, derive_id("per", kind, called))


def _stated_visitor(anonymous_id: str) -> ClaimedIdentity:
    return ClaimedIdentity(make_person_ref(PersonKind.VISITOR, anonymous_id), None)


def _stated_user(external_id: str) -> ClaimedIdentity:
    return ClaimedIdentity(None, make_person_ref(PersonKind.USER, external_id))


_visitor = memoize(_stated_visitor, max_bytes=REMEMBERED_BYTES)
_user = memoize(_stated_user, max_bytes=REMEMBERED_BYTES)


def person_of(anonymous_id: str | None, external_id: str | None) -> PersonRef | None:
    """Return the person with the given ids: the user if given; None when neither is given."""
    if external_id is not None:
        return _user(external_id).user
    return None if anonymous_id is None else _visitor(anonymous_id).visitor


def claim_identity(anonymous_id: str | None, external_id: str | None) -> ClaimedIdentity | None:
    """Return the identity stated by the given ids; None when neither is given."""
    if external_id is None:
        return None if anonymous_id is None else _visitor(anonymous_id)
    if anonymous_id is None:
        return _user(external_id)
    return ClaimedIdentity(_visitor(anonymous_id).visitor, _user(external_id).user)


def find_anonymous_id_problem(text: str) -> str | None:
    """Return the problem with a visitor id to be stored."""
    return _problem_of_text(text) or find_edge_problem(text)


def find_user_id_problem(text: str) -> str | None:
    """Return the problem with a user id to be stored."""
    return find_queried_user_id_problem(text) or find_edge_problem(text)


def find_queried_user_id_problem(text: str) -> str | None:
    """Return why no user has this id; unlike `find_user_id_problem` it allows the edge blanks of old ids."""
    if text in PATH_STEPS or ID_OF_OURS.fullmatch(text):
        return "is reserved: it has another meaning in paths"
    return _problem_of_text(text)


def _problem_of_text(text: str) -> str | None:
    if not 0 < len(text) <= MAX_LENGTH:
        return f"must have 1 to {MAX_LENGTH} characters"
    return "must not contain control characters" if CONTROL_CHARACTER.search(text) else None


def find_edge_problem(text: str) -> str | None:
    """Return the blank or invisible character at an edge of an id, which must not be empty."""
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


def have_edges(texts: Collection[str]) -> bool:
    """Return whether any of these ids begins or ends with a blank or invisible character."""
    return not (BLANKS.isdisjoint([text[:1] for text in texts]) and BLANKS.isdisjoint([text[-1:] for text in texts]))


def _names_of(text: str) -> Iterator[str]:
    found = list(dict.fromkeys(text))
    yield from map(_name_of, found[:MOST_NAMED])
    if len(found) > MOST_NAMED:
        yield counted(len(found) - MOST_NAMED, "other")


def _name_of(character: str) -> str:
    """Return the display name of an invisible character, such as `U+00A0 (no-break space)`."""
    name = unicodedata.name(character, "").lower()
    return f"U+{ord(character):04X}" + (f" ({name})" if name else "")


def share_number_of(stated: ClaimedIdentity) -> int:
    """Return the number of the stated person if created now: the visitor's if the two are one."""
    person = stated.visitor or stated.person
    return share_number(person.kind, person.called)
