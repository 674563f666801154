"""The addresses of the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.description import IF_NONE_MATCH, Body, Parameter
from templates_server.endpoint import Route, Surface
from templates_server.features.api_docs import api

ROUTES: Sequence[Route] = (
    Route(
        "GET",
        "/docs",
        api.show_contents,
        Surface.PAGE,
        "The manual: its table of contents.",
        takes=(IF_NONE_MATCH,),
    ),
    Route(
        "GET",
        "/docs/search",
        api.show_search,
        Surface.PAGE,
        "Search the manual and the API reference.",
        takes=(Parameter("q", str, "Words to search for.", example="import"),),
    ),
    Route(
        "GET",
        "/docs/api",
        api.show_reference,
        Surface.PAGE,
        "The API reference, for people, with samples.",
        takes=(IF_NONE_MATCH,),
    ),
    Route(
        "GET",
        "/docs/api/{group}",
        api.show_reference_group,
        Surface.PAGE,
        "A group of routes of the API reference.",
        takes=(IF_NONE_MATCH,),
    ),
    Route(
        "GET",
        "/docs/{page*}",
        api.show_page,
        Surface.PAGE,
        "A page of the manual, or a picture that one shows.",
        takes=(IF_NONE_MATCH,),
        gives=Body(bytes, ("text/html", "image/webp", "image/svg+xml", "text/plain")),
    ),
)
