"""The bucket of a person is the same whole number in Python, SQLite and PostgreSQL: no product is too large."""

from __future__ import annotations

import contextlib
import sqlite3

import psycopg
from hypothesis import example, given
from hypothesis import strategies as st

from templates_server.features.tribes.sql_fragments import DIALECTS, sql
from templates_server.primitives.shares import BUCKETS, PRIME, ShareDraw

P = 2**31 - 1
multipliers = st.sampled_from((1, 2, P // 2, P - 2, P - 1)) | st.integers(1, P - 1)
remainders = st.sampled_from((0, 1, P // 2, P - 2, P - 1)) | st.integers(0, P - 1)


def bucket_in_sql(dialect: str, multiplier: int, number: str, increment: int) -> str:
    drawn = sql(f"{{}} * {number} + {{}}", multiplier, increment)
    there = DIALECTS[dialect]
    return there.finished(there.remainder(there.remainder(drawn, PRIME), BUCKETS)).text


@given(multipliers, remainders, remainders)
@example(P - 1, P - 1, P - 1)
def test_sqlite_draws_the_same_buckets_in_whole_numbers(multiplier: int, number: int, increment: int) -> None:
    query = bucket_in_sql("sqlite", multiplier, "persons.share_number", increment)
    product = "typeof(? * persons.share_number + ?)"
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE persons (share_number BIGINT)")
        connection.execute("INSERT INTO persons VALUES (?)", (number,))
        values = (multiplier, increment)
        row = connection.execute(f"SELECT {query}, typeof({query}), {product} FROM persons", values * 3).fetchone()  # noqa: S608 - what is tested
    assert row == (ShareDraw(multiplier, increment).bucket_of(number), "integer", "integer")


def test_a_larger_prime_would_have_made_a_real_of_it() -> None:
    """The check above can fail: SQLite turns what is too large into a double."""
    largest = 2**32 - 5
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        query = "SELECT typeof(? * ? + ?), typeof(? * ? + ?)"
        assert connection.execute(query, (largest - 1,) * 3 + (P - 1,) * 3).fetchone() == ("real", "integer")


@given(st.lists(st.tuples(multipliers, remainders, remainders), min_size=1, max_size=50))
@example([(P - 1, P - 1, P - 1)])
def test_postgresql_draws_the_same_buckets(
    postgres_connection: psycopg.Connection[tuple[int]], drawn: list[tuple[int, int, int]]
) -> None:
    query = bucket_in_sql("postgresql", 0, "n.share_number", 0)
    found = [
        postgres_connection.execute(
            f"SELECT {query} FROM (SELECT CAST(%s AS bigint) AS share_number) AS n",  # noqa: S608 - what is tested
            (multiplier, increment, number),
        ).fetchone()
        for multiplier, number, increment in drawn
    ]
    assert found == [(ShareDraw(multiplier, increment).bucket_of(number),) for multiplier, number, increment in drawn]
