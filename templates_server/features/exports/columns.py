"""The columns that an export can have and that a request can select. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.features.people.profile_parser import find_attribute_name_problem

ATTRIBUTE = "attributes."
BETWEEN = {"csv": b"\r\n", "ndjson": b"\n", "json": b",\n"}
"""The separator between two rows."""


class ColumnKind(enum.Enum):
    """The type of a database column."""

    TEXT = enum.auto()
    TIME = enum.auto()
    DAY = enum.auto()
    TAGS = enum.auto()
    JSON = enum.auto()


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column of an export: the SQL expression of its value."""

    source: str
    kind: ColumnKind = ColumnKind.TEXT


USER: Mapping[str, ExportColumn] = {
    "user_id": ExportColumn("persons.called"),
    "email": ExportColumn("persons.email"),
    "phone": ExportColumn("persons.phone"),
    "timezone": ExportColumn("persons.timezone"),
    "locale": ExportColumn("persons.locale"),
    "joined": ExportColumn("persons.joined", ColumnKind.DAY),
    "tags": ExportColumn("persons.tags", ColumnKind.TAGS),
    "attributes": ExportColumn("persons.attributes", ColumnKind.JSON),
    "created": ExportColumn("persons.created", ColumnKind.TIME),
    "updated": ExportColumn("persons.updated", ColumnKind.TIME),
    "first_seen": ExportColumn("persons.first_seen", ColumnKind.TIME),
    "last_seen": ExportColumn("persons.last_seen", ColumnKind.TIME),
}
"""The columns of `users.models.User`."""

EVENT: Mapping[str, ExportColumn] = {
    "id": ExportColumn("events.event_id"),
    "name": ExportColumn("events.name"),
    "user_id": ExportColumn("CASE persons.kind WHEN 'user' THEN persons.called END"),
    "anonymous_id": ExportColumn("CASE persons.kind WHEN 'visitor' THEN persons.called END"),
    "session": ExportColumn("events.session_id"),
    "entity": ExportColumn("events.entity"),
    "data": ExportColumn("events.data", ColumnKind.JSON),
    "metadata": ExportColumn("events.metadata", ColumnKind.JSON),
    "timestamp": ExportColumn("events.happened", ColumnKind.TIME),
    "received": ExportColumn("events.received", ColumnKind.TIME),
}
"""The columns of `events.models.EventView`."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """The format of rows: CSV with these columns, or JSON objects with all columns."""

    known: Mapping[str, ExportColumn]
    columns: Sequence[str]
    form: str
    raw: bool = False

    @property
    def is_csv(self) -> bool:
        """Return whether the format is CSV."""
        return self.form == "csv"

    @property
    def between(self) -> bytes:
        """Return the separator between two rows."""
        return BETWEEN[self.form]

    @property
    def has_attributes(self) -> bool:
        """Return whether there are columns for single attributes."""
        return any(name.startswith(ATTRIBUTE) for name in self.columns)

    @property
    def header(self) -> str:
        """Return the first line of CSV, without its line break."""
        return ",".join(_header_cell(name) for name in self.columns)


def user_format(form: str, columns: Sequence[str] | None, *, raw: bool) -> ExportFormat:
    """Return the format of users; CSV omits attributes unless requested. Raise ValidationFailed for unknown columns."""
    usual = [name for name in USER if name != "attributes"]
    return _shape(USER, form, columns, usual=usual, raw=raw, has_attributes=True)


def event_format(form: str, columns: Sequence[str] | None, *, raw: bool) -> ExportFormat:
    """Return the format of events. Raise ValidationFailed for unknown columns."""
    return _shape(EVENT, form, columns, usual=list(EVENT), raw=raw, has_attributes=False)


def _shape(  # noqa: PLR0913 - the four of the request, and the two of what is exported
    known: Mapping[str, ExportColumn],
    form: str,
    columns: Sequence[str] | None,
    *,
    usual: Sequence[str],
    raw: bool,
    has_attributes: bool,
) -> ExportFormat:
    if form != "csv":
        if columns is not None or raw:
            name = "columns" if columns is not None else "raw"
            raise ValidationFailed([ErrorDetail(name, "This applies to CSV only. JSON contains all fields.")])
        return ExportFormat(known, list(known), form)
    wanted = usual if columns is None else columns
    problems = list(_problems(known, wanted, has_attributes=has_attributes))
    if problems:
        raise ValidationFailed(problems)
    return ExportFormat(known, wanted, form, raw=raw)


def _problems(
    known: Mapping[str, ExportColumn], columns: Sequence[str], *, has_attributes: bool
) -> Iterator[ErrorDetail]:
    for index, name in enumerate(columns):
        problem = _problem_of(known, name, has_attributes=has_attributes)
        if name in columns[:index]:
            problem = "appears twice"
        if problem is not None:
            yield ErrorDetail(f"columns[{index}]", f"This {problem}.")


def _problem_of(known: Mapping[str, ExportColumn], name: str, *, has_attributes: bool) -> str | None:
    if has_attributes and name.startswith(ATTRIBUTE):
        return find_attribute_name_problem(name.removeprefix(ATTRIBUTE))
    if name in known:
        return None
    more = f", or {ATTRIBUTE}NAME for an attribute" if has_attributes else ""
    return f"is not a column. Choose from {', '.join(known)}{more}"


def _header_cell(name: str) -> str:
    """Return a name as a header cell; attribute names, which senders choose, get a prefix."""
    return '"' + name.replace('"', '""') + '"' if "," in name or '"' in name else name
