"""THE URL TABLE: every path of the server, who may use it, what it reads and gives."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.endpoint import Route, Surface
from templates_server.system import api as system

SYSTEM_ROUTES = (
    Route("GET", "/healthz", system.health, Surface.SYSTEM, "Whether the process lives."),
    Route("GET", "/readyz", system.readiness, Surface.SYSTEM, "Whether it can serve: database, schema, disk."),
)

ROUTES: Sequence[Route] = (*SYSTEM_ROUTES,)
