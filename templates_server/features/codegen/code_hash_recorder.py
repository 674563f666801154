"""The revisions of each code hash, recorded when code is rendered: apps in production send only the hash."""

from __future__ import annotations

import logging

from templates_server.errors import Unavailable
from templates_server.features.codegen import store
from templates_server.features.codegen.generator import GENERATOR
from templates_server.features.codegen.loader import InputVersion
from templates_server.storage.database import Database

LOGGER = logging.getLogger("templates_server")


async def record_rendering(database: Database, version: InputVersion, code_hash: str, *, now: int) -> None:
    """Store the revisions of a code hash, once; an existing record is not written again.

    Code is returned even if this fails: the failure is logged, and the next request retries.
    """
    rendering = store.CodeHashRecord(
        version.space_id, code_hash, version.model_revision, version.delivery_revision, GENERATOR, now
    )
    try:
        if not await store.is_known(database, version.space_id, code_hash):
            await database.write(lambda connection: store.add_code_hash(connection, rendering), is_repeatable=True)
    except Unavailable as error:  # the database does not answer now, which is no fault of this
        LOGGER.warning("could not record the revisions of a code hash: %s", error)
    except Exception:  # whoever asked gets their code
        LOGGER.exception("could not record the revisions of a code hash")
