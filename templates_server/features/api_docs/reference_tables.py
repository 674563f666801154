"""Markdown tables for the manual's page about the HTTP API, made from the routes; no request uses this.

`python -m tests.repo.reference` writes them into the manual.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from templates_server.features.api_docs.groups import group_of, place_of
from templates_server.features.api_docs.statuses import WHEN
from templates_server.http.response import Surface
from templates_server.http.route import Route

CREDENTIALS = {
    Surface.PLATFORM: "bearer token",
    Surface.CLIENT: "`pk_` key",
    Surface.OFREP: "`pk_` key",
    Surface.OAUTH: "as OAuth 2 specifies",
    Surface.PAGE: "browser session",
    Surface.SYSTEM: "none",
}


def route_table(routes: Sequence[Route]) -> str:
    """Return every route with its credentials, scope and role: a table for each group, under a heading."""
    groups: dict[str, list[Route]] = {}
    for route in routes:
        groups.setdefault(group_of(route), []).append(route)
    return "\n\n".join(_group_table(name, groups[name]) for name in sorted(groups, key=place_of))


def _group_table(name: str, routes: Sequence[Route]) -> str:
    lines = [f"### {name}", "", "| Route | Credentials, scope and role | Summary |", "|---|---|---|"]
    for route in routes:
        summary = f"Deprecated: `{_shown(route.successor)}`." if route.successor else route.summary
        lines.append(f"| `{route.method} {_shown(route.path)}` | {_permission(route)} | {summary} |")
    return "\n".join(lines)


def status_table() -> str:
    """Return a table of every status code and when it occurs."""
    return "\n".join(
        ["| Status | Meaning |", "|---|---|", *(f"| {status:d} | {when} |" for status, when in WHEN.items())]
    )


def _shown(path: str) -> str:
    return re.sub(r"\{(\w+)\*?\}", r":\1", path)


def _permission(route: Route) -> str:
    credentials = "none" if route.is_open else CREDENTIALS[route.surface]
    scope = f"`{route.scope}`" if route.scope else ""
    return ", ".join(filter(None, (credentials, scope, str(route.role or ""))))
