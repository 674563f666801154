"""`/openapi.json` and `/docs`."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from http import HTTPStatus
from importlib.metadata import version

import msgspec
from starlette.responses import Response

from templates_server.endpoint import Call, Route
from templates_server.openapi.document import described
from templates_server.settings import Settings

TAG_LENGTH = 24


class Description:
    """What a server with these routes says of itself; made when it is first asked for."""

    def __init__(self, routes: Sequence[Route], settings: Settings) -> None:
        self._routes = routes
        self._settings = settings

    @functools.cached_property
    def json(self) -> bytes:
        """The OpenAPI document."""
        return msgspec.json.encode(
            described(self._routes, public_url=self._settings.public_url, version=version("mtribes"))
        )

    @functools.cached_property
    def entity_tag(self) -> str:
        """The tag of the document (RFC 9110, 8.8.3)."""
        return f'"{hashlib.sha256(self.json).hexdigest()[:TAG_LENGTH]}"'


async def show_description(call: Call) -> Response:
    """The description of this server (OpenAPI 3.1); 304 when the caller has it."""
    description = call.services.part(Description)
    headers = {"ETag": description.entity_tag, "Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}
    if description.entity_tag in call.request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(description.json, headers=headers, media_type="application/json")
