"""The columns that an export can have, and which a request asks for. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.features.people.profile_parser import find_attribute_name_problem

ATTRIBUTE = "attributes."
BETWEEN = {"csv": b"\r\n", "ndjson": b"\n", "json": b",\n"}
"""What stands between two rows."""


class ColumnKind(enum.Enum):
    """What stands in a column of the database."""

    TEXT = enum.auto()
    TIME = enum.auto()
    DAY = enum.auto()
    TAGS = enum.auto()
    JSON = enum.auto()


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column of an export: where its value is, as SQL has it."""

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
"""As `users.models.User` has them."""

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
"""As `events.models.EventView` has them."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """How the rows are written: in CSV, with these columns, or as JSON objects with all that are known."""

    known: Mapping[str, ExportColumn]
    columns: Sequence[str]
    form: str
    raw: bool = False

    @property
    def is_csv(self) -> bool:
        """Whether it is CSV."""
        return self.form == "csv"

    @property
    def between(self) -> bytes:
        """What stands between two rows."""
        return BETWEEN[self.form]

    @property
    def has_attributes(self) -> bool:
        """Whether there are columns of an attribute each."""
        return any(name.startswith(ATTRIBUTE) for name in self.columns)

    @property
    def header(self) -> str:
        """The first line of CSV, without its end."""
        return ",".join(_header_cell(name) for name in self.columns)


def user_format(form: str, columns: Sequence[str] | None, *, raw: bool) -> ExportFormat:
    """Users; CSV without their attributes, unless asked for. ValidationFailed for what they do not have."""
    usual = [name for name in USER if name != "attributes"]
    return _shape(USER, form, columns, usual=usual, raw=raw, has_attributes=True)


def event_format(form: str, columns: Sequence[str] | None, *, raw: bool) -> ExportFormat:
    """Events. ValidationFailed for columns that they do not have."""
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
    """A name as a cell; those of attributes are whatever their sender liked, behind a word of ours."""
    return '"' + name.replace('"', '""') + '"' if "," in name or '"' in name else name
