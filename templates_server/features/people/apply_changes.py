"""Fold the changes to one person into what is stored of them, one after the other. Pure.

Calls that write users and parts of imports use it alike; they differ in what a refused change means to them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
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
    """The outcome of a change."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class UserChange:
    """A change to a user; `path` is its place in the request, for problems."""

    user_id: str
    change: ProfileChange
    path: str = ""


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """The columns of a person after all changes, the outcomes of those that were applied, in order, and all problems.

    `problems` are those of the changes that were refused, each by its place among all, from 0.
    """

    columns: Columns
    outcomes: Sequence[ChangeOutcome]
    problems: Mapping[int, Sequence[ErrorDetail]]


def apply_changes(stored: Columns | None, changes: Iterable[UserChange]) -> ChangeResult:
    """Apply one change after the other to what is stored, None for a person who does not exist yet.

    A change after which the profile would be too large is refused: the next one finds the profile without it.
    """
    profile = NOTHING_KNOWN if stored is None else from_columns(stored)
    columns = stored
    outcomes: list[ChangeOutcome] = []
    problems: dict[int, Sequence[ErrorDetail]] = {}
    for at, sent in enumerate(changes):
        changed = apply_change(profile, sent.change)
        new = to_columns(changed)  # columns tell true from 1, which profiles do not
        found = () if new == columns else find_profile_problems(changed, sent.path, before=profile.attributes)
        if found:
            problems[at] = found
            continue
        outcomes.append(_outcome(columns, new))
        profile, columns = changed, new
    return ChangeResult(columns or to_columns(profile), outcomes, problems)


def _outcome(before: Columns | None, after: Columns) -> ChangeOutcome:
    if before is None:
        return ChangeOutcome.CREATED
    return ChangeOutcome.UNCHANGED if before == after else ChangeOutcome.UPDATED
