"""What is kept of a person, how a change is merged into it, and how it stands in the table's columns. Pure.

What may be sent is in `reading`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET, UnsetType

from templates_server.primitives.timestamps import parse_day, parse_rfc3339, to_day

Scalar = str | int | float | bool
Attributes = Mapping[str, Scalar]
LARGEST_EXACT_INTEGER = 2**53
SHORTEST_TIME = len("2026-11-21")
LONGEST_TIME = 40
TAG_SEPARATOR = "\n"
DECODE_ATTRIBUTES = msgspec.json.Decoder(dict[str, Scalar]).decode  # made once: it looks at the type each time
COLUMNS = ("email", "phone", "timezone", "locale", "joined", "tags", "attributes", "dates")
"""The columns of a profile, in the order of `to_columns`."""

Columns = tuple[str | None, str | None, str | None, str | None, int | None, str, str, str | None]


@dataclass(frozen=True, slots=True)
class Profile:
    """What is kept of a person. `joined` is midnight of a day in milliseconds; `tags` are in order."""

    email: str | None = None
    phone: str | None = None
    timezone: str | None = None
    locale: str | None = None
    joined: int | None = None
    tags: tuple[str, ...] = ()
    attributes: Attributes = field(default_factory=dict)


NOTHING_KNOWN = Profile()


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What is to be changed: UNSET leaves a field as it is, None empties it; so does a None among the attributes.

    `tags` replaces all tags; after that `add_tags` come and `remove_tags` go.
    """

    email: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    locale: str | UnsetType | None = UNSET
    joined: int | UnsetType | None = UNSET
    tags: Sequence[str] | UnsetType = UNSET
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()
    attributes: Mapping[str, Scalar | None] = field(default_factory=dict)


def apply_change(profile: Profile, change: ProfileChange) -> Profile:
    """The profile after a change.

    Whether that is another one, `to_columns` tells: to Python, true equals 1 among the attributes.
    """
    return Profile(
        _chosen(profile.email, change.email),
        _chosen(profile.phone, change.phone),
        _chosen(profile.timezone, change.timezone),
        _chosen(profile.locale, change.locale),
        profile.joined if isinstance(change.joined, UnsetType) else change.joined,
        _merged_tags(profile.tags, change),
        merge_attributes(profile.attributes, change.attributes),
    )


def _chosen(present: str | None, sent: str | UnsetType | None) -> str | None:
    return present if isinstance(sent, UnsetType) else sent


def _merged_tags(present: Sequence[str], change: ProfileChange) -> tuple[str, ...]:
    kept = present if isinstance(change.tags, UnsetType) else change.tags
    return tuple(sorted({*kept, *change.add_tags} - set(change.remove_tags)))


def merge_attributes(present: Attributes, sent: Mapping[str, Scalar | None]) -> Attributes:
    """Attributes after others were sent, by name and in order of name: None removes one."""
    if not sent:
        return present
    return {name: canonical_scalar(value) for name, value in sorted({**present, **sent}.items()) if value is not None}


def canonical_scalar(value: Scalar) -> Scalar:
    """A scalar in the one form in which it is kept: a number without a fraction is a whole number."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_EXACT_INTEGER:
        return int(value)
    return value


def to_columns(profile: Profile) -> Columns:
    """The values of `COLUMNS`: equal for equal profiles."""
    return (
        profile.email,
        profile.phone,
        profile.timezone,
        profile.locale,
        profile.joined,
        encode_tags(profile.tags),
        encode_attributes(profile.attributes),
        encode_dates(profile.attributes),
    )


def from_columns(columns: Sequence[object]) -> Profile:
    """The profile that stands in these columns, `COLUMNS` in their order."""
    email, phone, timezone, locale, joined, tags, attributes, _ = columns
    return msgspec.convert(
        {
            "email": email,
            "phone": phone,
            "timezone": timezone,
            "locale": locale,
            "joined": joined,
            "tags": decode_tags(str(tags)),
            "attributes": decode_attributes(str(attributes)),
        },
        Profile,
    )


def encode_tags(tags: Sequence[str]) -> str:
    """Tags as they are stored: a separator before, between and after them, so that one is found by its whole text."""
    return f"{TAG_SEPARATOR}{TAG_SEPARATOR.join(tags)}{TAG_SEPARATOR}" if tags else ""


def decode_tags(text: str) -> tuple[str, ...]:
    """The tags that are stored so."""
    return tuple(text[1:-1].split(TAG_SEPARATOR)) if text else ()


def encode_attributes(attributes: Attributes) -> str:
    """Attributes as they are stored: a JSON object, names in order, without blanks."""
    return msgspec.json.encode(attributes, order="deterministic").decode()


def measure_attributes(attributes: Attributes) -> int:
    """Return how many bytes attributes have as they are stored."""
    return len(msgspec.json.encode(attributes))


def attribute_patterns(name: str, value: str) -> Sequence[str]:
    """Return the texts of which encoded attributes contain one exactly if they have that value under that name.

    `value` is what a person writes: `2` stands for the text and for the number, `true` for the text and the boolean.
    """
    values = {msgspec.json.encode(value)}
    with contextlib.suppress(msgspec.DecodeError, UnicodeEncodeError):
        read = msgspec.json.decode(value)
        if isinstance(read, bool | int | float):
            values.add(msgspec.json.encode(canonical_scalar(read)))
    members = [f"{msgspec.json.encode(name).decode()}:{one.decode()}" for one in sorted(values)]
    return [f"{before}{member}{after}" for member in members for before in "{," for after in ",}"]


def decode_attributes(text: str) -> dict[str, Scalar]:
    """The attributes that are stored so."""
    return DECODE_ATTRIBUTES(text)


def encode_dates(attributes: Attributes) -> str | None:
    """When, for those attributes whose text is a day or a time (RFC 3339); None when there are none."""
    dates = dates_of(attributes)
    return msgspec.json.encode(dates, order="deterministic").decode() if dates else None


def dates_of(attributes: Attributes) -> dict[str, int]:
    """The milliseconds of those attributes whose text is a day (its midnight, UTC) or a time (RFC 3339)."""
    found = {}
    for name, value in attributes.items():
        if isinstance(value, str) and SHORTEST_TIME <= len(value) <= LONGEST_TIME:
            moment = parse_moment(value)
            if moment is not None:
                found[name] = moment
    return found


def parse_moment(text: str) -> int | None:
    """The milliseconds of a day (its midnight, UTC) or of a time with its offset; None when it is neither."""
    if not text[:4].isdigit():
        return None
    try:
        return parse_day(text) if len(text) == SHORTEST_TIME else parse_rfc3339(text)
    except ValueError:
        return None


def format_joined(joined: int | None) -> str | None:
    """The day as it is told."""
    return None if joined is None else to_day(joined)
