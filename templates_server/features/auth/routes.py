"""The routes of OAuth, consent, the device flow, service accounts and personal tokens."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from templates_server.errors import Conflict, Forbidden, NotFound, TooManyRequests, Unauthenticated
from templates_server.features.accounts.schemas import CreatedServiceAccount, NewServiceAccount, ServiceAccountView
from templates_server.features.auth import local_page, service_accounts
from templates_server.features.auth import oauth_api as oauth
from templates_server.features.auth import token_api as tokens
from templates_server.features.auth.device import api as device
from templates_server.features.auth.oauth_schemas import (
    DeviceCodes,
    DeviceRequest,
    Metadata,
    RevocationRequest,
    TokenRequest,
    Tokens,
)
from templates_server.features.auth.token_schemas import CreatedToken, NewToken, TokenText, TokenView
from templates_server.features.pages.schemas import ConsentForm, DeviceConsentForm, DeviceForm
from templates_server.http.paths import ORGANIZATION
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import FORM, JSON, PAGE, BodyDocs, ParameterDocs, form
from templates_server.security.authorization import Role, Scope
from templates_server.settings import SIGN_IN_MAX_BYTES

METADATA_PATH = "/.well-known/oauth-authorization-server"
CLIENT_CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "$MTRIBES_CLIENT_ID",
    "client_secret": "$MTRIBES_CLIENT_SECRET",
}
OF_ORGANIZATION = ParameterDocs("organization", str, "Key or ID of an organization that the caller administers.")


OAUTH_ROUTES = (
    Route(
        "GET",
        METADATA_PATH,
        oauth.metadata,
        Surface.OAUTH,
        "Get the authorization server metadata (RFC 8414).",
        gives=Metadata,
    ),
    Route(
        "GET",
        f"{METADATA_PATH}/{{issuer_path*}}",
        oauth.metadata_of_issuer_with_path,
        Surface.OAUTH,
        "Get the authorization server metadata of a public URL with a path.",
        gives=Metadata,
    ),
    Route(
        "POST",
        "/oauth/token",
        oauth.token,
        Surface.OAUTH,
        "Exchange a code, a refresh token or client credentials for tokens.",
        reads=BodyDocs(TokenRequest, (FORM, JSON)),
        gives=Tokens,
        refuses=(Unauthenticated, TooManyRequests),
        example=CLIENT_CREDENTIALS,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/oauth/revoke",
        oauth.revoke,
        Surface.OAUTH,
        "Revoke a token (RFC 7009).",
        reads=BodyDocs(RevocationRequest, (FORM, JSON)),
        gives=dict[str, Any],
        refuses=(Unauthenticated, TooManyRequests),
        example={"token": "$REFRESH_TOKEN", "client_id": "mtribes-cli"},
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/oauth/device_authorization",
        oauth.device_authorization,
        Surface.OAUTH,
        "Start a device authorization (RFC 8628).",
        reads=BodyDocs(DeviceRequest, (FORM, JSON)),
        gives=DeviceCodes,
        refuses=(Unauthenticated, TooManyRequests),
        example={"client_id": "mtribes-cli"},
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
)

LOCAL_SIGN_IN_ROUTES = (
    Route(
        "GET",
        "/sign-in/local",
        local_page.sign_in_locally,
        Surface.PAGE,
        "Sign a browser in to a local server with the code from its data directory, as `mtribes open` does.",
        takes=(
            ParameterDocs("code", str, "Code from the data directory. It can be used once."),
            ParameterDocs("next", str, "Path on this server to continue at."),
        ),
        refuses=(Forbidden, NotFound),
        status=HTTPStatus.SEE_OTHER,
    ),
)

CONSENT_ROUTES = (
    Route(
        "GET",
        "/oauth/authorize",
        oauth.consent_page,
        Surface.PAGE,
        "Show the consent page of an authorization request.",
        also=(HTTPStatus.SEE_OTHER,),
    ),
    Route(
        "POST",
        "/oauth/authorize",
        oauth.decide,
        Surface.PAGE,
        "Submit the decision and redirect to the client with a code or an error.",
        reads=form(ConsentForm),
        refuses=(Forbidden,),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "GET",
        "/device",
        device.code_page,
        Surface.PAGE,
        "Show the form for a device code.",
        also=(HTTPStatus.SEE_OTHER,),
    ),
    Route(
        "POST",
        "/device",
        device.enter_code,
        Surface.PAGE,
        "Show the consent page for a device code.",
        reads=form(DeviceForm),
        also=(HTTPStatus.SEE_OTHER,),
        refuses=(Forbidden, TooManyRequests),
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/device/decision",
        device.decide,
        Surface.PAGE,
        "Submit the decision for a device code.",
        reads=form(DeviceConsentForm),
        refuses=(Forbidden,),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route("GET", "/device/allowed", device.allowed_page, Surface.PAGE, "Show that the program was allowed."),
    Route("GET", "/device/refused", device.refused_page, Surface.PAGE, "Show that the program was denied."),
)

SERVICE_ACCOUNT_ROUTES = (
    Route(
        "GET",
        f"{ORGANIZATION}/service-accounts",
        service_accounts.list_service_accounts,
        Surface.PLATFORM,
        "List the service accounts of an organization.",
        scope=Scope.SPACES_READ,
        role=Role.DEVELOPER,
        gives=ServiceAccountView,
        takes=PAGE,
    ),
    Route(
        "POST",
        f"{ORGANIZATION}/service-accounts",
        service_accounts.create_service_account,
        Surface.PLATFORM,
        "Create a service account with at most the caller's permissions. Its secret is returned only once.",
        scope=Scope.SPACES_WRITE,
        role=Role.DEVELOPER,
        needs_sign_in=True,
        reads=NewServiceAccount,
        gives=CreatedServiceAccount,
        status=HTTPStatus.CREATED,
        refuses=(Conflict,),
        data_type="service_account",
        example={"name": "Nightly build", "scopes": ["code:read"]},
    ),
    Route(
        "DELETE",
        f"{ORGANIZATION}/service-accounts/{{service_account}}",
        service_accounts.revoke_service_account,
        Surface.PLATFORM,
        "Revoke a service account. Its tokens stop working immediately.",
        scope=Scope.SPACES_WRITE,
        role=Role.DEVELOPER,
        status=HTTPStatus.NO_CONTENT,
        path_examples={"service_account": "$SERVICE_ACCOUNT"},
    ),
)

TOKEN_ROUTES = (
    Route(
        "GET",
        "/v2/tokens",
        tokens.list_tokens,
        Surface.PLATFORM,
        "List the caller's tokens. Administrators can list the tokens of members that have access to an organization.",
        gives=TokenView,
        refuses=(Forbidden, NotFound),
        takes=(OF_ORGANIZATION, *PAGE),
    ),
    Route(
        "POST",
        "/v2/tokens",
        tokens.create_token,
        Surface.PLATFORM,
        "Create a personal access token. It is returned only once.",
        needs_sign_in=True,
        reads=NewToken,
        gives=CreatedToken,
        status=HTTPStatus.CREATED,
        refuses=(Conflict,),
        data_type="token",
        example={"name": "Build", "scopes": ["code:read"], "spaces": ["vod"], "expires_in_days": 30},
    ),
    Route(
        "DELETE",
        "/v2/tokens/{token}",
        tokens.revoke_token,
        Surface.PLATFORM,
        "Revoke a token by its ID. It stops working immediately.",
        status=HTTPStatus.NO_CONTENT,
        refuses=(Forbidden,),
        path_examples={"token": "$TOKEN_ID"},
    ),
    Route(
        "POST",
        "/v2/tokens/revoke",
        tokens.revoke_by_text,
        Surface.PLATFORM,
        "Revoke a leaked secret by its text, without authentication.",
        is_open=True,
        reads=TokenText,
        status=HTTPStatus.NO_CONTENT,
        example={"token": "mtp_0000000000000000000000000000004UlIb5"},
    ),
)
