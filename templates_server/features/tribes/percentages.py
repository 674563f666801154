"""Percentages of a share as documents write them, and as whole hundredths, which are numbers of buckets. Pure."""

from __future__ import annotations

HUNDREDTHS = 100  # of a percent
MOST = 100


def to_hundredths(percent: float) -> int | None:
    """The hundredths that a number of 0 to 100 states; None when it is another, or has more than two decimals.

    0.29 * 100 is less than 29, so the number is not multiplied out: it has two decimals if it is what they are read as.
    """
    if not 0 <= percent <= MOST:
        return None
    hundredths = round(percent * HUNDREDTHS)
    return hundredths if hundredths / HUNDREDTHS == percent else None


def to_percent(hundredths: int) -> int | float:
    """The number that states so many hundredths: a whole one where it can be."""
    whole, rest = divmod(hundredths, HUNDREDTHS)
    return hundredths / HUNDREDTHS if rest else whole
