"""Rows out of any database and into any: every table that a schema has, in an order that keeps references whole."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, LargeBinary, MetaData, Table, insert, inspect, select

ROWS_A_CHUNK = 5000
ALEMBIC_TABLE = "alembic_version"  # the manifest says it


def tables_of(connection: Connection) -> Sequence[Table]:
    """The tables that are there, each after those that it refers to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != ALEMBIC_TABLE]


def is_empty(connection: Connection) -> bool:
    """Whether the database holds no table at all."""
    return not inspect(connection).get_table_names()


def chunks_of(connection: Connection, table: Table) -> Iterator[tuple[int, bytes]]:
    """The rows of a table in the order of its key, as counted pieces of JSON lines."""
    query = select(table).order_by(*table.primary_key.columns)
    result = connection.execution_options(yield_per=ROWS_A_CHUNK, stream_results=True).execute(query)
    for rows in result.mappings().partitions(ROWS_A_CHUNK):
        yield len(rows), b"".join(msgspec.json.encode(_as_json(row)) + b"\n" for row in rows)


def insert_chunk(connection: Connection, table: Table, chunk: bytes) -> int:
    """Store the rows of a piece; how many they are."""
    binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    rows = [_from_json(msgspec.json.decode(line), binary) for line in chunk.splitlines()]
    if rows:
        connection.execute(insert(table), rows)
    return len(rows)


def _as_json(row: Any) -> dict[str, Any]:
    return {
        name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in row.items()
    }


def _from_json(row: dict[str, Any], binary: set[str]) -> dict[str, Any]:
    for name in binary & row.keys():
        if row[name] is not None:
            row[name] = base64.b64decode(row[name]["base64"])
    return row
