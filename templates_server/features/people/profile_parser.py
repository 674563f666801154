"""Parsing of sent users: reports every violation, with its path. The application is in `profiles`."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from msgspec import UNSET, UnsetType

from templates_server.errors import ErrorDetail, Problems
from templates_server.features.people.identity import find_user_id_problem
from templates_server.features.people.profile import (
    Attributes,
    Profile,
    ProfileChange,
    Scalar,
    canonical_scalar,
    measure_attributes,
    parse_moment,
)
from templates_server.primitives.text_cache import memoize
from templates_server.primitives.timestamps import DAY
from templates_server.primitives.validation import join, kind_of, suggestion
from templates_server.primitives.yaml_json import quote_text

MAX_EMAIL_CHARACTERS = 254
MAX_PHONE_CHARACTERS = 64
MAX_LOCALE_CHARACTERS = 64
MAX_TIMEZONE_CHARACTERS = 64
MAX_ATTRIBUTE_NAME_CHARACTERS = 64
MAX_ATTRIBUTE_CHARACTERS = 4096
MOST_ATTRIBUTES = 200
MAX_ATTRIBUTES_BYTES = 64 * 1024  # of all together, as JSON: so much is held of each person of a page or a batch
MOST_TAGS = 256
MOST_TAG_LEVELS = 3
MAX_TAG_LEVEL_CHARACTERS = 64
LARGEST_INTEGER = 2**63 - 1
MOST_SUGGESTIONS = 3  # of one user: each is a search

CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
EMAIL = re.compile(  # the dot is the first one that may be it
    r"[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f][^@.\s\x00-\x1f\x7f-\x9f]*+\.[^@\s\x00-\x1f\x7f-\x9f]+"
)
SURROGATE = re.compile("[\ud800-\udfff]")
LOCALE = re.compile(  # a well-formed language tag (RFC 5646, 2.1), without the few that were kept for old times' sake
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?|[xX](?:-[A-Za-z0-9]{1,8})+"
)
TEXT_FIELDS = ("email", "phone", "timezone", "locale")
TAG_FIELDS = ("tags", "add_tags", "remove_tags")
FIELDS = frozenset({"user_id", *TEXT_FIELDS, "joined", *TAG_FIELDS, "attributes"})
TOLD_BY_US = frozenset({"created", "updated", "first_seen", "last_seen"})
"""Additional fields in responses: ignored when sent back."""

Finding = Callable[[str], str | None]


class ProfileProblems:
    """A collector of the problems of one user's fields; `path` is the prefix of their paths."""

    def __init__(self, path: str = "") -> None:
        self.problems = Problems()
        self._path = path

    def refuse(self, path: str, message: str) -> None:
        """Record a problem."""
        place = f"{self._path}.{path}" if self._path and path else self._path or path
        self.problems.add(place, message.replace("?.", "?"))  # a suggestion ends in a question mark

    def change(self, sent: Mapping[str, Any]) -> ProfileChange:
        """Return the change in these fields; usable only when there are no problems."""
        for name in sent:
            if name not in FIELDS and name not in TOLD_BY_US:
                if self.problems.is_full:
                    self.problems.count(1)
                    continue
                near = find_intended_field(name) if len(self.problems) < MOST_SUGGESTIONS else ""
                advice = near or "; put custom data into `attributes`"
                self.refuse(join("", name), f"Unknown user field{advice}.")
        texts = {name: self._text(sent.get(name, UNSET), name) for name in TEXT_FIELDS}
        change = ProfileChange(
            **texts,
            joined=self._joined(sent.get("joined", UNSET)),
            tags=self._tags(sent.get("tags", UNSET), "tags"),
            add_tags=self._tags(sent.get("add_tags"), "add_tags"),
            remove_tags=self._tags(sent.get("remove_tags"), "remove_tags"),
            attributes=self._attributes(sent.get("attributes")),
        )
        for tag in sorted({*change.add_tags} & {*change.remove_tags}):
            self.refuse("remove_tags", f"The tag {quote_text(tag)} is both added and removed.")
        return change

    def user_id(self, value: Any) -> str:
        """Return the user's id; "" when it is invalid."""
        if not isinstance(value, str):
            missing = "This is required." if value is None else f"This must be text, not {kind_of(value)}."
            self.refuse("user_id", missing)
            return ""
        problem = find_user_id_problem(value) or _problem_of_characters(value)
        if problem is not None:
            self.refuse("user_id", f"This {problem}.")
            return ""
        return value

    def _text(self, value: Any, name: str) -> str | UnsetType | None:
        if value is None or value is UNSET:
            return None if value is None else UNSET
        if not isinstance(value, str):
            self.refuse(name, f"This must be text, not {kind_of(value)}.")
            return UNSET
        problem = PROBLEM_OF[name](value)
        if problem is not None:
            self.refuse(name, f"This {problem}.")
        return value

    def _joined(self, value: Any) -> int | UnsetType | None:
        if value is None or value is UNSET:
            return None if value is None else UNSET
        moment = parse_moment(value) if isinstance(value, str) else None
        if moment is None:
            self.refuse("joined", "This must be a date such as 2026-11-21 or a time such as 2026-11-21T20:35:00Z.")
            return UNSET
        return moment // DAY * DAY

    def _tags(self, value: Any, name: str) -> Sequence[str] | Any:
        if value is None or value is UNSET:
            return () if value is None else UNSET
        if not isinstance(value, list | tuple):
            self.refuse(name, f"This must be a list of tags, not {kind_of(value)}.")
            return ()
        if len(value) > MOST_TAGS:
            self.refuse(name, f"Too many tags: {len(value)}. The maximum is {MOST_TAGS}.")
            return ()
        for number, tag in enumerate(value):
            problem = find_tag_problem(tag) if isinstance(tag, str) else f"must be text, not {kind_of(tag)}"
            if problem is not None:
                self.refuse(f"{name}[{number}]", f"This {problem}.")
        return [tag for tag in value if isinstance(tag, str)]

    def _attributes(self, value: Any) -> Mapping[str, Scalar | None]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.refuse("attributes", f"This must be an object, not {kind_of(value)}.")
            return {}
        if len(value) > MOST_ATTRIBUTES:
            self.refuse("attributes", f"Too many attributes: {len(value)}. The maximum is {MOST_ATTRIBUTES}.")
            return {}
        for path, problem in find_attribute_problems(value):
            self.refuse(path, problem)
        return {
            name: item if item is None else canonical_scalar(item) for name, item in value.items() if is_scalar(item)
        }


