"""THE URL TABLE: every path of the server, who may use it, what it reads and gives."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from templates_server.access import Role, Scope
from templates_server.accounts import api as accounts
from templates_server.accounts.models import Me, MemberView, OrganizationView, ServiceAccountView
from templates_server.endpoint import Route, Surface
from templates_server.oauth import api as oauth
from templates_server.pages import api as pages
from templates_server.system import api as system

SYSTEM_ROUTES = (
    Route("GET", "/healthz", system.health, Surface.SYSTEM, "Whether the process lives."),
    Route("GET", "/readyz", system.readiness, Surface.SYSTEM, "Whether it can serve: database, schema, disk."),
)

METADATA_PATH = "/.well-known/oauth-authorization-server"
SIGN_IN_MAX_BYTES = 16 * 1024

OAUTH_ROUTES = (
    Route("GET", METADATA_PATH, oauth.metadata, Surface.OAUTH, "What the authorization server can do (RFC 8414)."),
    Route(
        "GET",
        f"{METADATA_PATH}/{{issuer_path*}}",
        oauth.metadata_of_issuer_with_path,
        Surface.OAUTH,
        "The same, where the public URL has a path.",
    ),
    Route(
        "POST",
        "/oauth/token",
        oauth.token,
        Surface.OAUTH,
        "Tokens for a code, a refresh token, or a client's credentials.",
        reads=bytes,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/oauth/revoke",
        oauth.revoke,
        Surface.OAUTH,
        "End a token (RFC 7009).",
        reads=bytes,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
)

PAGE_ROUTES = (
    Route("GET", "/", pages.first_page, Surface.PAGE, "The first page."),
    Route("GET", "/sign-in", pages.sign_in_page, Surface.PAGE, "The form to sign in."),
    Route(
        "POST",
        "/sign-in",
        pages.sign_in,
        Surface.PAGE,
        "Sign in.",
        reads=bytes,
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/sign-out",
        pages.sign_out,
        Surface.PAGE,
        "Sign out.",
        reads=bytes,
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route("GET", "/signed-out", pages.signed_out_page, Surface.PAGE, "That one is signed out."),
    Route("GET", "/oauth/authorize", oauth.consent_page, Surface.PAGE, "Ask a person if a program may act for them."),
    Route(
        "POST",
        "/oauth/authorize",
        oauth.decide,
        Surface.PAGE,
        "What the person decided: back to the program, with a code or a refusal.",
        reads=bytes,
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route("GET", "/assets/{name}", pages.asset, Surface.PAGE, "A file that pages load."),
)

ACCOUNT_ROUTES = (
    Route(
        "GET",
        "/v2/me",
        accounts.me,
        Surface.PLATFORM,
        "Who asks, and what their token may do.",
        gives=Me,
    ),
    Route(
        "GET",
        "/v2/organizations",
        accounts.list_organizations,
        Surface.PLATFORM,
        "The caller's organizations.",
        gives=OrganizationView,
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}",
        accounts.get_organization,
        Surface.PLATFORM,
        "One organization.",
        gives=OrganizationView,
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}/members",
        accounts.list_members,
        Surface.PLATFORM,
        "The members of an organization.",
        scope=Scope.SPACES_READ,
        role=Role.DEVELOPER,
        gives=MemberView,
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}/service-accounts",
        accounts.list_service_accounts,
        Surface.PLATFORM,
        "The service accounts of an organization.",
        scope=Scope.SPACES_READ,
        role=Role.DEVELOPER,
        gives=ServiceAccountView,
    ),
)

ROUTES: Sequence[Route] = (*SYSTEM_ROUTES, *OAUTH_ROUTES, *PAGE_ROUTES, *ACCOUNT_ROUTES)
