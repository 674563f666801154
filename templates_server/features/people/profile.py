"""The stored profile of a person, the merging of changes, and its form in the table's columns. Pure.

The allowed input is in `reading`.
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
    """The profile of a person. `joined` is midnight of a day in milliseconds; `tags` are sorted."""

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
    """A change: UNSET leaves a field unchanged, None clears it; the same applies to None among attributes.

    `tags` replaces all tags; then `add_tags` are added and `remove_tags` removed.
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
    """Return the profile after a change.

    Compare `to_columns` to see whether it differs: in Python, true equals 1 among the attributes.
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
    """Merge sent attributes into existing ones, sorted by name: None removes one."""
    if not sent:
        return present
    return {name: canonical_scalar(value) for name, value in sorted({**present, **sent}.items()) if value is not None}


def canonical_scalar(value: Scalar) -> Scalar:
    """Return the canonical form of a scalar: a number without a fraction is an integer."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_EXACT_INTEGER:
        return int(value)
    return value


def to_columns(profile: Profile) -> Columns:
    """Return the values of `COLUMNS`: equal for equal profiles."""
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
    """Return the profile in these columns, given in the order of `COLUMNS`."""
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
    """Encode tags for storage: with a separator before, between and after them, so that whole tags can be found."""
    return f"{TAG_SEPARATOR}{TAG_SEPARATOR.join(tags)}{TAG_SEPARATOR}" if tags else ""


def decode_tags(text: str) -> tuple[str, ...]:
    """Decode stored tags."""
    return tuple(text[1:-1].split(TAG_SEPARATOR)) if text else ()


def encode_attributes(attributes: Attributes) -> str:
    """Encode attributes for storage: a JSON object with sorted names and without blanks."""
    return msgspec.json.encode(attributes, order="deterministic").decode()


def measure_attributes(attributes: Attributes) -> int:
    """Return the size of stored attributes in bytes."""
    return len(msgspec.json.encode(attributes))


def attribute_patterns(name: str, value: str) -> Sequence[str]:
    """Return texts such that encoded attributes contain one if and only if they have that value under that name.

    `value` is as typed by a person: `2` matches the text and the number, `true` the text and the boolean.
    """
    values = {msgspec.json.encode(value)}
    with contextlib.suppress(msgspec.DecodeError, UnicodeEncodeError):
        read = msgspec.json.decode(value)
        if isinstance(read, bool | int | float):
            values.add(msgspec.json.encode(canonical_scalar(read)))
    members = [f"{msgspec.json.encode(name).decode()}:{one.decode()}" for one in sorted(values)]
    return [f"{before}{member}{after}" for member in members for before in "{," for after in ",}"]


def decode_attributes(text: str) -> dict[str, Scalar]:
    """Decode stored attributes."""
    return DECODE_ATTRIBUTES(text)


def encode_dates(attributes: Attributes) -> str | None:
    """Encode the times of attributes whose text is a day or a time (RFC 3339); None when there are none."""
    dates = dates_of(attributes)
    return msgspec.json.encode(dates, order="deterministic").decode() if dates else None


def dates_of(attributes: Attributes) -> dict[str, int]:
    """Return the milliseconds of attributes whose text is a day (its midnight, UTC) or a time (RFC 3339)."""
    found = {}
    for name, value in attributes.items():
        if isinstance(value, str) and SHORTEST_TIME <= len(value) <= LONGEST_TIME:
            moment = parse_moment(value)
            if moment is not None:
                found[name] = moment
    return found


def parse_moment(text: str) -> int | None:
    """Return the milliseconds of a day (its midnight, UTC) or of a time with an offset; None when it is neither."""
    if not text[:4].isdigit():
        return None
    try:
        return parse_day(text) if len(text) == SHORTEST_TIME else parse_rfc3339(text)
    except ValueError:
        return None


def format_joined(joined: int | None) -> str | None:
    """Format the day for output."""
    return None if joined is None else to_day(joined)