@memoize
def find_intended_field(name: str) -> str | None:
    """Return a suggestion for an unknown field name; many rows share the same one."""
    return suggestion(name, FIELDS)


def read_user(sent: Any, path: str = "") -> tuple[str, ProfileChange, Problems]:
    """Return the user's id and the change for one sent user; usable only when there are no problems."""
    reading = ProfileProblems(path)
    if not isinstance(sent, dict):
        reading.refuse("", f"This must be an object with the fields of a user, not {kind_of(sent)}.")
        return "", ProfileChange(), reading.problems
    user_id, change = reading.user_id(sent.get("user_id")), reading.change(sent)
    return user_id, change, reading.problems


def find_profile_problems(
    profile: Profile, path: str = "", *, before: Attributes | None = None
) -> Sequence[ErrorDetail]:
    """Return exceeded limits after a change was merged in: each part was valid by itself.

    Attributes unchanged from `before` are not measured: those stored under an older limit are allowed.
    """
    if not profile.tags and not profile.attributes:
        return ()
    reading = ProfileProblems(path)
    if len(profile.tags) > MOST_TAGS:
        reading.refuse("tags", f"The user would have {len(profile.tags)} tags; the maximum is {MOST_TAGS}.")
    if len(profile.attributes) > MOST_ATTRIBUTES:
        reading.refuse(
            "attributes",
            f"The user would have {len(profile.attributes)} attributes; the maximum is {MOST_ATTRIBUTES}.",
        )
    elif (
        profile.attributes is not before
        and (size := measure_attributes(profile.attributes)) > MAX_ATTRIBUTES_BYTES
        and not any(find_attribute_problem(value) for value in profile.attributes.values())  # which is told by itself
    ):
        reading.refuse(
            "attributes",
            f"The user's attributes would have {size:,} bytes as JSON; the maximum is {MAX_ATTRIBUTES_BYTES:,}.",
        )
    return list(reading.problems)


