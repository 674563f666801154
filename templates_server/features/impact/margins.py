"""How far a share that was found in a sample of people can be from that of all people. Pure."""

from __future__ import annotations

import math

CRITICAL_VALUE = 1.959963984540054  # of the normal distribution, two-sided, at 95%
DECIMALS = 4
ONE_STEP = 10_000


def percent_of(count: int, looked_at: int) -> float:
    """Return a part of the evaluated people in percent, to four decimals; 0 for nobody."""
    return round(100 * count / looked_at, DECIMALS) if looked_at else 0.0


def margin_of(count: int, looked_at: int) -> float:
    """Return how many percentage points the true share differs at most, in 95 of 100 samples; 100 for nobody.

    It is the larger half of Wilson's interval with continuity correction (Newcombe 1998, method 4), rounded up. The
    size of the sample relative to everybody is ignored: the margin is then too large, never too small.
    """
    if not looked_at:
        return 100.0
    share = count / looked_at
    low, high = _interval(share, looked_at)
    return min(100.0, math.ceil(max(share - low, high - share) * 100 * ONE_STEP + 1) / ONE_STEP)


def _interval(share: float, number: int) -> tuple[float, float]:
    squared = CRITICAL_VALUE**2
    center, scale = 2 * number * share + squared, 2 * (number + squared)
    inner = squared - 1 / number + 4 * number * share * (1 - share)
    below = CRITICAL_VALUE * math.sqrt(max(inner + 4 * share - 2, 0.0)) + 1
    above = CRITICAL_VALUE * math.sqrt(max(inner - 4 * share + 2, 0.0)) + 1
    low = 0.0 if share == 0 else max(0.0, (center - below) / scale)
    high = 1.0 if share == 1 else min(1.0, (center + above) / scale)
    return low, high
