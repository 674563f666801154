"""Tables of the manual's page about the HTTP API as Markdown, made from the routes; no request needs this.

`python -m tests.repo.reference` writes them into the manual.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from templates_server.endpoint import Route, Surface
from templates_server.openapi.statuses import WHEN

CREDENTIALS = {
    Surface.PLATFORM: "bearer token",
    Surface.CLIENT: "`pk_` key",
    Surface.OFREP: "`pk_` key",
    Surface.OAUTH: "as OAuth 2 specifies",
    Surface.PAGE: "browser session",
    Surface.SYSTEM: "none",
}


def route_table(routes: Sequence[Route]) -> str:
    """Every route with its credentials, scope and role."""
    lines = ["| Method | Path | Credentials | Scope and role | Summary |", "|---|---|---|---|---|"]
    for route in routes:
        credentials = "none" if route.is_open else CREDENTIALS[route.surface]
        summary = f"Deprecated: `{_shown(route.successor)}`." if route.successor else route.summary
        cells = (route.method, f"`{_shown(route.path)}`", credentials, _permission(route), summary)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def status_table() -> str:
    """Every status code, and when to expect it."""
    return "\n".join(
        ["| Status | Meaning |", "|---|---|", *(f"| {status:d} | {when} |" for status, when in WHEN.items())]
    )


def _shown(path: str) -> str:
    return re.sub(r"\{(\w+)\*?\}", r":\1", path)


def _permission(route: Route) -> str:
    scope = f"`{route.scope}`" if route.scope else ""
    return f"{scope} {route.role or ''}".strip()
