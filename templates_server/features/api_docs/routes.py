"""The URLs of the documentation, and of the description it is made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from templates_server.features.api_docs import api, description
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import IF_NONE_MATCH, BodyDocs, ParameterDocs

ROUTES: Sequence[Route] = (
    Route(
        "GET",
        "/openapi.json",
        description.show_description,
        Surface.SYSTEM,
        "Get the OpenAPI 3.1 description of this server.",
        gives=dict[str, Any],
        takes=(IF_NONE_MATCH,),
    ),
    Route(
        "GET",
        "/docs",
        api.show_contents,
        Surface.PAGE,
        "Show the table of contents of the manual.",
        takes=(IF_NONE_MATCH,),
    ),
    Route(
        "GET",
        "/docs/search",
        api.show_search,
        Surface.PAGE,
        "Search the manual and the API reference.",
        takes=(ParameterDocs("q", str, "Words to search for.", example="import"),),
    ),
    Route(
        "GET",
        "/docs/api",
        api.show_reference,
        Surface.PAGE,
        "Show the API reference with samples.",
        takes=(IF_NONE_MATCH,),
    ),
    Route(
        "GET",
        "/docs/api/{group}",
        api.show_reference_group,
        Surface.PAGE,
        "Show a group of routes of the API reference.",
        takes=(IF_NONE_MATCH,),
    ),
    Route(
        "GET",
        "/docs/{page*}",
        api.show_page,
        Surface.PAGE,
        "Show a page of the manual, or a picture on one.",
        takes=(IF_NONE_MATCH,),
        gives=BodyDocs(bytes, ("text/html", "image/webp", "image/svg+xml", "text/plain")),
    ),
)
