"""Times for people: how long ago, and exactly when."""

from __future__ import annotations

from datetime import timedelta

from markupsafe import Markup

from templates_server.times import DAY, EPOCH, HOUR, MINUTE, SECOND, parse_rfc3339

JUST_NOW = 10 * SECOND
UNITS = ((365 * DAY, "year"), (30 * DAY, "month"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))


def relative(moment: int, now: int) -> str:
    """How long ago that was, or in how long it will be: `3 minutes ago`, `in 30 days`, `just now`. In milliseconds."""
    distance = abs(now - moment)
    if distance < JUST_NOW:
        return "just now"
    length, unit = next((length, unit) for length, unit in UNITS if distance >= length)
    number = distance // length if moment < now else round(distance / length)
    text = f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{text} ago" if moment < now else f"in {text}"


def exact(moment: int) -> str:
    """The same to the second, in UTC: `30 Nov 2026, 11:38:59 UTC`."""
    return f"{EPOCH + timedelta(milliseconds=moment):%-d %b %Y, %H:%M:%S} UTC"


def in_words(moment: int) -> str:
    """The same with its day of the week, and seconds where they are not 0: `Thu 3 Dec 2026, 23:00 UTC`."""
    time = EPOCH + timedelta(milliseconds=moment)
    seconds = f":{time:%S.%f}".rstrip("0").rstrip(".") if moment % MINUTE else ""
    return f"{time:%a %-d %b %Y, %H:%M}{seconds} UTC"


def moment_element(text: str) -> Markup | None:
    """A time in RFC 3339 as HTML, in words, as it is stored for who points at it; None for any other text."""
    try:
        words = in_words(parse_rfc3339(text))
    except ValueError:
        return None
    return Markup('<time datetime="{}" title="{}">{}</time>').format(text, text, words)


def time_element(text: str, now: int) -> Markup:
    """A time in RFC 3339 as HTML: relative, and exact for who points at it."""
    moment = parse_rfc3339(text)
    element = Markup('<time datetime="{}" title="{}" data-relative>{}</time>')
    return element.format(text, exact(moment), relative(moment, now))
