"""Reading and writing the rows of any database: every table in a schema, in an order that respects references."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from templates_server.features.operations.backup_archive import NotABackup

ROWS_A_CHUNK = 5000
MOST, MOST_BIG = 2**31 - 1, 2**63 - 1
REFUSED = (IntegrityError, DataError, ValueError, OverflowError)  # by the rows, not by the database's state
ALEMBIC_TABLE = "alembic_version"  # the manifest says it


def tables_of(connection: Connection) -> Sequence[Table]:
    """Return the existing tables, each after those that it references."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != ALEMBIC_TABLE]


def is_empty(connection: Connection) -> bool:
    """Return whether the database has no tables."""
    return not inspect(connection).get_table_names()


def chunks_of(connection: Connection, table: Table) -> Iterator[tuple[int, bytes]]:
    """Yield the rows of a table in key order, as counted pieces of JSON lines."""
    query = select(table).order_by(*table.primary_key.columns)
    result = connection.execution_options(yield_per=ROWS_A_CHUNK, stream_results=True).execute(query)
    for rows in result.mappings().partitions(ROWS_A_CHUNK):
        yield len(rows), b"".join(msgspec.json.encode(_as_json(row)) + b"\n" for row in rows)


class TableReader:
    """A reader that stores the rows of one table. NotABackup names the piece and line of an invalid row."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._names = [str(column.name) for column in table.columns]
        fields = [(f"field_{number}", _type_of(column)) for number, column in enumerate(table.columns)]
        renamed = {field: name for (field, _), name in zip(fields, self._names, strict=True)}
        row = msgspec.defstruct("Row", fields, rename=renamed, forbid_unknown_fields=True, frozen=True)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(row)

    def insert(self, connection: Connection, name: str, piece: bytes) -> int:
        """Store the rows of a piece and return their number."""
        rows = self._read(name, piece)
        if not rows:
            return 0
        try:
            with connection.begin_nested():
                connection.execute(insert(self._table), rows)
        except REFUSED:
            self._insert_each(connection, name, rows)
        return len(rows)

    def _read(self, name: str, piece: bytes) -> list[dict[str, Any]]:
        *lines, rest = piece.split(b"\n")
        if rest:
            raise NotABackup(f"{name}, line {len(lines) + 1}: incomplete line")
        return [self._read_line(f"{name}, line {number}", line) for number, line in enumerate(lines, start=1)]

    def _read_line(self, place: str, line: bytes) -> dict[str, Any]:
        try:
            values = msgspec.structs.astuple(self._decoder.decode(line))
        except (ValueError, RecursionError) as error:
            raise NotABackup(f"{place}: invalid row for this table ({error})") from None
        return {
            name: value.base64 if isinstance(value, _Binary) else value
            for name, value in zip(self._names, values, strict=True)
        }

    def _insert_each(self, connection: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store rows one by one, to find the rejected one."""
        for number, row in enumerate(rows, start=1):
            try:
                with connection.begin_nested():
                    connection.execute(insert(self._table), [row])
            except REFUSED as error:
                reason = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]
                raise NotABackup(f"{name}, line {number}: the database rejects the row ({reason})") from None


class _Binary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    base64: bytes


def _type_of(column: Column[Any]) -> Any:
    """Return the JSON type of a column."""
    kind: Any = _Binary if isinstance(column.type, LargeBinary) else str
    if isinstance(column.type, Integer):
        most = MOST_BIG if isinstance(column.type, BigInteger) else MOST
        kind = Annotated[int, msgspec.Meta(ge=-most - 1, le=most)]
    return kind | None if column.nullable else kind


def _as_json(row: Any) -> dict[str, Any]:
    return {
        name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in row.items()
    }
