"""The routes of the home page, sign-in, sign-out, invitations and assets."""

from __future__ import annotations

from http import HTTPStatus

from templates_server.errors import Forbidden, TooManyRequests, ValidationFailed
from templates_server.features.pages import api as pages
from templates_server.features.pages import invitations as invitation_pages
from templates_server.features.pages.schemas import InvitationForm, SignInForm, SignOutForm
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import JAVASCRIPT, BodyDocs, form
from templates_server.settings import SIGN_IN_MAX_BYTES

SIGN_IN_ROUTES = (
    Route("GET", "/", pages.first_page, Surface.PAGE, "Show the start page."),
    Route("GET", "/sign-in", pages.sign_in_page, Surface.PAGE, "Show the sign-in form.", also=(HTTPStatus.SEE_OTHER,)),
    Route(
        "POST",
        "/sign-in",
        pages.sign_in,
        Surface.PAGE,
        "Sign in.",
        reads=form(SignInForm),
        refuses=(Forbidden, TooManyRequests),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
)

SIGN_OUT_ROUTES = (
    Route(
        "POST",
        "/sign-out",
        pages.sign_out,
        Surface.PAGE,
        "Sign out.",
        reads=form(SignOutForm),
        refuses=(Forbidden,),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route("GET", "/signed-out", pages.signed_out_page, Surface.PAGE, "Show the signed-out page."),
)

INVITATION_ROUTES = (
    Route(
        "GET",
        "/invitation/{code}",
        invitation_pages.invitation_page,
        Surface.PAGE,
        "Show an invitation.",
        path_examples={"code": "$INVITATION_CODE"},
    ),
    Route(
        "POST",
        "/invitation/{code}",
        invitation_pages.accept_invitation,
        Surface.PAGE,
        "Accept an invitation with a new or existing account.",
        reads=form(InvitationForm),
        refuses=(Forbidden, ValidationFailed),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
        path_examples={"code": "$INVITATION_CODE"},
    ),
)

ASSET_ROUTES = (
    Route(
        "GET",
        "/assets/{name}",
        pages.asset,
        Surface.PAGE,
        "Get a static asset.",
        gives=BodyDocs(bytes, ("text/css", "image/svg+xml", JAVASCRIPT)),
    ),
)
