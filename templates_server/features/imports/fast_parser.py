"""The fast parser of plain rows, which only decides which rows are plain. Pure.

Rows parsed here give the same columns as with `people.profile_parser` and `people.profile`, which contain all the
rules; rows that are invalid, or may be, are left to these. Several lines are parsed at once, because each call costs
more than processing one row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from templates_server.features.people.identity import MAX_LENGTH, PATH_STEPS, PersonKind, have_edges
from templates_server.features.people.profile import (
    LONGEST_TIME,
    Columns,
    canonical_scalar,
    encode_attributes,
    encode_dates,
    encode_tags,
    parse_moment,
)
from templates_server.features.people.profile_parser import (
    LARGEST_INTEGER,
    MAX_ATTRIBUTE_CHARACTERS,
    MAX_EMAIL_CHARACTERS,
    MAX_PHONE_CHARACTERS,
    MOST_ATTRIBUTES,
    MOST_TAGS,
    find_attribute_name_problem,
    find_locale_problem,
    find_tag_problem,
    find_timezone_problem,
)
from templates_server.primitives.shares import ids_and_numbers
from templates_server.primitives.text_cache import memoize
from templates_server.primitives.timestamps import DAY

MAX_ROW_BYTES = MAX_ATTRIBUTE_CHARACTERS  # no text in such a row is too long for an attribute
UNUSUAL_ESCAPE = re.compile(rb"\\u(?:[dD]|00[0-9])")  # of control characters, of ASCII, of half surrogate pairs
WHOLE_NUMBER = re.compile(r"\.0[,}]")  # a number that may be written in another way than the one it is kept in
DATE = re.compile(r':"[0-9]{4}-')
EMAIL = re.compile(rf"(?=.{{1,{MAX_EMAIL_CHARACTERS}}}$)[^@]+@.[^.]*+\..+")  # of printable characters with one @
NO_DAY = -1

Row = tuple[str, int, str, int, *Columns]
"""The stored form of a user who did not exist before.

person_id, line, user_id, share_number, and the columns of the profile.
"""

Exact = Annotated[int, Meta(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]


class PlainUser(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The usual fields of a row; a row with other fields or types is not plain."""

    user_id: str
    email: str | None = None
    phone: str | None = None
    timezone: str | None = None
    locale: str | None = None
    joined: Annotated[str, Meta(max_length=LONGEST_TIME)] | None = None
    tags: tuple[str, ...] | None = None
    attributes: dict[str, str | Exact | float | bool] | None = None


decode = msgspec.json.Decoder(list[PlainUser]).decode
encode_lines = msgspec.json.Encoder(order="deterministic").encode_lines


def plain_rows(first_line: int, lines: Sequence[bytes]) -> Sequence[Row] | None:
    """Return the rows of consecutive lines; None when one of them must be parsed by all the rules."""
    users = _decode_users(lines)
    if users is None:
        return None
    names, emails = [user.user_id for user in users], [user.email for user in users]
    phones, timezones = [user.phone for user in users], [user.timezone for user in users]
    locales, tag_lists = [user.locale for user in users], [user.tags for user in users]
    if not (
        are_plain_user_ids(names)
        and are_plain_emails(list(_given(emails)))
        and all(map(is_plain_phone, _given(phones)))
        and not any(map(find_timezone_problem, _given(set(timezones))))
        and not any(map(find_locale_problem, _given(set(locales))))
    ):
        return None
    days, tags = [day_of(user.joined) for user in users], [plain_tags(tag_list) for tag_list in tag_lists]
    attributes = plain_attributes([user.attributes or {} for user in users])
    if NO_DAY in days or None in tags or attributes is None:
        return None
    person_ids, share_numbers = ids_and_numbers(PersonKind.USER, names)
    numbers = range(first_line, first_line + len(lines))
    columns = (person_ids, numbers, names, share_numbers, emails, phones, timezones, locales, days, tags, *attributes)
    return list(zip(*columns, strict=True))


def _decode_users(lines: Sequence[bytes]) -> Sequence[PlainUser] | None:
    """Return one user per line; None when that is uncertain.

    If each line begins with a brace and there are as many users as lines, each line has one: within a user no brace can
    follow a comma, since it contains no list of objects, and a line cannot end within a text.
    """
    text = b",\n".join(lines)
    if not text.startswith(b"{") or text.count(b",\n{") != len(lines) - 1 or max(map(len, lines)) > MAX_ROW_BYTES:
        return None
    if b"\\" in text and UNUSUAL_ESCAPE.search(text):
        return None
    try:
        users = decode(b"[" + text + b"]")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return users if len(users) == len(lines) else None


def _given(texts: Iterable[str | None]) -> Iterable[str]:
    return (text for text in texts if text is not None)


def are_plain_user_ids(names: Collection[str]) -> bool:
    """Return whether ids are clearly valid; generated ids have an underscore as their fourth character."""
    return (
        "".join(names).isprintable()
        and "" not in names
        and max(map(len, names)) <= MAX_LENGTH
        and "_" not in {name[3:4] for name in names}
        and PATH_STEPS.isdisjoint(names)
        and not have_edges(names)
    )


def are_plain_emails(texts: Collection[str]) -> bool:
    """Return whether addresses are clearly valid: all blanks except spaces are unprintable."""
    together = "".join(texts)
    return (
        together.isprintable()
        and " " not in together
        and together.count("@") == len(texts)
        and all(map(EMAIL.fullmatch, texts))
    )


def is_plain_phone(text: str) -> bool:
    """Return whether a number is clearly valid."""
    return 0 < len(text) <= MAX_PHONE_CHARACTERS and text.isprintable()


@memoize
def day_of(text: str | None) -> int | None:
    """Return midnight of a day in text form; NO_DAY, which is never midnight, when it is not a day."""
    if text is None:
        return None
    moment = parse_moment(text)
    return NO_DAY if moment is None else moment // DAY * DAY


@memoize
def plain_tags(tags: tuple[str, ...] | None) -> str | None:
    """Return the column of tags; None unless all tags are valid."""
    if not tags:
        return ""
    if len(tags) > MOST_TAGS or any(find_tag_problem(tag) is not None for tag in tags):
        return None
    return encode_tags(sorted(set(tags)))


Attributes = dict[str, str | int | float | bool]


def plain_attributes(rows: Sequence[Attributes]) -> tuple[Sequence[str], Sequence[str | None]] | None:
    """Return the columns of attributes and of their times; None unless all attributes are valid."""
    if not all(map(are_plain_names, set(map(tuple, rows)))):
        return None
    text = encode_lines(rows).decode()
    texts = text.split("\n")[:-1]  # no text of JSON holds one
    if WHOLE_NUMBER.search(text):
        texts = [
            encode_attributes(_canonical(attributes)) if WHOLE_NUMBER.search(text) else text
            for text, attributes in zip(texts, rows, strict=True)
        ]
    if DATE.search(text) is None:
        return texts, [None] * len(rows)
    return texts, [
        encode_dates(attributes) if DATE.search(text) else None for text, attributes in zip(texts, rows, strict=True)
    ]


def _canonical(attributes: Attributes) -> Attributes:
    return {name: canonical_scalar(value) if value.__class__ is float else value for name, value in attributes.items()}


@memoize
def are_plain_names(names: tuple[str, ...]) -> bool:
    """Return whether all of these are valid attribute names."""
    return len(names) <= MOST_ATTRIBUTES and all(find_attribute_name_problem(name) is None for name in names)
