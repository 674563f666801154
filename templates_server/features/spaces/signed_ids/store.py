"""All SQL about signed ids: an environment stores the number of its secret, negative while none is required."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from templates_server.errors import NotFound
from templates_server.storage.tables import environments


@dataclass(frozen=True, slots=True)
class SigningState:
    """Whether ids must be signed, and the number of the secret, from 1."""

    required: bool
    version: int


def find_signing(connection: Connection, environment_id: str) -> SigningState:
    """Return the settings of an environment. Raise NotFound if it was deleted meanwhile."""
    return _to_signing_state(connection, _signing_of(environment_id))


def lock_signing(connection: Connection, environment_id: str) -> SigningState:
    """Return the settings, locked by this transaction."""
    return _to_signing_state(connection, _signing_of(environment_id).with_for_update())


def _signing_of(environment_id: str) -> Select[Any]:
    return select(environments.c.signature_version).where(environments.c.id == environment_id)


def _to_signing_state(connection: Connection, query: Select[Any]) -> SigningState:
    number = connection.execute(query).scalar_one_or_none()
    if number is None:
        raise NotFound
    return SigningState(number > 0, max(1, abs(number)))


def store_signing(connection: Connection, environment_id: str, signing: SigningState) -> None:
    """Store the settings."""
    number = signing.version if signing.required else -signing.version
    query = environments.update().where(environments.c.id == environment_id)
    connection.execute(query.values(signature_version=number))
