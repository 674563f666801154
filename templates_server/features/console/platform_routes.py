"""Which routes the Platform API has, by their handlers, and which paths have a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from templates_server.http.response import Surface
from templates_server.http.route import Handler, Route

PREFIX = "/v2/"


class PlatformRoutes:
    """The routes of the Platform API, by their handlers, and the paths of all pages."""

    def __init__(self, routes: Sequence[Route]) -> None:
        of_the_api = [route for route in routes if route.surface is Surface.PLATFORM and route.path.startswith(PREFIX)]
        self._by_handler: Mapping[Handler, Route] = {route.handler: route for route in reversed(of_the_api)}
        self._pages = frozenset(route.path for route in routes if route.surface is Surface.PAGE)

    def of(self, handler: Handler) -> Route:
        """Return the route of a handler, the first if there are several."""
        return self._by_handler[handler]

    def has_page(self, path: str) -> bool:
        """Return whether a page has this path, with its parameters in braces."""
        return path in self._pages
