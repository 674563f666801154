"""`/v2/.../environments/:environment/signed-ids`: whether user ids must be signed there, and the secret."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.features.audit import store as audit
from templates_server.features.spaces.signed_ids import store
from templates_server.features.spaces.signed_ids.schemas import SignedIds, SignedIdsPut
from templates_server.features.spaces.signed_ids.store import SigningState
from templates_server.http.context import Call
from templates_server.http.response import ApiResult


async def show(call: Call) -> ApiResult:
    """Return the current settings."""
    environment_id = call.environment_id
    signing = await call.database.read(lambda connection: store.find_signing(connection, environment_id))
    return _answer(call, signing)


async def change(call: Call) -> Response:
    """Change the settings; the secret stays the same unless a new one is requested."""
    wanted: SignedIdsPut = call.body
    environment_id = call.environment_id

    def store_wanted(connection: Connection) -> ApiResult:
        present = store.lock_signing(connection, environment_id)
        signing = SigningState(wanted.required, present.version + 1 if wanted.rotate else present.version)
        if signing != present:
            store.store_signing(connection, environment_id, signing)
            details = {"required": signing.required, "rotated": wanted.rotate}
            audit.record(connection, call.deed("signing.change", environment_id, details=details))
        return _answer(call, signing)

    return await call.effect(store_wanted)


def _answer(call: Call, signing: SigningState) -> ApiResult:
    secret = call.services.user_signatures.secret(call.environment_id, signing.version)
    return ApiResult([SignedIds(signing.required, secret)], "signed_ids")
