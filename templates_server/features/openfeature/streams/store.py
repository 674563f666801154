"""All SQL about event streams: whether the key that opened one is active."""

from __future__ import annotations

from dataclasses import dataclass

from templates_server.storage.database import Database

LIVE_KEY = (
    "SELECT k.environment_id, environments.signature_version FROM environment_keys AS k "
    "JOIN environments ON environments.id = k.environment_id WHERE k.id = ? AND k.revoked IS NULL"
)


@dataclass(frozen=True, slots=True)
class StreamKeyState:
    """An active key: its environment, and the secret that signs ids there."""

    environment_id: str
    signature_version: int


async def find_key(database: Database, key_id: str) -> StreamKeyState | None:
    """Return the key with that id; None when it was revoked or deleted."""
    row = await database.fetch_one(LIVE_KEY, key_id)
    return None if row is None else StreamKeyState(row[0], row[1])
