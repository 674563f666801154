"""A bare connection to PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.servers import PostgresServer


@pytest.fixture(scope="module")
def postgres_connection(postgres: PostgresServer) -> Iterator[psycopg.Connection[tuple[float]]]:
    """Nothing is written by it."""
    with psycopg.connect(postgres.new_database_url(), autocommit=True) as connection:
        yield connection
