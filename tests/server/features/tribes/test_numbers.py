"""A number is the same double for Python, SQLite and PostgreSQL, however it is written."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import struct

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from templates_server.features.people.profile import canonical_scalar, encode_attributes
from templates_server.primitives.yaml_json import LARGEST_INTEGER

SPECIAL = (0.1 + 0.2, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -0.0, 2.0**53, 2.0**63, 1e22, 1e23)
doubles = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 2**64 - 1)
    .map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
    .filter(lambda x: x - x == 0),
    st.sampled_from(SPECIAL),
    st.decimals(-(10**9), 10**9, places=6).map(float),
    st.integers(-LARGEST_INTEGER, LARGEST_INTEGER),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(doubles, min_size=1, max_size=500))
def test_numbers_are_read_alike(postgres_connection: psycopg.Connection[tuple[float]], numbers: list[float]) -> None:
    texts = [encode_attributes({"n": canonical_scalar(number)}) for number in numbers]
    expected = [float(number) for number in numbers]
    assert [float(json.loads(text)["n"]) for text in texts] == expected
    with contextlib.closing(sqlite3.connect(":memory:")) as sqlite:
        query = "SELECT CAST(json_extract(value, '$.n') AS REAL) FROM json_each(?) ORDER BY key"
        found = [row[0] for row in sqlite.execute(query, (json.dumps(texts),))]
    assert found == expected
    query = "SELECT CAST(CAST(t AS jsonb) -> 'n' AS double precision) FROM unnest(%s::text[]) AS t"
    assert [row[0] for row in postgres_connection.execute(query, (texts,))] == expected
