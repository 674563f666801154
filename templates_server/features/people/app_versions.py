"""Versions as sortable keys: of an app and of its operating system. Pure.

A version has one to four numbers of up to ten digits. A leading `v` and the part after a `+` are ignored; a part after
a `-` makes it a pre-release, and all pre-releases of a version are equal: `2.3.0-beta` and `2.3.0-rc.1` are equal, and
before `2.3.0`. Anything else is unreadable and never matches.
"""

from __future__ import annotations

import re

MOST_NUMBERS = 4
MOST_DIGITS = 10
SHOWN_NUMBERS = 3  # at least, as most versions have so many
PRE_RELEASE, RELEASE = "0", "1"
VERSION_RULE = (
    "is not a version such as 2.3 or 2.3.0-beta: use one to four numbers of up to ten digits, separated by dots"
)
VERSION = re.compile(
    rf"v?([0-9]{{1,{MOST_DIGITS}}}(?:\.[0-9]{{1,{MOST_DIGITS}}}){{0,{MOST_NUMBERS - 1}}})(-[^+]+)?(?:\+.*)?", re.DOTALL
)


def version_key(text: str) -> str | None:
    """Return 41 digits that sort like versions by code points, equal for equal versions; None if unreadable."""
    match = VERSION.fullmatch(text)
    if match is None:
        return None
    numbers = match[1].split(".")
    padded = [number.zfill(MOST_DIGITS) for number in (*numbers, *["0"] * (MOST_NUMBERS - len(numbers)))]
    return "".join(padded) + (PRE_RELEASE if match[2] else RELEASE)


def key_of(text: str | None) -> str | None:
    """Return the key of an optional version."""
    return None if text is None else version_key(text)


def version_text(key: str) -> str:
    """Return the version of a key as text: `2.3.0`, or `2.3.0 (pre-release)`."""
    numbers = [
        key[place : place + MOST_DIGITS].lstrip("0") or "0"
        for place in range(0, MOST_NUMBERS * MOST_DIGITS, MOST_DIGITS)
    ]
    shown = numbers if numbers[-1] != "0" else numbers[:SHOWN_NUMBERS]
    return ".".join(shown) + ("" if key[-1] == RELEASE else " (pre-release)")
