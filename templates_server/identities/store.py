"""All SQL about what apps say of people: their profiles, and that two are one. Moving what is theirs is in `merges`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.database import among, as_text, listed
from templates_server.errors import Problem, ValidationFailed
from templates_server.merges.store import Merge, find_merged
from templates_server.persons.names import Stated
from templates_server.persons.profiles import COLUMNS, Change, from_columns, merged, to_columns
from templates_server.persons.reading import problems_of_profile
from templates_server.persons.store import PersonKey, Presence, arrive
from templates_server.rows import update_all

PRESENT = f"SELECT person_id, {', '.join(COLUMNS)} FROM persons WHERE environment_id = ? AND person_id "  # noqa: S608 - names of ours
Row = tuple[object, ...]
NUMBERS = ("updated", "imported_by", "joined")
KEPT = {column: "bigint" if column in NUMBERS else "text" for column in ("updated", "imported_by", *COLUMNS)}
KEY = {"environment_id": "text", "person_id": "text"}


@dataclass(frozen=True, slots=True)
class Identified:
    """What an app of an environment said of a person at a time, in milliseconds."""

    environment_id: str
    stated: Stated
    change: Change
    at: int


def add_identified(connection: Connection, identified: Sequence[Identified]) -> Sequence[Sequence[Problem]]:
    """Keep what was said of people, who are created and merged as need be; for each what was too much, if anything.

    Of one with a problem nothing is kept but that the person was there.
    """
    persons = arrive(connection, [Presence(one.environment_id, one.stated, one.at) for one in identified])
    keys = [(one.environment_id, person.person_id) for one, person in zip(identified, persons, strict=True)]
    before = _present(connection, keys)
    present, problems, updated = dict(before), [], {}
    for one, key in zip(identified, keys, strict=True):
        profile = merged(from_columns(present[key]), one.change)
        problems.append(problems_of_profile(profile))
        if not problems[-1]:
            present[key] = to_columns(profile)
            updated[key] = one.at
    rows = [(updated[key], None, *present[key], *key) for key in sorted(updated) if present[key] != before[key]]
    update_all(connection, "persons", KEPT, rows, key=KEY)
    return problems


def _present(connection: Connection, keys: Sequence[PersonKey]) -> Mapping[PersonKey, Row]:
    """The columns of these people's profiles."""
    by_environment: dict[str, list[str]] = defaultdict(list)
    for environment_id, person_id in dict.fromkeys(keys):
        by_environment[environment_id].append(person_id)
    query = as_text(connection, PRESENT + among(connection))
    return {
        (environment_id, row[0]): tuple(row[1:])
        for environment_id, person_ids in by_environment.items()
        for row in connection.exec_driver_sql(query, (environment_id, listed(connection, person_ids)))
    }


def alias(connection: Connection, wanted: Merge) -> None:
    """Merge a visitor into a user, once; ValidationFailed when they were merged into another one."""
    visitor = (wanted.environment_id, wanted.visitor.person_id)
    if _is_merged(connection, visitor, wanted):
        return
    arrive(connection, [Presence(wanted.environment_id, Stated(wanted.visitor, wanted.user), wanted.at)])
    _is_merged(connection, visitor, wanted)  # somebody may have been faster


def _is_merged(connection: Connection, visitor: PersonKey, wanted: Merge) -> bool:
    user = find_merged(connection, [visitor]).get(visitor)
    if user is not None and user != wanted.user:
        message = "This was merged into another user before: an anonymous id belongs to one user."
        raise ValidationFailed([Problem("anonymous_id", message)])
    return user is not None
