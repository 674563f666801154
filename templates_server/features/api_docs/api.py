"""`/openapi.json` and `/docs`."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from http import HTTPStatus
from importlib.metadata import version

import msgspec
from starlette.responses import Response

from templates_server.features.api_docs.document import described
from templates_server.features.api_docs.html_reference import guide_to
from templates_server.features.pages.renderer import Page, Pages, pages_of
from templates_server.http.context import Call
from templates_server.http.route import Route
from templates_server.settings import Settings

TAG_LENGTH = 24


class Description:
    """What a server with these routes says of itself; made when it is first asked for, and kept."""

    def __init__(self, routes: Sequence[Route], settings: Settings) -> None:
        self._routes = routes
        self._settings = settings
        self._page: Response | None = None

    @functools.cached_property
    def document(self) -> Response:
        """The OpenAPI document."""
        found = described(self._routes, public_url=self._settings.public_url, version=version("mtribes"))
        headers = {"Access-Control-Allow-Origin": "*"}
        return _tagged(Response(msgspec.json.encode(found), headers=headers, media_type="application/json"))

    def page(self, pages: Pages) -> Response:
        """The same for people."""
        if self._page is None:
            self._page = _tagged(pages.open_answer(Page("docs", {"guide": guide_to(self._routes)})))
        return self._page


def _tagged(response: Response) -> Response:
    """The response with an entity tag (RFC 9110, 8.8.3) to be asked for again."""
    tag = hashlib.sha256(bytes(response.body)).hexdigest()[:TAG_LENGTH]
    response.headers.update({"ETag": f'"{tag}"', "Cache-Control": "no-cache"})
    return response


async def show_description(call: Call) -> Response:
    """The description of this server (OpenAPI 3.1); 304 when the caller has it."""
    return _kept(call, lambda description: description.document)


async def show_guide(call: Call) -> Response:
    """The same for people: a page that needs neither JavaScript nor a sign-in; 304 when the browser has it."""
    return _kept(call, lambda description: description.page(pages_of(call)))


def _kept(call: Call, find: Callable[[Description], Response]) -> Response:
    kept = find(call.services.part(Description))
    headers = dict(kept.headers)
    if kept.headers["ETag"] in call.request.headers.get("if-none-match", ""):
        del headers["content-length"], headers["content-type"]
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(kept.body, headers=headers)
