"""The rules of a tribe as plain sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from templates_server.features.tribes.explanation import describe_filter
from templates_server.features.tribes.model import (
    Audience,
    Comparison,
    EventFilter,
    Filter,
    Match,
    Origin,
    ShareFilter,
    TagFilter,
    TribeDefinition,
)
from templates_server.primitives.shares import BUCKETS

SUBJECTS: Mapping[str, str] = {
    "email": "E-mail address",
    "locale": "Language (locale)",
    "timezone": "Time zone",
    "device.os": "Operating system of the device",
    "device.os_version": "Version of the operating system",
    "device.model": "Model of the device",
    "app.version": "Version of the app",
    "app.platform": "Platform of the app",
    "created": "Created",
    "first_seen": "First seen",
    "last_seen": "Last seen",
    "joined": "Joined",
    "sessions_30_days": "Number of sessions in the last 30 days",
    "days_since_seen": "Days since last seen",
}
KINDS: Mapping[Origin, str] = {Origin.ATTRIBUTE: "Attribute", Origin.CONTEXTUAL: "Session field:"}
OPERATORS: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
    (
        "Any value",
        (
            ("equals", "is"),
            ("not_equals", "is not"),
            ("in", "is one of"),
            ("not_in", "is none of"),
            ("exists", "is set"),
            ("not_exists", "is not set"),
        ),
    ),
    (
        "Text",
        (
            ("contains", "contains"),
            ("not_contains", "does not contain"),
            ("starts_with", "starts with"),
            ("ends_with", "ends with"),
        ),
    ),
    (
        "Numbers",
        (
            ("greater_than", "is greater than"),
            ("greater_or_equal", "is at least"),
            ("less_than", "is less than"),
            ("less_or_equal", "is at most"),
            ("between", "is between"),
        ),
    ),
    (
        "Dates",
        (
            ("before", "is before"),
            ("after", "is after"),
            ("on_day", "is on the day"),
            ("less_than_days_ago", "is less than … days ago"),
            ("more_than_days_ago", "is more than … days ago"),
        ),
    ),
    (
        "Versions",
        (
            ("version_equals", "is the version"),
            ("version_at_least", "is at least the version"),
            ("version_below", "is below the version"),
        ),
    ),
)
"""The available conditions by the type of value, with their labels."""
PEOPLE: Mapping[Audience, str] = {
    Audience.USERS: "Users",
    Audience.VISITORS: "Visitors",
    Audience.ALL: "Users and visitors",
}


def summary(tribe: TribeDefinition) -> str:
    """Return the audience of the tribe, as an introduction to the sentences of its filters."""
    people = PEOPLE[tribe.audience]
    if not tribe.filters:
        return f"{people}, without filters."
    if len(tribe.filters) == 1:
        return f"{people} who match this filter:"
    return f"{people} who match {'any' if tribe.match is Match.ANY else 'all'} of these filters:"


def sentences(tribe: TribeDefinition) -> Sequence[str]:
    """Return a sentence for each filter."""
    return [sentence(each) for each in tribe.filters]


def sentence(each: Filter) -> str:
    """Return the sentence of a filter."""
    match each:
        case Comparison():
            return f"{subject(each)} {describe_filter(each).removeprefix(each.source.path).lstrip()}"
        case ShareFilter(salt, starts, ends):
            return f"Drawn into the share from {_percent(starts)} to {_percent(ends)} of “{salt}”"
        case TagFilter() | EventFilter():
            asked = describe_filter(each)
            return asked[0].upper() + asked[1:]


def subject(comparison: Comparison) -> str:
    """Return the description of the compared value."""
    source = comparison.source
    known = SUBJECTS.get(source.path)
    return known or f"{KINDS[source.origin]} “{source.name}”"


def _percent(hundredths: int) -> str:
    return f"{hundredths * 100 / BUCKETS:g}%"
