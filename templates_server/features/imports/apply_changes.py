"""What becomes of the rows of one person, one after the other, when something of them is known already. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class PersonChanges:
    """The columns of one person after all their rows, and how many rows had which outcome; `refused` by line."""

    columns: Columns
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[tuple[int, Sequence[ErrorDetail]]] = field(default_factory=list)


def apply_to_person(stored: Columns | None, changes: Iterable[tuple[int, ProfileChange]]) -> PersonChanges:
    """The outcome for a person whose profile stands in these columns; None when nobody is there yet."""
    profile = NOTHING_KNOWN if stored is None else from_columns(stored)
    settled = PersonChanges(stored or to_columns(profile))
    exists = stored is not None
    for line, change in changes:
        new = apply_change(profile, change)
        problems = find_profile_problems(new, before=profile.attributes)
        if problems:
            settled.refused.append((line, problems))
            continue
        columns = to_columns(new)  # they tell true from 1, which the profiles do not
        if not exists:
            settled.created += 1
        elif columns == settled.columns:
            settled.unchanged += 1
        else:
            settled.updated += 1
        profile, exists, settled.columns = new, True, columns
    return settled