def find_attribute_problems(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the places and descriptions of problems with attributes."""
    for name, value in attributes.items():
        path = join("attributes", name)
        problem = find_attribute_name_problem(name)
        if problem is not None:
            yield path, f"The name of this attribute {problem}."
        problem = find_attribute_problem(value)
        if problem is not None:
            yield path, f"This {problem}."


def is_scalar(value: Any) -> bool:
    """Return whether a value is text, a number, a boolean or null."""
    return value is None or isinstance(value, str | int | float | bool)


@memoize
def find_attribute_name_problem(name: str) -> str | None:
    """Return the problem with the name of an attribute."""
    if not 0 < len(name) <= MAX_ATTRIBUTE_NAME_CHARACTERS:
        return f"must have 1 to {MAX_ATTRIBUTE_NAME_CHARACTERS} characters"
    if CONTROL_CHARACTER.search(name):
        return "must not contain control characters"
    return _problem_of_characters(name)


def find_attribute_problem(value: Any) -> str | None:
    """Return the problem with the value of an attribute; None, which removes one, is valid."""
    if isinstance(value, str):
        if len(value) > MAX_ATTRIBUTE_CHARACTERS:
            return f"has {len(value):,} characters; the maximum is {MAX_ATTRIBUTE_CHARACTERS:,}"
        return _problem_of_characters(value)
    if isinstance(value, float):
        return None if math.isfinite(value) else "is not a number that can be stored"
    if isinstance(value, int):
        return None if abs(value) <= LARGEST_INTEGER else "is too large a number: send it as text"
    return None if value is None else f"must be text, a number, true or false, not {kind_of(value)}"


def _problem_of_characters(text: str) -> str | None:
    if text.isascii():
        return "contains a NUL character" if "\0" in text else None
    if "\0" in text:
        return "contains a NUL character"
    return "contains half a surrogate pair" if SURROGATE.search(text) else None


def find_email_problem(text: str) -> str | None:
    """Return the problem with an e-mail address, without querying a mail server."""
    if len(text) > MAX_EMAIL_CHARACTERS:
        return f"has {len(text)} characters; the maximum is {MAX_EMAIL_CHARACTERS}"
    if EMAIL.fullmatch(text) is None:
        return "is not a valid e-mail address: it needs one @ followed by a domain with a dot, without spaces"
    return _problem_of_characters(text)


def find_phone_problem(text: str) -> str | None:
    """Return the problem with a phone number."""
    if not 0 < len(text) <= MAX_PHONE_CHARACTERS:
        return f"must have 1 to {MAX_PHONE_CHARACTERS} characters"
    return "must not contain control characters" if CONTROL_CHARACTER.search(text) else _problem_of_characters(text)


@memoize
def find_timezone_problem(text: str) -> str | None:
    """Return the problem with the name of a time zone."""
    if text in timezone_names():
        return None
    word = text[:MAX_TIMEZONE_CHARACTERS].strip().replace(" ", "_").casefold()
    near = _timezones_by_word().get(word) or _timezones_by_word().get(word.rpartition("/")[2])
    return f"is not an IANA time zone{f'; did you mean {quote_text(near)}?' if near else ', such as Europe/Berlin'}"


@functools.cache
def timezone_names() -> Collection[str]:
    """Return the names of all time zones."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@functools.cache
def _timezones_by_word() -> Mapping[str, str]:
    """Return time zones by full name and by last part, case-insensitively, as people write them."""
    names = sorted(timezone_names(), key=len, reverse=True)
    by_place = {name.rpartition("/")[2].casefold(): name for name in names}
    return by_place | {name.casefold(): name for name in names}


@memoize
def find_locale_problem(text: str) -> str | None:
    """Return the problem with the name of a locale."""
    if len(text) <= MAX_LOCALE_CHARACTERS and LOCALE.fullmatch(text):
        return None
    dashed = text.partition(".")[0].replace("_", "-")
    advice = f"; did you mean {quote_text(dashed)}?" if LOCALE.fullmatch(dashed) else ", such as en or pt-BR"
    return f"is not a BCP 47 tag{advice}"


PROBLEM_OF: Mapping[str, Finding] = {
    "email": find_email_problem,
    "phone": find_phone_problem,
    "timezone": find_timezone_problem,
    "locale": find_locale_problem,
}


@memoize
def find_tag_problem(tag: str) -> str | None:
    """Return the problem with a user tag."""
    levels = tag.split("/")
    if len(levels) > MOST_TAG_LEVELS:
        return f"has {len(levels)} levels; the maximum is {MOST_TAG_LEVELS}"
    for level in levels:
        if not level or level != level.strip():
            return "has a level that is empty or surrounded by spaces"
        if len(level) > MAX_TAG_LEVEL_CHARACTERS:
            return f"has a level of {len(level)} characters; the maximum is {MAX_TAG_LEVEL_CHARACTERS}"
    if CONTROL_CHARACTER.search(tag):
        return "must not contain control characters"
    if tag != tag.lower():
        return f"must be lowercase: {quote_text(tag.lower())}"
    return _problem_of_characters(tag)
