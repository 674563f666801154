"""Applies a part: in order, completely and once, in the transaction that stores its response."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.errors import Conflict
from templates_server.features.audit import store as audit
from templates_server.features.imports import bulk_upsert, store
from templates_server.features.imports.parser import KnownPart, PartRows, find_row_errors
from templates_server.features.imports.part_result import PartResult
from templates_server.features.imports.schemas import PartView, RowError
from templates_server.features.imports.store import ImportKey, PartMark
from templates_server.http.audit_event import AuditEvent
from templates_server.primitives.integers import counted

MARK_BITS = 63


@dataclass(frozen=True)
class SentPart:
    """A part as sent: its import, its number, and the SHA-256 of its content in hexadecimal."""

    place: ImportKey
    number: int
    digest: str


@dataclass(frozen=True)
class AppliedPart:
    """A part whose content was applied before, and the resulting marks."""

    part: KnownPart
    marks: Sequence[PartMark]


class PartOutOfOrder(Conflict):
    """An error for a part whose predecessor has not been applied."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"Part {expected} comes next.")
        self.expected = expected


def find_part_result(connection: Connection, part: SentPart) -> PartView | None:
    """Return the earlier response to the part, None when its turn is now, else Early. Raise Conflict on a mismatch."""
    applied = store.find_part(connection, part.place, part.number)
    if applied is not None:
        if applied.digest != part.digest:
            raise Conflict(f"Part {part.number} was already applied with different content (SHA-256 {applied.digest}).")
        return applied
    found = store.find_import(connection, part.place)
    if found is not None and found.state == "complete":
        raise Conflict(f"The import is already complete with {counted(found.parts, 'part')}.")
    expected = 1 if found is None else found.parts + 1
    if part.number != expected:
        raise PartOutOfOrder(expected)
    return None


def apply_part(
    connection: Connection, part: SentPart, *, rows: PartRows | AppliedPart, opening: AuditEvent
) -> PartView:
    """Return the result of the part, applied now or earlier; `opening` is stored with the first part."""
    is_new = part.number == 1 and store.open_import(
        connection, part.place, now=opening.happened, created_by=opening.actor_id
    )
    if is_new:
        audit.record(connection, opening)
    else:
        store.lock_import(connection, part.place)
        answer = find_part_result(connection, part)
        if answer is not None:
            return answer
    mark = PartMark(secrets.randbits(MARK_BITS), opening.happened)
    as_before = 0
    if isinstance(rows, AppliedPart):
        rows, as_before = _changed_since(connection, part, rows)
    arriving = PartResult(part.place.environment_id, rows, mark.applied, mark.number, unchanged=as_before)
    if rows.rows:
        bulk_upsert.apply_rows(connection, arriving)
    view = _to_response(part, arriving)
    store.add_part(connection, part.place, view, mark=mark)
    return view


def _changed_since(connection: Connection, part: SentPart, before: AppliedPart) -> tuple[PartRows, int]:
    """Return the rows of people changed since the same content was applied, and the number of the others."""
    everybody = before.part.person_ids
    changed = bulk_upsert.find_changed(connection, part.place.environment_id, before.marks, everybody)
    return before.part.rows_of(changed), len(everybody) - len(changed)


def _to_response(part: SentPart, applied: PartResult) -> PartView:
    rejected = applied.part.rejected + len(applied.refused)
    return PartView(
        part=part.number,
        digest=part.digest,
        read=applied.created + applied.updated + applied.unchanged + rejected,
        created=applied.created,
        updated=applied.updated,
        unchanged=applied.unchanged,
        rejected=rejected,
        errors=_errors(applied),
    )


def _errors(applied: PartResult) -> list[RowError]:
    """Return all errors, by line."""
    errors = list(applied.part.errors)
    for line, problems in applied.refused:
        errors += find_row_errors(line, problems, told=len(errors))
    return sorted(errors, key=lambda error: error.line)
