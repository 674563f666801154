"""Health, readiness and metrics: every path, who may use it, what it reads and gives."""

from __future__ import annotations

from http import HTTPStatus

from templates_server.errors import NotFound
from templates_server.features.operations import health as system
from templates_server.features.operations.health_schemas import Health, Readiness
from templates_server.features.operations.metrics import api as metrics
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import PLAIN, Body

ROUTES = (
    Route("GET", "/healthz", system.health, Surface.SYSTEM, "Whether the process lives.", gives=Health),
    Route(
        "GET",
        "/readyz",
        system.readiness,
        Surface.SYSTEM,
        "Whether it can serve: database, schema, disk.",
        gives=Readiness,
        also=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    Route(
        "GET",
        "/metrics",
        metrics.show,
        Surface.SYSTEM,
        "What the process counted, for Prometheus; on a server with `--metrics` alone.",
        gives=Body(bytes, (PLAIN,)),
        refuses=(NotFound,),
    ),
)
