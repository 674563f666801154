"""Times: read with their offset, written in UTC."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.primitives.timestamps import parse_rfc3339, to_rfc3339


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-21T20:35:00Z", 1_795_293_300_000),
        ("2026-11-21t20:35:00z", 1_795_293_300_000),
        ("2026-11-21 20:35:00Z", 1_795_293_300_000),
        ("2026-11-21T22:05:00+01:30", 1_795_293_300_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("1970-01-01T00:00:00.1Z", 100),
        ("1970-01-01T00:00:00.123999Z", 123),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
    ],
)
def test_a_time_is_read_with_its_offset(text: str, milliseconds: int) -> None:
    assert parse_rfc3339(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-21", "2026-11-21T20:35:00", "2026-11-21T20:35Z", "2026-02-30T00:00:00Z", "2026-11-21T24:00:00Z",
     "2026-11-21T20:35:60Z", "2026-11-21T20:35:00+25:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
     "٢٠٢٦-11-21T20:35:00Z", "2026-11-21T20:35:00Z\n", "2026-11-21T20:35:00 Z", "1795293300"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the reason is the caller's to word
        parse_rfc3339(text)


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_a_time_that_was_written_is_read_back(milliseconds: int) -> None:
    assert parse_rfc3339(to_rfc3339(milliseconds)) == milliseconds
    assert to_rfc3339(milliseconds).endswith("Z")
