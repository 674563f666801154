"""The handler of `/openapi.json`."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from importlib.metadata import version
from typing import Protocol

import msgspec
from starlette.responses import Response

from templates_server.features.api_docs.document import described
from templates_server.features.api_docs.stored_response import revalidated, with_entity_tag
from templates_server.http.context import Call
from templates_server.http.route import Route
from templates_server.settings import Settings


class Description:
    """The OpenAPI description of a server with these routes; built on first use, then cached."""

    def __init__(self, routes: Sequence[Route], settings: Settings) -> None:
        self._routes = routes
        self._settings = settings

    @functools.cached_property
    def document(self) -> Response:
        """The OpenAPI document."""
        found = described(self._routes, public_url=self._settings.public_url, version=version("mtribes"))
        headers = {"Access-Control-Allow-Origin": "*"}
        return with_entity_tag(Response(msgspec.json.encode(found), headers=headers, media_type="application/json"))


class DescriptionServices(Protocol):
    """The services that the handlers here need."""

    @property
    def description(self) -> Description:
        """The OpenAPI description of the server."""


async def show_description(call: Call[DescriptionServices]) -> Response:
    """Return the OpenAPI 3.1 description of this server, or 304 if the caller's copy is current."""
    return revalidated(call.request, call.features.description.document)
