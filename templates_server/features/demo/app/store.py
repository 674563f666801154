"""All SQL of the demo app: which Space it shows, and with which keys."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from templates_server.storage.tables import environment_keys, environments, spaces


@dataclass(frozen=True)
class Shop:
    """The Space of the demo app and its oldest active key, by environment name."""

    space_id: str
    keys: dict[str, str]


def find_shop(connection: Connection, space_key: str) -> Shop | None:
    """Return the Space with that key, or None if it does not exist."""
    space_id = connection.execute(select(spaces.c.id).where(spaces.c.key == space_key)).scalar_one_or_none()
    if space_id is None:
        return None
    query = (
        select(environments.c.name, environment_keys.c.key)
        .join_from(environments, environment_keys)
        .where(environments.c.space_id == space_id, environment_keys.c.revoked.is_(None))
        .order_by(environment_keys.c.created.desc(), environment_keys.c.id.desc())
    )
    return Shop(space_id, {row.name: row.key for row in connection.execute(query)})
