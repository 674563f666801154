"""The endpoints of OAuth 2: metadata, authorization with its consent page, token, revocation."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import BadRequest, NotFound
from templates_server.features.accounts import store as accounts_store
from templates_server.features.auth import oauth_store, scope_text
from templates_server.features.auth.authorization_server import ConsentQuestion, OAuthServer, Reply
from templates_server.features.auth.grant_support import ALL_AUTHENTICATION_METHODS, OAuthConfig
from templates_server.features.auth.oauth_request import ProtocolRequest
from templates_server.features.pages.api import sign_out_to
from templates_server.features.pages.browser_session import BrowserContext, check_form, identify_browser
from templates_server.features.pages.renderer import PageContent, PageServices, pages_of, see_other
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.http.forms import urlencoded
from templates_server.http.forms.urlencoded import FORM_TYPE, Parameters
from templates_server.http.response import json_response
from templates_server.primitives import json_depth
from templates_server.primitives.timestamps import DAY
from templates_server.security.authorization import ALL_SCOPES

AUTHORIZE_PATH = "/oauth/authorize"
MAX_FORM_BYTES = 16 * 1024
JSON_TYPE = "application/json"


class OAuthServices(PageServices, Protocol):
    """The services that the handlers here need."""

    @property
    def oauth_config(self) -> OAuthConfig:
        """The OAuth settings of the server."""


def oauth_config_of(call: Call[OAuthServices]) -> OAuthConfig:
    """Return the configuration of the protocol."""
    return call.features.oauth_config


async def metadata(call: Call[OAuthServices]) -> Response:
    """Return the authorization server metadata (RFC 8414, 3)."""
    authority = oauth_config_of(call)
    return json_response(
        {
            "issuer": authority.issuer,
            "authorization_endpoint": f"{authority.issuer}{AUTHORIZE_PATH}",
            "token_endpoint": f"{authority.issuer}/oauth/token",
            "revocation_endpoint": f"{authority.issuer}/oauth/revoke",
            "device_authorization_endpoint": f"{authority.issuer}/oauth/device_authorization",
            "scopes_supported": sorted(ALL_SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": authority.grant_types,
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ALL_AUTHENTICATION_METHODS,
            "revocation_endpoint_auth_methods_supported": ALL_AUTHENTICATION_METHODS,
            "authorization_response_iss_parameter_supported": True,
        }
    )


async def metadata_of_issuer_with_path(call: Call[OAuthServices]) -> Response:
    """Return the metadata for an issuer with a path, which follows the well-known part (RFC 8414, 3.1)."""
    if f"/{call.parameters['issuer_path']}" != call.settings.base_path:
        raise NotFound
    return await metadata(call)


async def consent_page(call: Call[OAuthServices]) -> Response:
    """Show the consent form, after a sign-in; redirect an invalid request back to the program."""
    request = _authorization_request(call)

    def work(connection: Connection) -> ConsentQuestion | Reply:
        return OAuthServer(connection, oauth_config_of(call), now=call.now).question(request)

    outcome = await call.database.read(work)
    if isinstance(outcome, Reply):
        return see_other(str(outcome.location))
    browser = await identify_browser(call)
    if browser.account is None:
        return see_other(_sign_in_url(call))
    return await _consent_answer(call, browser, outcome)


async def _consent_answer(call: Call[PageServices], browser: BrowserContext, question: ConsentQuestion) -> Response:
    account_id = browser.account.id if browser.account else ""
    memberships = await call.database.read(
        lambda connection: accounts_store.list_organizations_of(connection, account_id)
    )
    redirect = urlsplit(question.redirect_uri)
    redirect_origin = f"{redirect.scheme}://{redirect.netloc}"
    values = {
        "client_name": question.client_name,
        "memberships": memberships,
        "permissions": scope_text.in_words(question.scopes, [role for _, role in memberships]),
        "redirect_origin": redirect_origin,
        "action": _own_url(call),
        "purpose": _consent_purpose(call),
        "idle_days": oauth_store.REFRESH_IDLE_LIFETIME // DAY,
        "lifetime_days": oauth_store.FAMILY_LIFETIME // DAY,
    }
    page = PageContent("consent", values, form_target=_form_target(redirect_origin))
    return pages_of(call).answer(page, shown_to=browser)


def _form_target(redirect_origin: str) -> str:
    """Return the form's redirect origin as a CSP source, whose grammar has no IPv6 addresses (CSP 3, 2.3.1)."""
    return "http:" if "[" in redirect_origin else redirect_origin


