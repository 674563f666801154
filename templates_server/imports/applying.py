"""Applying a part: in its turn, whole and once, in the transaction that remembers its answer."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.audit import store as audit
from templates_server.audit.models import Deed
from templates_server.errors import Conflict
from templates_server.imports import people_store, store
from templates_server.imports.arriving import Arriving
from templates_server.imports.models import PartView, RowError
from templates_server.imports.reading import PartRows, errors_of_row
from templates_server.imports.store import ImportPlace, Mark

MARK_BITS = 63


@dataclass(frozen=True)
class SentPart:
    """A part as it was sent: of which import, which number, the SHA-256 of its content in hexadecimal."""

    place: ImportPlace
    number: int
    digest: str


@dataclass(frozen=True)
class KnownPeople:
    """The people of a part whose content was applied before, each once; `marks` are what was left with them then."""

    person_ids: Sequence[str]
    marks: Sequence[Mark]


class ChangedSince(Exception):
    """The content of a part was applied before, and not everybody is as they were left then: its rows are needed."""


class Early(Conflict):
    """A part before this one was not applied yet."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"Part {expected} comes next.")
        self.expected = expected


def answer_to(connection: Connection, part: SentPart) -> PartView | None:
    """The answer that the part got before, None when its turn is now, else Early; Conflict when it was another's."""
    applied = store.find_part(connection, part.place, part.number)
    if applied is not None:
        if applied.digest != part.digest:
            raise Conflict(f"Part {part.number} was applied with other content (SHA-256 {applied.digest}).")
        return applied
    found = store.find_import(connection, part.place)
    if found is not None and found.state == "complete":
        raise Conflict(f"The import is complete, with {found.parts} parts.")
    expected = 1 if found is None else found.parts + 1
    if part.number != expected:
        raise Early(expected)
    return None


def apply_part(connection: Connection, part: SentPart, *, rows: PartRows | KnownPeople, opening: Deed) -> PartView:
    """What became of the part, now or when it was applied before; `opening` is remembered where it is the first.

    ChangedSince when people are not enough.
    """
    is_new = part.number == 1 and store.open_import(
        connection, part.place, now=opening.happened, created_by=opening.actor_id
    )
    if is_new:
        audit.record(connection, opening)
    else:
        store.lock_import(connection, part.place)
        answer = answer_to(connection, part)
        if answer is not None:
            return answer
    mark = Mark(secrets.randbits(MARK_BITS), opening.happened)
    if isinstance(rows, KnownPeople):
        view = _as_before(connection, part, rows)
    else:
        arriving = Arriving(part.place.environment_id, rows, mark.applied, mark.number)
        people_store.apply_rows(connection, arriving)
        view = _view(part, arriving)
    store.add_part(connection, part.place, view, mark=mark)
    return view


def _as_before(connection: Connection, part: SentPart, people: KnownPeople) -> PartView:
    """What becomes of a part where all its people are as the same content had left them; else ChangedSince."""
    environment_id, person_ids = part.place.environment_id, people.person_ids
    if not people_store.are_as_left(connection, environment_id, people.marks, person_ids):
        raise ChangedSince
    rows = len(person_ids)
    return PartView(part.number, part.digest, rows, created=0, updated=0, unchanged=rows, rejected=0, errors=[])


def _view(part: SentPart, applied: Arriving) -> PartView:
    return PartView(
        part=part.number,
        digest=part.digest,
        read=applied.part.read,
        created=applied.created,
        updated=applied.updated,
        unchanged=applied.unchanged,
        rejected=applied.part.rejected + len(applied.refused),
        errors=_errors(applied),
    )


def _errors(applied: Arriving) -> list[RowError]:
    """All errors, in order of line."""
    errors = list(applied.part.errors)
    for line, problems in applied.refused:
        errors += errors_of_row(line, problems, told=len(errors))
    return sorted(errors, key=lambda error: error.line)
