"""Routes of the console's pages and forms, with their common settings."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from msgspec import Struct

from templates_server.errors import Conflict, Forbidden, ValidationFailed
from templates_server.http.response import Surface
from templates_server.http.route import Handler, Route
from templates_server.http.route_docs import form
from templates_server.settings import SIGN_IN_MAX_BYTES

CONSOLE = "/console"
CONSOLE_SPACE = f"{CONSOLE}/spaces/{{space}}"
CONSOLE_ENVIRONMENT = f"{CONSOLE_SPACE}/environments/{{environment}}"
OF_A_SEARCH = (Forbidden, ValidationFailed)
SCENARIO_FORM_MAX_BYTES = 1024 * 1024


def page_route(path: str, handler: Handler, summary: str, **details: Any) -> Route:
    """Return the route of a console page; a signed-out visitor must sign in."""
    usual: dict[str, Any] = {"also": (HTTPStatus.SEE_OTHER,), "refuses": (Forbidden,)}
    return Route("GET", path, handler, Surface.PAGE, summary, **{**usual, **details})


def form_route(path: str, handler: Handler, summary: str, fields: type[Struct], **details: Any) -> Route:
    """Return the route of a console form: it redirects to a page, or shows the form again with its problems."""
    usual: dict[str, Any] = {
        "reads": form(fields),
        "refuses": (Forbidden, ValidationFailed, Conflict),
        "status": HTTPStatus.SEE_OTHER,
        "max_body_bytes": SIGN_IN_MAX_BYTES,
    }
    return Route("POST", path, handler, Surface.PAGE, summary, **{**usual, **details})
