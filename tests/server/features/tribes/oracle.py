"""What the rules of tribes mean, written down once more and as plainly as can be: from the document's own words.

Nothing of the server is used here, so that a mistake in what both evaluators share is seen too.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DATES = ("created", "first_seen", "last_seen", "joined")
TEXTS = {
    "email": "email",
    "locale": "locale",
    "timezone": "timezone",
    "device.os": "os",
    "device.model": "model",
    "app.platform": "platform",
}
VERSIONS = {"app.version": "app_version", "device.os_version": "os_version"}
MILLISECOND = timedelta(milliseconds=1)
UNKNOWN = None
P = 2**31 - 1


@dataclass(frozen=True)
class Happened:
    """An event; `data` is the text that is stored."""

    name: str
    at: datetime
    metadata: Mapping[str, str] | None
    data: str | None = None


@dataclass(frozen=True)
class History:
    """A person, and what they did. Times are datetimes; `joined` is a date."""

    number: int
    kind: str
    created: datetime
    first_seen: datetime | None
    last_seen: datetime | None
    joined: date | None
    email: str | None
    locale: str | None
    timezone: str | None
    os: str | None
    model: str | None
    tags: tuple[str, ...]
    attributes: Mapping[str, str | int | float | bool]
    events: tuple[Happened, ...] = ()
    sessions: tuple[datetime, ...] = ()
    share_number: int = 0
    fields: Mapping[str, str | int | float | bool | None] | None = field(default=None)
    platform: str | None = None
    app_version: str | None = None  # as the app said it, and so is the other
    os_version: str | None = None


def is_member(tribe: Mapping[str, Any], person: History, now: datetime, *, kept: timedelta) -> bool | None:
    """Whether the person is in the tribe; None when only a session could tell."""
    if tribe["audience"] != "all" and tribe["audience"] != f"{person.kind}s":
        return False
    outcomes = [matches(each, person, now, kept=kept) for each in tribe["filters"]]
    decisive: bool = tribe["match"] == "any"
    if decisive in outcomes:
        return decisive
    return UNKNOWN if UNKNOWN in outcomes else not decisive


def matches(rule: Mapping[str, Any], person: History, now: datetime, *, kept: timedelta) -> bool | None:
    """Whether one filter holds."""
    if "tag" in rule:
        return any(tag.split("/")[: len(rule["tag"].split("/"))] == rule["tag"].split("/") for tag in person.tags)
    if "event" in rule:
        is_done = often_enough(rule["frequency"], count_of_events(rule, person, now, kept=kept))
        return is_done is (rule["condition"] == "have_done")
    if "share" in rule:
        return is_in_share(rule["share"], person.share_number)
    if "contextual" in rule and person.fields is None:
        return UNKNOWN
    return compare(rule["operator"], rule.get("value"), value_of(rule, person, now), now)


# Shares


def share_number(kind: str, called: str) -> int:
    """The number of a person who was not merged."""
    return int.from_bytes(hashlib.sha256(f"{kind}\0{called}".encode()).digest()[24:32], "big") % P


def bucket(salt: str, number: int) -> int:
    digest = hashlib.sha256(f"share\0{salt}".encode()).digest()
    a, b = (int.from_bytes(digest[start : start + 8], "big") for start in (0, 8))
    return int((a % (P - 1) + 1) * number + b % P) % P % 10_000


def is_in_share(share: Mapping[str, Any], number: int) -> bool:
    """By decimals as they are written: no double has a say."""
    place = Decimal(bucket(share["salt"], number)) / 100
    return Decimal(str(share["from"])) <= place < Decimal(str(share["to"]))


# Events


def count_of_events(rule: Mapping[str, Any], person: History, now: datetime, *, kept: timedelta) -> int:
    wanted = rule.get("metadata", {})
    return sum(
        event.name == rule["event"]
        and now - event.at < kept
        and in_timeframe(rule["timeframe"], event.at, now)
        and all((event.metadata or {}).get(key) == value for key, value in wanted.items())
        and all(
            compare(each["operator"], each.get("value"), value_in(event.data, each["path"]), now)
            for each in rule.get("data", ())
        )
        for event in person.events
    )


class TooLarge:
    """A number that no double holds: it is there, and equals nothing."""


def value_in(data: str | None, path: list[str]) -> Any:
    """The scalar at the end of the path, or None where there is none."""
    found = None if data is None else json.loads(data)
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if isinstance(found, int | float) and not isinstance(found, bool):
        try:
            return found if math.isfinite(float(found)) else TooLarge()
        except OverflowError:
            return TooLarge()
    return found if isinstance(found, str | bool) else None


def often_enough(frequency: Any, count: int) -> bool:
    if frequency == "any":
        return count >= 1
    [(word, number)] = frequency.items()
    return bool({"more_than": count > number, "less_than": count < number, "exactly": count == number}[word])


def in_timeframe(timeframe: Any, at: datetime, now: datetime) -> bool:
    if timeframe == "any_time":
        return True
    [(word, value)] = timeframe.items()
    if word in {"after", "on_day", "before"}:
        return dated(word, value, at)
    days = (now.date() - at.date()).days
    return bool({"more_than": days > value, "less_than": 0 <= days < value, "exactly": days == value}[word])


# Values


@dataclass(frozen=True)
class Time:
    """A field that is a date, and is nothing else."""

    at: datetime


def value_of(rule: Mapping[str, Any], person: History, now: datetime) -> Any:
    """A scalar, a Time, or None where it is missing."""
    if "contextual" in rule:
        return (person.fields or {}).get(rule["contextual"].removeprefix("fields."))
    if "behaviour" in rule:
        return behaviour(rule["behaviour"], person, now)
    name = rule["attribute"]
    if name in TEXTS:
        return getattr(person, TEXTS[name])
    if name in VERSIONS:
        return version_of(getattr(person, VERSIONS[name]))
    if name in DATES:
        value = getattr(person, name)
        if value is None:
            return None
        return Time(value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC))
    return person.attributes.get(name.removeprefix("attributes."))


def behaviour(name: str, person: History, now: datetime) -> int | None:
    if name == "sessions_30_days":
        return sum(0 <= (now.date() - began.date()).days < 30 for began in person.sessions)
    return None if person.last_seen is None else max(0, (now.date() - person.last_seen.date()).days)


def time_of(text: Any) -> datetime | None:
    """The day (its beginning) or time that a text says."""
    if not isinstance(text, str):
        return None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return datetime.fromisoformat(f"{text}T00:00:00+00:00")
        except ValueError:
            return None
    match = re.fullmatch(r"([0-9-]{10})[tT ]([0-9:]{8})(?:\.([0-9]+))?(?:[zZ]|([+-][0-9]{2}:[0-9]{2}))", text)
    if match is None or len(text) > 40:
        return None
    day, clock, fraction, offset = match.groups()
    try:
        whole = datetime.fromisoformat(f"{day}T{clock}{offset or '+00:00'}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return whole + int((fraction or "0")[:3].ljust(3, "0")) * MILLISECOND


def version_of(text: str | None) -> tuple[list[int], bool] | None:
    """Its four numbers, and whether it is a release, in the order of which versions are; None where it is none."""
    if text is None:
        return None
    main, dash, mark = text.removeprefix("v").partition("+")[0].partition("-")
    numbers = main.split(".")
    if (dash and not mark) or len(numbers) > 4:
        return None
    if not all(number.isascii() and number.isdigit() and len(number) <= 10 for number in numbers):
        return None
    return [*map(int, numbers), *[0] * (4 - len(numbers))], not dash


def compare_versions(operator: str, found: Any, wanted: Any) -> bool:
    if found is None:
        return False
    return bool(
        {
            "version_equals": found == wanted,
            "version_at_least": found >= wanted,
            "version_below": found < wanted,
        }[operator]
    )


def span_of(text: str) -> tuple[datetime, datetime]:
    """From when until before when a written date lasts."""
    at = time_of(text)
    assert at is not None, text
    return at, at + (timedelta(days=1) if len(text) == 10 else MILLISECOND)


def dated(word: str, value: str, at: datetime) -> bool:
    begins, ends = span_of(value)
    return {"before": at < begins, "after": at >= ends, "on_day": at.date() == begins.date()}[word]


def double(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def same(found: Any, value: Any) -> bool:
    if isinstance(found, Time):
        return time_of(value) is not None and span_of(value)[0] <= found.at < span_of(value)[1]
    if isinstance(found, bool) or isinstance(value, bool):
        return found is value
    if double(value) is not None:
        return double(found) == double(value)
    return isinstance(found, str) and found == value


def compare(operator: str, value: Any, found: Any, now: datetime) -> bool:  # noqa: C901, PLR0912 - one line an operator
    number, text = double(found), found if isinstance(found, str) else None
    at = found.at if isinstance(found, Time) else time_of(found)
    days = None if at is None else (now.date() - at.date()).days
    match operator:
        case "version_equals" | "version_at_least" | "version_below":
            return compare_versions(operator, found, version_of(value))
        case "exists":
            return found is not None
        case "not_exists":
            return found is None
        case "equals":
            return same(found, value)
        case "not_equals":
            return not same(found, value)
        case "in":
            return any(same(found, one) for one in value)
        case "not_in":
            return not any(same(found, one) for one in value)
        case "contains":
            return text is not None and value in text
        case "not_contains":
            return text is None or value not in text
        case "starts_with":
            return text is not None and text[: len(value)] == value
        case "ends_with":
            return text is not None and len(text) >= len(value) and text[len(text) - len(value) :] == value
        case "greater_than":
            return number is not None and number > float(value)
        case "greater_or_equal":
            return number is not None and number >= float(value)
        case "less_than":
            return number is not None and number < float(value)
        case "less_or_equal":
            return number is not None and number <= float(value)
        case "between" if isinstance(value[0], str):
            return at is not None and span_of(value[0])[0] <= at < span_of(value[1])[1]
        case "between":
            return number is not None and float(value[0]) <= number <= float(value[1])
        case "less_than_days_ago":
            return days is not None and 0 <= days < value
        case "more_than_days_ago":
            return days is not None and days > value
        case _:
            return at is not None and dated(operator, value, at)
