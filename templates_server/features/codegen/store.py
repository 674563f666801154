"""All SQL for the revisions that generated code was made from."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from templates_server.storage.database import Database
from templates_server.storage.tables import code_renderings, spaces

MOST_RENDERINGS = 10_000  # of a Space: the newest
FIND = "SELECT 1 FROM code_renderings WHERE space_id = ? AND code_hash = ?"


@dataclass(frozen=True, slots=True)
class CodeHashRecord:
    """A code hash of a Space, the revisions it was first rendered from, and the time in milliseconds."""

    space_id: str
    code_hash: str
    model_revision: int
    delivery_revision: int
    generator: str
    rendered: int


async def is_known(database: Database, space_id: str, code_hash: str) -> bool:
    """Return whether the revisions of a code hash are stored."""
    return await database.fetch_one(FIND, space_id, code_hash) is not None


def add_code_hash(connection: Connection, rendering: CodeHashRecord) -> None:
    """Store the revisions of a code hash unless it is stored or the Space deleted; the oldest records are evicted."""
    space_id = rendering.space_id
    held = select(spaces.c.id).where(spaces.c.id == space_id).with_for_update()  # one at a time: the bound holds
    if connection.execute(held).one_or_none() is None or _find(connection, rendering):
        return
    count = connection.execute(select(func.count()).where(code_renderings.c.space_id == space_id)).scalar_one()
    if count >= MOST_RENDERINGS:
        _remove_oldest(connection, space_id, count - MOST_RENDERINGS + 1)
    values = {name: getattr(rendering, name) for name in CodeHashRecord.__slots__}
    connection.execute(insert(code_renderings).values(values))


def _find(connection: Connection, rendering: CodeHashRecord) -> bool:
    table = code_renderings.c
    query = select(table.code_hash).where(table.space_id == rendering.space_id, table.code_hash == rendering.code_hash)
    return connection.execute(query).one_or_none() is not None


def _remove_oldest(connection: Connection, space_id: str, count: int) -> None:
    table = code_renderings.c
    oldest = select(table.code_hash).where(table.space_id == space_id).order_by(table.rendered, table.code_hash)
    connection.execute(
        delete(code_renderings).where(table.space_id == space_id, table.code_hash.in_(oldest.limit(count)))
    )