def _authorization_request(call: Call[OAuthServices]) -> ProtocolRequest:
    parameters = urlencoded.decode(call.request.scope["query_string"])
    return ProtocolRequest(call.request.method, oauth_config_of(call).issuer + AUTHORIZE_PATH, parameters=parameters)


def _own_url(call: Call) -> str:
    """Return the path of this authorization request, with its parameters in canonical form."""
    parameters = urlencoded.decode(call.request.scope["query_string"])
    pairs = [(name, value) for name, values in parameters.values.items() for value in values]
    return f"{call.settings.base_path}{AUTHORIZE_PATH}?{urlencode(pairs)}"


def _consent_purpose(call: Call) -> str:
    """Return the purpose of the consent form: this request only."""
    return f"consent {_own_url(call)}"


def _sign_in_url(call: Call) -> str:
    return f"{call.settings.base_path}/sign-in?{urlencode({'next': _own_url(call)})}"


async def decide(call: Call[OAuthServices]) -> Response:
    """Redirect the person with a code, with a denial, or to the sign-in page for another account."""
    request = _authorization_request(call)
    browser = await identify_browser(call)
    if browser.account is None:
        return see_other(_sign_in_url(call))
    form = urlencoded.decode_form(call.request, call.body)
    check_form(call, browser, form, purpose=_consent_purpose(call))
    decision = form.text("decision")
    if decision == "another":
        return await sign_out_to(call, browser, _sign_in_url(call))
    if decision not in {"allow", "cancel"}:
        raise BadRequest("The form has no decision. Choose Allow or Cancel.")

    allowed_by = browser.account if decision == "allow" else None
    reply = await call.database.write(
        lambda connection: OAuthServer(connection, oauth_config_of(call), now=call.now).decide(request, allowed_by)
    )
    return see_other(str(reply.location))


async def token(call: Call[OAuthServices]) -> Response:
    """Return tokens for a code, a refresh token, or a client's own credentials (RFC 6749, 3.2)."""
    return await _to_client(call, OAuthServer.token)


async def revoke(call: Call[OAuthServices]) -> Response:
    """Revoke a token (RFC 7009)."""
    return await _to_client(call, OAuthServer.revocation)


async def device_authorization(call: Call[OAuthServices]) -> Response:
    """Return a device code for the program and a user code for the person (RFC 8628, 3.1)."""
    return await _to_client(call, OAuthServer.device_authorization)


async def _to_client(call: Call[OAuthServices], act: Callable[[OAuthServer, ProtocolRequest], Reply]) -> Response:
    """Return the response to a client; raise TooManyRequests after too many wrong secrets from its address."""
    request = _token_request(call)
    attempts = call.services.login_throttle
    presents_secret = bool(request.headers or request.parameters.get("client_secret"))
    subjects = attempts.subjects_of_address("client secret", call.caller) if presents_secret else []
    if subjects:
        await attempts.check_open(subjects)
    reply = await call.database.write(
        lambda connection: act(OAuthServer(connection, oauth_config_of(call), now=call.now), request)
    )
    if subjects and reply.status == HTTPStatus.UNAUTHORIZED:
        await attempts.begin(subjects)
    return json_response(reply.body, reply.status, reply.headers)


def _token_request(call: Call[OAuthServices]) -> ProtocolRequest:
    media_type = request_body.require_media_type(call.request, FORM_TYPE, JSON_TYPE)
    is_json = media_type == JSON_TYPE
    parameters = _json_parameters(call) if is_json else urlencoded.decode(call.body)
    return ProtocolRequest(
        call.request.method,
        oauth_config_of(call).issuer + call.request.scope["path"],
        parameters=parameters,
        authorization=call.request.headers.get("authorization", ""),
        is_json=is_json,
    )


def _json_parameters(call: Call) -> Parameters:
    """Return the members of a JSON object with string values; raise BadRequest for anything else."""
    text = request_body.decode_text(call.body)  # as bytes, `json` would read UTF-16, whose brackets were not counted
    json_depth.check_depth(call.body, max_depth=1)
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except ValueError:
        raise BadRequest("The request body is not valid JSON.") from None
    if not isinstance(pairs, list) or not call.body.lstrip().startswith(b"{"):
        raise BadRequest("The request body must be a JSON object.")
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if not isinstance(value, str) or not (name + value).isprintable():
            raise BadRequest("The values of the JSON object must be printable text.")
        values.setdefault(name, []).append(value)
    return Parameters(values)
