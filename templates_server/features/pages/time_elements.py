"""Times for people: relative and exact."""

from __future__ import annotations

from datetime import timedelta

from markupsafe import Markup

from templates_server.primitives.timestamps import DAY, EPOCH, HOUR, MINUTE, SECOND, parse_rfc3339

JUST_NOW = 10 * SECOND
UNITS = ((365 * DAY, "year"), (30 * DAY, "month"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))


def relative(moment: int, now: int) -> str:
    """Format a time relative to now: `3 minutes ago`, `in 30 days`, `just now`. In milliseconds."""
    distance = abs(now - moment)
    if distance < JUST_NOW:
        return "just now"
    length, unit = next((length, unit) for length, unit in UNITS if distance >= length)
    number = distance // length if moment < now else round(distance / length)
    text = f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{text} ago" if moment < now else f"in {text}"


def exact(moment: int) -> str:
    """Format a time to the second, in UTC: `30 Nov 2026, 11:38:59 UTC`."""
    return f"{EPOCH + timedelta(milliseconds=moment):%-d %b %Y, %H:%M:%S} UTC"


def in_words(moment: int) -> str:
    """Format a time with its weekday, and seconds unless 0: `Thu 3 Dec 2026, 23:00 UTC`."""
    time = EPOCH + timedelta(milliseconds=moment)
    seconds = f":{time:%S.%f}".rstrip("0").rstrip(".") if moment % MINUTE else ""
    return f"{time:%a %-d %b %Y, %H:%M}{seconds} UTC"


def moment_element(text: str) -> Markup | None:
    """Return a time in RFC 3339 as HTML, in words with the stored form on hover; None for any other text."""
    try:
        words = in_words(parse_rfc3339(text))
    except ValueError:
        return None
    return Markup('<time datetime="{}" title="{}">{}</time>').format(text, text, words)


def time_element(text: str, now: int) -> Markup:
    """Return a time in RFC 3339 as HTML: relative, with the exact time on hover."""
    moment = parse_rfc3339(text)
    element = Markup('<time datetime="{}" title="{}" data-relative>{}</time>')
    return element.format(text, exact(moment), relative(moment, now))
