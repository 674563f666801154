"""`/metrics`: the counters of the process for Prometheus, on servers where this is enabled."""

from __future__ import annotations

from typing import Protocol

from starlette.responses import Response

from templates_server.errors import NotFound
from templates_server.features.operations.metrics.registry import Metrics
from templates_server.http.context import Call

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MetricsServices(Protocol):
    """The services that the handlers here need."""

    @property
    def metrics(self) -> Metrics:
        """The metrics of the server."""


async def show(call: Call[MetricsServices]) -> Response:
    """Return the counters of the responding process; with several workers, of any one of them."""
    if not call.settings.metrics:
        raise NotFound
    return Response(call.features.metrics.text(), headers={"Content-Type": CONTENT_TYPE})
