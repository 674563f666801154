"""The description of the server: every path, who may use it, what it reads and gives."""

from __future__ import annotations

from typing import Any

from templates_server.features.api_docs import api as openapi
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import IF_NONE_MATCH

ROUTES = (
    Route(
        "GET",
        "/openapi.json",
        openapi.show_description,
        Surface.SYSTEM,
        "Get the OpenAPI 3.1 description of this server.",
        gives=dict[str, Any],
        takes=(IF_NONE_MATCH,),
    ),
    Route(
        "GET",
        "/docs",
        openapi.show_guide,
        Surface.PAGE,
        "Show the API reference with samples.",
        takes=(IF_NONE_MATCH,),
    ),
)
