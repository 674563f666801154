"""The heading under which the description lists a route. Pure."""

from __future__ import annotations

import re

from templates_server.http.response import Surface
from templates_server.http.route import Route

BY_SURFACE = {
    Surface.SYSTEM: "The server",
    Surface.OAUTH: "Signing in",
    Surface.PAGE: "Pages",
    Surface.CLIENT: "Client API",
    Surface.OFREP: "OpenFeature",
}
BY_NOUN = {
    "me": "Organizations",
    "members": "Members",
    "invitations": "Members",
    "spaces": "Spaces",
    "environments": "Delivery",
    "delivery": "Delivery",
    "publish": "Delivery",
    "unpublish": "Delivery",
    "model": "Model and code",
    "code": "Model and code",
    "user-tags": "Users",
    "visitors": "Users",
    "keys": "Public keys",
    "audit": "Audit",
}
PLACES = re.compile(
    r"^/v2/(?:organizations/\{organization\}/(?=.)|spaces/\{space\}/(?:environments/\{environment\}/)?(?=.))?"
)
DEPRECATED = "Version 1.0"
ORDER = (
    "Signing in",
    "Organizations",
    "Members",
    "Service accounts",
    "Tokens",
    "Audit",
    "Spaces",
    "Model and code",
    "Delivery",
    "Public keys",
    "Signed IDs",
    "Users",
    "Imports",
    "Tribes",
    "Events",
    "Exports",
    "Client API",
    "OpenFeature",
    "The server",
    "Pages",
    DEPRECATED,
)


def group_of(route: Route) -> str:
    """Return the heading: the route's own, else that of its surface, else of the noun in its path."""
    if route.group:
        return route.group
    if route.successor:
        return DEPRECATED
    if route.surface in BY_SURFACE:
        return BY_SURFACE[route.surface]
    noun = PLACES.sub("", route.path).partition("/")[0]
    return BY_NOUN.get(noun, noun.replace("-", " ").capitalize())


def place_of(group: str) -> tuple[int, str]:
    """Return the sort position of a heading."""
    return (ORDER.index(group) if group in ORDER else len(ORDER), group)
