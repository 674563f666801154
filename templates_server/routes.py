"""The URL table: every path of the server. What each one accepts and returns is in `routes` of its feature."""

from __future__ import annotations

from collections.abc import Sequence

from templates_server.features.accounts import routes as accounts
from templates_server.features.api_docs import routes as api_docs
from templates_server.features.audit import routes as audit
from templates_server.features.auth import routes as auth
from templates_server.features.codegen import routes as codegen
from templates_server.features.console import routes as console
from templates_server.features.console.account import routes as account_pages
from templates_server.features.demo.app import routes as demo_app
from templates_server.features.event_names import routes as event_names
from templates_server.features.events import routes as events
from templates_server.features.exports import routes as exports
from templates_server.features.impact import routes as impact
from templates_server.features.imports import routes as imports
from templates_server.features.openfeature import routes as openfeature
from templates_server.features.operations import routes as operations
from templates_server.features.pages import routes as pages
from templates_server.features.people import routes as people
from templates_server.features.sessions import routes as sessions
from templates_server.features.spaces import routes as spaces
from templates_server.features.tribes import routes as tribes
from templates_server.features.v1.routes import first_version_of
from templates_server.http.route import Route

ROUTES: Sequence[Route] = (
    *operations.ROUTES,
    *api_docs.ROUTES,
    *auth.OAUTH_ROUTES,
    *pages.SIGN_IN_ROUTES,
    *auth.LOCAL_SIGN_IN_ROUTES,
    *pages.SIGN_OUT_ROUTES,
    *auth.CONSENT_ROUTES,
    *pages.INVITATION_ROUTES,
    *account_pages.TOKEN_ROUTES,
    *pages.ASSET_ROUTES,
    *console.ROUTES,
    *accounts.ROUTES,
    *auth.SERVICE_ACCOUNT_ROUTES,
    *auth.TOKEN_ROUTES,
    *audit.ROUTES,
    *spaces.SPACE_ROUTES,
    *codegen.ROUTES,
    *spaces.ENVIRONMENT_ROUTES,
    *events.PLATFORM_ROUTES,
    *event_names.ROUTES,
    *spaces.SIGNED_ID_ROUTES,
    *people.PLATFORM_ROUTES,
    *first_version_of(
        [*accounts.ROUTES, *auth.SERVICE_ACCOUNT_ROUTES, *spaces.SPACE_ROUTES, *people.PLATFORM_ROUTES, *tribes.ROUTES]
    ),
    *imports.ROUTES,
    *tribes.ROUTES,
    *sessions.EXPLANATION_ROUTES,
    *impact.ROUTES,
    *exports.ROUTES,
    *sessions.CLIENT_ROUTES,
    *events.CLIENT_ROUTES,
    *people.CLIENT_ROUTES,
    *openfeature.ROUTES,
    *demo_app.ROUTES,
)
