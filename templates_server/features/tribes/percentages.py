"""Percentages of a share as written in documents, and as hundredths, which are numbers of buckets. Pure."""

from __future__ import annotations

HUNDREDTHS = 100  # of a percent
MOST = 100


def to_hundredths(percent: float) -> int | None:
    """Return the hundredths of a number from 0 to 100; None if it is outside, or has more than two decimals.

    0.29 * 100 is less than 29, so the number is not multiplied: it has two decimals if parsing them gives it again.
    """
    if not 0 <= percent <= MOST:
        return None
    hundredths = round(percent * HUNDREDTHS)
    return hundredths if hundredths / HUNDREDTHS == percent else None


def to_percent(hundredths: int) -> int | float:
    """Return the number of percent for hundredths: an integer if possible."""
    whole, rest = divmod(hundredths, HUNDREDTHS)
    return hundredths / HUNDREDTHS if rest else whole
