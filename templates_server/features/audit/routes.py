"""The audit log: every path with its permission, input and output."""

from __future__ import annotations

from templates_server.errors import ValidationFailed
from templates_server.features.audit import api as audit
from templates_server.features.audit.schemas import AuditEntry
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import PAGE, ParameterDocs
from templates_server.security.authorization import Role, Scope

ROUTES = (
    Route(
        "GET",
        "/v2/organizations/{organization}/audit",
        audit.list_entries,
        Surface.PLATFORM,
        "List the audit log, newest first. With a filter, a page can be short without being the last.",
        scope=Scope.SPACES_READ,
        role=Role.ADMINISTRATOR,
        gives=AuditEntry,
        takes=(
            *PAGE,
            ParameterDocs(
                "actor",
                str,
                "Only actions of the person with this e-mail address, or of the service account with this name or ID.",
                example="ada@example.com",
            ),
            ParameterDocs(
                "action", str, "Only this action, or all actions on a noun such as `token`.", example="space.create"
            ),
            ParameterDocs("space", str, "Only entries of the Space with this key.", example="vod"),
            ParameterDocs("since", str, "Only entries since this time or date (RFC 3339).", example="2026-11-21"),
        ),
        refuses=(ValidationFailed,),
    ),
)
