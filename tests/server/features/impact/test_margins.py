"""The margin of a share in a sample."""

from __future__ import annotations

import random

import pytest

from templates_server.features.impact.margins import margin_of, percent_of

SEEDS = 2_000


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("number", [100, 1_000])
def test_the_margin_holds_in_95_of_100_samples(share: float, number: int) -> None:
    draw = random.Random(f"{share} {number}")  # noqa: S311 - the same each time
    held = 0
    for _ in range(SEEDS):
        count = (
            draw.binomialvariate(number, share)
            if hasattr(draw, "binomialvariate")
            else sum(draw.random() < share for _ in range(number))
        )
        held += abs(percent_of(count, number) - 100 * share) <= margin_of(count, number)
    assert held >= 0.95 * SEEDS


def test_the_margin_is_wilsons_with_continuity_correction() -> None:
    # Newcombe (1998), table I, method 4: 81 of 263 is 0.2535 to 0.3682, 15 of 148 is 0.0598 to 0.1644
    assert margin_of(81, 263) == pytest.approx(100 * max(0.3682 - 81 / 263, 81 / 263 - 0.2535), abs=0.01)
    assert margin_of(15, 148) == pytest.approx(100 * (0.1644 - 15 / 148), abs=0.01)


def test_a_sample_of_nobody_tells_nothing() -> None:
    assert (percent_of(0, 0), margin_of(0, 0)) == (0, 100)
    assert 90 < margin_of(0, 1) == margin_of(1, 1) <= 100
