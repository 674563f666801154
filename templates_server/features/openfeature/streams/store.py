"""All SQL about event streams: whether the key that one was opened with is live."""

from __future__ import annotations

from dataclasses import dataclass

from templates_server.storage.database import Database

LIVE_KEY = (
    "SELECT k.environment_id, environments.signature_version FROM environment_keys AS k "
    "JOIN environments ON environments.id = k.environment_id WHERE k.id = ? AND k.revoked IS NULL"
)


@dataclass(frozen=True, slots=True)
class StreamKeyState:
    """A key that is live: of which environment, and which secret signs ids there."""

    environment_id: str
    signature_version: int


async def find_key(database: Database, key_id: str) -> StreamKeyState | None:
    """The key of that id; None when it was revoked, or has gone."""
    row = await database.fetch_one(LIVE_KEY, key_id)
    return None if row is None else StreamKeyState(row[0], row[1])
