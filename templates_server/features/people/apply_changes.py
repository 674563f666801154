"""What becomes of one user through all the changes of a call, one after the other. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from templates_server.errors import ErrorDetail
from templates_server.features.people.profile import (
    NOTHING_KNOWN,
    Columns,
    ProfileChange,
    apply_change,
    from_columns,
    to_columns,
)
from templates_server.features.people.profile_parser import find_profile_problems


class ChangeOutcome(enum.StrEnum):
    """What a change came to."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class UserChange:
    """A change to a user; `path` is where it stands in what was sent, for problems."""

    user_id: str
    change: ProfileChange
    path: str = ""


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """A user's columns in the end, what each change came to, and what is too much."""

    columns: Columns
    outcomes: Sequence[ChangeOutcome]
    problems: Sequence[ErrorDetail]


def apply_changes(stored: Columns | None, changes: Iterable[UserChange]) -> ChangeResult:
    """One change after the other, beginning with what is stored; None where nobody is."""
    profile = NOTHING_KNOWN if stored is None else from_columns(stored)
    columns = stored
    outcomes: list[ChangeOutcome] = []
    problems: list[ErrorDetail] = []
    for sent in changes:
        attributes, profile = profile.attributes, apply_change(profile, sent.change)
        before, columns = columns, to_columns(profile)  # columns tell true from 1, which profiles do not
        if before == columns:
            outcomes.append(ChangeOutcome.UNCHANGED)
        else:
            outcomes.append(ChangeOutcome.CREATED if before is None else ChangeOutcome.UPDATED)
            problems += find_profile_problems(profile, sent.path, before=attributes)
    return ChangeResult(columns or to_columns(profile), outcomes, problems)
