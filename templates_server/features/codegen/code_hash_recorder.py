"""Which revisions a code hash stands for, recorded when code is rendered: apps in the field send the hash alone."""

from __future__ import annotations

import logging

from templates_server.errors import Unavailable
from templates_server.features.codegen import store
from templates_server.features.codegen.generator import GENERATOR
from templates_server.features.codegen.loader import InputVersion
from templates_server.storage.database import Database

LOGGER = logging.getLogger("templates_server")


async def record_rendering(database: Database, version: InputVersion, code_hash: str, *, now: int) -> None:
    """Store what a code hash was made from, once; where it is stored already, nothing is written.

    Code is given out without it: where it cannot be stored, that is logged, and the next request tries again.
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
