"""All SQL about profiles and merges sent by apps. Moving data between people is in `merges`."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from templates_server.errors import ErrorDetail
from templates_server.features.people.apply_changes import UserChange, apply_changes
from templates_server.features.people.batch_queries import build_statements
from templates_server.features.people.identity import ClaimedIdentity, PersonRef
from templates_server.features.people.merge_store import VisitorMerge, find_merged
from templates_server.features.people.profile import COLUMNS, ProfileChange
from templates_server.features.people.sighting_store import Sighting, record_and_merge
from templates_server.storage.bulk import Update, write_all
from templates_server.storage.write_batcher import LATER, DeferredOutcome, Outcomes

PRESENT = (
    f"SELECT environment_id, person_id, {', '.join(COLUMNS)} "  # noqa: S608 - names of ours
    "FROM persons WHERE environment_id = ? AND person_id {}"
)
Row = tuple[object, ...]
NUMBERS = ("updated", "imported_by", "joined")
KEPT = {column: "bigint" if column in NUMBERS else "text" for column in ("updated", "imported_by", *COLUMNS)}
KEEP = Update("persons", KEPT, key={"environment_id": "text", "person_id": "text"})


@dataclass(frozen=True, slots=True)
class IdentifyCall:
    """Data about a person sent by an app of an environment at a time, in milliseconds."""

    environment_id: str
    stated: ClaimedIdentity
    change: ProfileChange
    at: int


def add_identified(connection: Connection, identified: Sequence[IdentifyCall]) -> Outcomes[Sequence[ErrorDetail]]:
    """Store people's data, creating and merging people as necessary; return the limit problem of each, if any.

    Of a call with a problem, only its person is stored. LATER: their merge has to wait.
    """
    presences = [Sighting(one.environment_id, one.stated, one.at) for one in identified]
    persons, profiles = record_and_merge(
        connection, presences, functools.partial(build_statements, connection, PRESENT)
    )
    keys = [
        None if person is None else (one.environment_id, person.person_id)
        for one, person in zip(identified, persons, strict=True)
    ]
    before = {(row[0], row[1]): tuple(row[2:]) for rows in profiles for row in rows}
    present, updated = dict(before), {}
    outcomes: list[Sequence[ErrorDetail] | Literal[DeferredOutcome.LATER]] = []
    for one, key in zip(identified, keys, strict=True):
        if key is None:
            outcomes.append(LATER)
            continue
        result = apply_changes(present[key], [UserChange("", one.change)])
        problems = result.problems.get(0, ())
        outcomes.append(problems)
        if not problems:
            present[key] = result.columns
            updated[key] = one.at
    rows = [(updated[key], None, *present[key], *key) for key in sorted(updated) if present[key] != before[key]]
    write_all(connection, KEEP, rows)
    return outcomes


def add_aliases(connection: Connection, wanted: Sequence[VisitorMerge]) -> Outcomes[Sequence[ErrorDetail]]:
    """Merge visitors into users, each once; return the problems of those merged into another user before.

    LATER: the merge has to wait.
    """
    first = {one.keys[0]: one for one in reversed(wanted)}
    merged = find_merged(connection, first)
    while fresh := [one for visitor, one in first.items() if visitor not in merged]:
        savepoint = connection.begin_nested()
        record_and_merge(connection, [_presence(one) for one in fresh])
        merged = find_merged(connection, first)
        if all(merged.get(one.keys[0], one.user) == one.user for one in fresh):
            savepoint.commit()
            break
        savepoint.rollback()  # another process was faster: of a user whose alias is refused nothing is created
    return [_outcome_of_alias(one, merged.get(one.keys[0])) for one in wanted]


def _presence(wanted: VisitorMerge) -> Sighting:
    return Sighting(wanted.environment_id, ClaimedIdentity(wanted.visitor, wanted.user), wanted.at)


def _outcome_of_alias(
    wanted: VisitorMerge, user: PersonRef | None
) -> Sequence[ErrorDetail] | Literal[DeferredOutcome.LATER]:
    if user is None:
        return LATER
    message = "This visitor was already merged into another user. An anonymous ID belongs to one user."
    return () if user == wanted.user else (ErrorDetail("anonymous_id", message),)
