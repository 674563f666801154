"""What people are called by apps, and the ids that this gives them."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from templates_server.identifiers import derived_id
from templates_server.remembering import remembered

MAX_LENGTH = 256
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
ID_OF_OURS = re.compile(r"[a-z]{3}_[0-9A-Za-z]{22}")
PATH_STEPS = frozenset({".", ".."})  # a user id stands in paths
REMEMBERED_BYTES = 8 * 1024 * 1024  # of each kind: who sends events now


class PersonKind(enum.StrEnum):
    """A known person or an anonymous one."""

    USER = "user"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class PersonName:
    """A user's id, or the anonymous id of a visitor; `person_id` is derived from it, the same in every environment."""

    kind: PersonKind
    called: str
    person_id: str


@dataclass(frozen=True, slots=True)
class Stated:
    """Who an app says is there: a visitor, a user, or a visitor who is that user. One of them at least is given."""

    visitor: PersonName | None
    user: PersonName | None

    @property
    def person(self) -> PersonName:
        """Who is meant: the user where there is one."""
        person = self.user or self.visitor
        if person is None:
            raise ValueError("nobody is stated")
        return person


def named(kind: PersonKind, called: str) -> PersonName:
    """The person who is called that."""
    return PersonName(kind, called, derived_id("per", kind, called))


def _stated_visitor(anonymous_id: str) -> Stated:
    return Stated(named(PersonKind.VISITOR, anonymous_id), None)


def _stated_user(external_id: str) -> Stated:
    return Stated(None, named(PersonKind.USER, external_id))


_visitor = remembered(_stated_visitor, max_bytes=REMEMBERED_BYTES)
_user = remembered(_stated_user, max_bytes=REMEMBERED_BYTES)


def person_of(anonymous_id: str | None, external_id: str | None) -> PersonName | None:
    """Who is meant by the ids that were given: the user where there is one; None when neither is there."""
    if external_id is not None:
        return _user(external_id).user
    return None if anonymous_id is None else _visitor(anonymous_id).visitor


def stated(anonymous_id: str | None, external_id: str | None) -> Stated | None:
    """Who is stated by the ids that were given; None when neither is there."""
    if external_id is None:
        return None if anonymous_id is None else _visitor(anonymous_id)
    if anonymous_id is None:
        return _user(external_id)
    return Stated(_visitor(anonymous_id).visitor, _user(external_id).user)


def problem_of_anonymous_id(text: str) -> str | None:
    """What is wrong with the id of a visitor."""
    if not 0 < len(text) <= MAX_LENGTH:
        return f"must have 1 to {MAX_LENGTH} characters"
    return "must not hold control characters" if CONTROL_CHARACTER.search(text) else None


def problem_of_user_id(text: str) -> str | None:
    """What is wrong with the id of a user."""
    if text in PATH_STEPS or ID_OF_OURS.fullmatch(text):
        return "is reserved: it has another meaning in paths"
    return problem_of_anonymous_id(text)
