"""The quick way to read a row that nothing is unusual about; which ones are is decided here, and no more. Pure.

A row that is read here gives the same columns as by `persons.reading` and `persons.profiles`, where all the rules are;
a row with anything wrong, or with anything that could be, is left to these.
"""

from __future__ import annotations

import functools
import re

import msgspec

from templates_server.identifiers import derived_id
from templates_server.persons.names import MAX_LENGTH, PATH_STEPS, PersonKind
from templates_server.persons.profiles import (
    LONGEST_TIME,
    SHORTEST_TIME,
    Columns,
    Scalar,
    canonical,
    encode_dates,
    encode_tags,
    moment_of,
)
from templates_server.persons.reading import (
    LARGEST_INTEGER,
    MAX_ATTRIBUTE_CHARACTERS,
    MAX_EMAIL_CHARACTERS,
    MAX_PHONE_CHARACTERS,
    MOST_ATTRIBUTES,
    MOST_TAGS,
    problem_of_attribute_name,
    problem_of_locale,
    problem_of_tag,
    problem_of_timezone,
)
from templates_server.times import DAY

MAX_ROW_BYTES = 16 * 1024  # of those that are read here; it bounds what is remembered of them
CACHED_DAYS = 10_000
CACHED_TAG_LISTS = 1_024
CACHED_NAME_LISTS = 256
UNUSUAL_ESCAPE = re.compile(rb"\\u(?:[dD]|00[0-9])")  # of control characters, of ASCII, of half surrogate pairs
encode = msgspec.json.Encoder(order="deterministic").encode

Row = tuple[str, int, str, *Columns]
"""A user as it is stored where nothing was known of them: person_id, line, user_id, and the columns of the profile."""


class PlainUser(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The fields that a row usually has; anything else in it, or another type, and it is not plain."""

    user_id: str
    email: str | None = None
    phone: str | None = None
    timezone: str | None = None
    locale: str | None = None
    joined: str | None = None
    tags: tuple[str, ...] | None = None
    attributes: dict[str, Scalar] | None = None


decode = msgspec.json.Decoder(PlainUser).decode


def plain_row(line: int, text: bytes) -> Row | None:
    """The row of a line, None when it must be read by all the rules."""
    if len(text) > MAX_ROW_BYTES or (b"\\" in text and UNUSUAL_ESCAPE.search(text)):
        return None
    try:
        user = decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    user_id, email, phone, timezone, locale = user.user_id, user.email, user.phone, user.timezone, user.locale
    if not (
        is_plain_user_id(user_id)
        and (email is None or is_plain_email(email))
        and (phone is None or is_plain_phone(phone))
        and (timezone is None or problem_of_timezone(timezone) is None)
        and (locale is None or problem_of_locale(locale) is None)
    ):
        return None
    joined = None if user.joined is None else day_of(user.joined)
    tags = "" if not user.tags else plain_tags(user.tags)
    attributes = ("{}", None) if not user.attributes else plain_attributes(user.attributes)
    if joined == NO_DAY or tags is None or attributes is None:
        return None
    person_id = derived_id("per", PersonKind.USER, user_id)
    return person_id, line, user_id, email, phone, timezone, locale, joined, tags, *attributes


def is_plain_user_id(text: str) -> bool:
    """Whether an id is good at first sight; those of ours have a line below as their fourth character."""
    return 0 < len(text) <= MAX_LENGTH and text.isprintable() and text[3:4] != "_" and text not in PATH_STEPS


def is_plain_email(text: str) -> bool:
    """Whether an address is good at first sight: all blanks but one kind are not printable."""
    local, _, domain = text.partition("@")
    return (
        local != ""
        and "@" not in domain
        and "." in domain[1:-1]
        and " " not in text
        and text.isprintable()
        and len(text) <= MAX_EMAIL_CHARACTERS
    )


def is_plain_phone(text: str) -> bool:
    """Whether a number is good at first sight."""
    return 0 < len(text) <= MAX_PHONE_CHARACTERS and text.isprintable()


NO_DAY = -1


@functools.lru_cache(CACHED_DAYS)
def day_of(text: str) -> int:
    """Midnight of the day that a text names, NO_DAY when it names none: no midnight is that."""
    moment = moment_of(text)
    return NO_DAY if moment is None else moment // DAY * DAY


@functools.lru_cache(CACHED_TAG_LISTS)
def plain_tags(tags: tuple[str, ...]) -> str | None:
    """The column of tags that are all good; None when they are not."""
    if len(tags) > MOST_TAGS or any(problem_of_tag(tag) is not None for tag in tags):
        return None
    return encode_tags(sorted(set(tags)))


def plain_attributes(attributes: dict[str, Scalar]) -> tuple[str, str | None] | None:
    """The columns of attributes that are all good, and of the times among them; None when they are not."""
    if not are_plain_names(tuple(attributes)):
        return None
    may_hold_times = False
    for name, value in attributes.items():
        if isinstance(value, str):
            length = len(value)
            if length >= SHORTEST_TIME:
                if length > MAX_ATTRIBUTE_CHARACTERS:
                    return None
                may_hold_times = may_hold_times or (length <= LONGEST_TIME and value[4] == "-")
        elif isinstance(value, float):
            if value.is_integer():
                attributes[name] = canonical(value)
        elif abs(value) > LARGEST_INTEGER:
            return None
    return encode(attributes).decode(), encode_dates(attributes) if may_hold_times else None


@functools.lru_cache(CACHED_NAME_LISTS)
def are_plain_names(names: tuple[str, ...]) -> bool:
    """Whether attributes may be called so, all together."""
    return len(names) <= MOST_ATTRIBUTES and all(problem_of_attribute_name(name) is None for name in names)
