"""OAuth, consent, the device flow, service accounts and personal tokens."""

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
from templates_server.http.route_docs import FORM, JSON, PAGE, Body, Parameter, form
from templates_server.security.authorization import Role, Scope
from templates_server.settings import SIGN_IN_MAX_BYTES

METADATA_PATH = "/.well-known/oauth-authorization-server"
CLIENT_CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "$MTRIBES_CLIENT_ID",
    "client_secret": "$MTRIBES_CLIENT_SECRET",
}
OF_ORGANIZATION = Parameter("organization", str, "Key or id of an organization that the caller administrates.")


OAUTH_ROUTES = (
    Route(
        "GET",
        METADATA_PATH,
        oauth.metadata,
        Surface.OAUTH,
        "What the authorization server can do (RFC 8414).",
        gives=Metadata,
    ),
    Route(
        "GET",
        f"{METADATA_PATH}/{{issuer_path*}}",
        oauth.metadata_of_issuer_with_path,
        Surface.OAUTH,
        "The same, where the public URL has a path.",
        gives=Metadata,
    ),
    Route(
        "POST",
        "/oauth/token",
        oauth.token,
        Surface.OAUTH,
        "Tokens for a code, a refresh token, or a client's credentials.",
        reads=Body(TokenRequest, (FORM, JSON)),
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
        "End a token (RFC 7009).",
        reads=Body(RevocationRequest, (FORM, JSON)),
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
        "Begin a sign-in that is allowed in a browser elsewhere (RFC 8628).",
        reads=Body(DeviceRequest, (FORM, JSON)),
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
        "Sign a browser in to a local server, by the code in its data folder; `mtribes open` leads here.",
        takes=(
            Parameter("code", str, "What the data folder holds; good once."),
            Parameter("next", str, "The path of this server to go on to."),
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
        "Ask a person if a program may act for them.",
        also=(HTTPStatus.SEE_OTHER,),
    ),
    Route(
        "POST",
        "/oauth/authorize",
        oauth.decide,
        Surface.PAGE,
        "What the person decided: back to the program, with a code or a refusal.",
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
        "The form for the code that a program shows.",
        also=(HTTPStatus.SEE_OTHER,),
    ),
    Route(
        "POST",
        "/device",
        device.enter_code,
        Surface.PAGE,
        "Ask a person if the program that shows this code may act for them.",
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
        "What the person decided.",
        reads=form(DeviceConsentForm),
        refuses=(Forbidden,),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route("GET", "/device/allowed", device.allowed_page, Surface.PAGE, "That the program was allowed."),
    Route("GET", "/device/refused", device.refused_page, Surface.PAGE, "That it was not."),
)

SERVICE_ACCOUNT_ROUTES = (
    Route(
        "GET",
        f"{ORGANIZATION}/service-accounts",
        service_accounts.list_service_accounts,
        Surface.PLATFORM,
        "The service accounts of an organization.",
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
        "Create a service account, which may do no more than who makes it; its secret is told this once.",
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
        "Revoke a service account: its tokens end at once.",
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
        "The caller's own tokens, or for an administrator those of members that reach an organization.",
        gives=TokenView,
        refuses=(Forbidden, NotFound),
        takes=(OF_ORGANIZATION, *PAGE),
    ),
    Route(
        "POST",
        "/v2/tokens",
        tokens.create_token,
        Surface.PLATFORM,
        "Create a token of one's own; its text is told this once.",
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
        "Revoke a token by its id: it ends at once.",
        status=HTTPStatus.NO_CONTENT,
        refuses=(Forbidden,),
        path_examples={"token": "$TOKEN_ID"},
    ),
    Route(
        "POST",
        "/v2/tokens/revoke",
        tokens.revoke_by_text,
        Surface.PLATFORM,
        "Revoke whatever a secret opens, by its text alone: for secrets that turned up where they should not be.",
        is_open=True,
        reads=TokenText,
        status=HTTPStatus.NO_CONTENT,
        example={"token": "mtp_0000000000000000000000000000004UlIb5"},
    ),
)
