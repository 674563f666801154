"""The URL table of version 1.0: each line maps one route of version 2 to another path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from templates_server.features.v1.deprecation import ENVIRONMENT, PREFIX, SENT, successor
from templates_server.http.route import Route

KEPT = (
    ("GET", "organizations"),
    ("GET", "spaces"),
    ("GET", "spaces/{space}"),
    ("GET", "spaces/{space}/users"),
    ("POST", "spaces/{space}/users"),
    ("GET", "spaces/{space}/users/{user}"),
    ("GET", "spaces/{space}/tribes"),
    ("GET", "spaces/{space}/tribes/{tribe}"),
    ("GET", "spaces/{space}/tribes/{tribe}/users"),
)


def first_version_of(routes: Iterable[Route]) -> Sequence[Route]:
    """Return the routes of version 1.0, derived from their successors in version 2."""
    by_name = {(route.method, _without_braces(route.path)): route for route in routes}
    return [
        _at(by_name[method, _without_braces(successor(f"{PREFIX}{path}"))], f"{PREFIX}{path}") for method, path in KEPT
    ]


def _without_braces(path: str) -> str:
    return path.replace("{environment}", ENVIRONMENT)


def _at(route: Route, path: str) -> Route:
    place = successor(path)
    implied = {"environment": ENVIRONMENT} if ENVIRONMENT in place else {}
    return replace(route, path=path, successor=place, implies=implied, group="", sends_always=SENT)
