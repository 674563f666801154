"""The console: its first page and its search; the other routes are beside their handlers."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.errors import Forbidden, NotFound
from templates_server.features.console import home as home_pages
from templates_server.features.console import search as search_pages
from templates_server.features.console.account import routes as account_routes
from templates_server.features.console.delivery import routes as delivery_routes
from templates_server.features.console.imports import routes as imports_routes
from templates_server.features.console.model import routes as model_routes
from templates_server.features.console.organizations import routes as organizations_routes
from templates_server.features.console.page_routes import CONSOLE, page_route
from templates_server.features.console.people import routes as people_routes
from templates_server.features.console.spaces import routes as spaces_routes
from templates_server.features.console.tribes import routes as tribes_routes
from templates_server.http.route import Route
from templates_server.http.route_docs import ParameterDocs

HOME_ROUTES = (
    page_route(CONSOLE, home_pages.home_page, "List the Spaces of the signed-in user."),
    page_route(
        f"{CONSOLE}/search",
        search_pages.search_page,
        "Search Spaces and their contents by key and name.",
        takes=(
            ParameterDocs("q", str, "Part of a key or name.", example="home"),
            ParameterDocs("space", str, "Space whose model and tribes are also searched.", example="vod"),
        ),
        refuses=(Forbidden, NotFound),
    ),
)

ROUTES: Sequence[Route] = (
    *HOME_ROUTES,
    *account_routes.PROFILE_ROUTES,
    *organizations_routes.ROUTES,
    *spaces_routes.SPACE_ROUTES,
    *model_routes.ROUTES,
    *spaces_routes.ENVIRONMENT_ROUTES,
    *tribes_routes.ROUTES,
    *people_routes.ROUTES,
    *imports_routes.ROUTES,
    *delivery_routes.ROUTES,
)
