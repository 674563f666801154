"""Pages of a person's own account: every path with its permission, input and output."""

from __future__ import annotations

from http import HTTPStatus

from templates_server.errors import Forbidden, TooManyRequests, ValidationFailed
from templates_server.features.console.account import profile as profile_pages
from templates_server.features.console.account import tokens as token_pages
from templates_server.features.console.page_routes import form_route, page_route
from templates_server.features.pages.schemas import DeedForm, PasswordForm, RevokeTokenForm, TokenForm
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import form
from templates_server.settings import SIGN_IN_MAX_BYTES

TOKEN_ROUTES = (
    Route(
        "GET",
        "/account/tokens",
        token_pages.tokens_page,
        Surface.PAGE,
        "Show the user's tokens and the form to create one.",
        also=(HTTPStatus.SEE_OTHER,),
    ),
    Route(
        "POST",
        "/account/tokens",
        token_pages.create_token,
        Surface.PAGE,
        "Create a token. It is shown only once.",
        reads=form(TokenForm),
        also=(HTTPStatus.SEE_OTHER,),
        refuses=(Forbidden, ValidationFailed),
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/account/tokens/{token}/revoke",
        token_pages.revoke_token,
        Surface.PAGE,
        "Revoke one of the user's tokens.",
        reads=form(RevokeTokenForm),
        refuses=(Forbidden,),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
        path_examples={"token": "$TOKEN_ID"},
    ),
)

PROFILE_ROUTES = (
    page_route("/account", profile_pages.profile_page, "Show the user's account and sessions."),
    form_route(
        "/account/password",
        profile_pages.change_password,
        "Change the user's password.",
        PasswordForm,
        refuses=(Forbidden, ValidationFailed, TooManyRequests),
    ),
    form_route(
        "/account/sign-out-everywhere",
        profile_pages.sign_out_everywhere,
        "Sign out of every other browser and program.",
        DeedForm,
    ),
)
