"""The routes of health, readiness and metrics: each path, its access rule, its input and its response."""

from __future__ import annotations

from http import HTTPStatus

from templates_server.errors import NotFound
from templates_server.features.operations import health as system
from templates_server.features.operations.health_schemas import Health, Readiness
from templates_server.features.operations.metrics import api as metrics
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import PLAIN, BodyDocs

ROUTES = (
    Route("GET", "/healthz", system.health, Surface.SYSTEM, "Check liveness.", gives=Health),
    Route(
        "GET",
        "/readyz",
        system.readiness,
        Surface.SYSTEM,
        "Check readiness: database, schema and disk.",
        gives=Readiness,
        also=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    Route(
        "GET",
        "/metrics",
        metrics.show,
        Surface.SYSTEM,
        "Get Prometheus metrics. Requires the server option `--metrics`.",
        gives=BodyDocs(bytes, (PLAIN,)),
        refuses=(NotFound,),
    ),
)
