"""Health and readiness, for load balancers and the command line."""

from __future__ import annotations

import shutil
from http import HTTPStatus

from sqlalchemy.exc import DBAPIError
from starlette.responses import Response

from templates_server.errors import Unavailable
from templates_server.features.operations.health_schemas import Health, Readiness
from templates_server.http.context import Call
from templates_server.http.response import json_response
from templates_server.storage import migrations

LEAST_FREE_BYTES = 64 * 1024 * 1024


async def health(call: Call) -> Response:
    """Return 200 as long as the process responds; `demo` is whether it has a /demo page."""
    return json_response(Health("alive", demo=call.settings.demo))


async def readiness(call: Call) -> Response:
    """Return 200 when requests can be served, otherwise 503; with each check by name."""
    checks = {
        "database": call.database.fault() or "ok",
        "schema": await _schema_state(call),
        "disk": _disk_state(call),
    }
    ready = all(state == "ok" for state in checks.values())
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return json_response(Readiness("ready" if ready else "not ready", checks), status)


async def _schema_state(call: Call) -> str:
    try:
        current = await call.database.read(migrations.current_revision)
    except (DBAPIError, Unavailable):
        return "cannot reach the database"
    return (
        "ok"
        if current == migrations.head_revision()
        else "the schema does not match this version: run `mtribes-server migrate`"
    )


def _disk_state(call: Call) -> str:
    try:
        free_bytes = shutil.disk_usage(call.settings.data_folder).free
    except OSError:
        return "cannot read the data directory"
    return "ok" if free_bytes >= LEAST_FREE_BYTES else "the disk of the data directory is almost full"
