"""From a request to its handler: credentials, rate, place, permission, body. The same steps for every route.

What a route asks for stands in its `Route`; what a handler then gets and gives is in `context.py` and `response.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from templates_server.errors import ApiError, BadRequest, Forbidden, NotFound, TooLarge, Unauthenticated
from templates_server.http import request_body
from templates_server.http.compression import compress
from templates_server.http.context import Call
from templates_server.http.idempotency.idempotent_request import HEADER
from templates_server.http.response import Surface, to_response
from templates_server.http.route import Route, check_permission
from templates_server.http.route_docs import BodyDocs
from templates_server.primitives.ip_addresses import CallerAddress
from templates_server.security import authorization

ACCOUNT_PARAMETER = "accountId"  # as mParticle calls an organization


async def serve(route: Route, call: Call) -> Response:
    """Return the response of a route; ApiError if a step rejects the request. Either has the caller's quota."""
    try:
        response = await _answer(route, call)
    except ApiError as error:
        if call.quota is not None:
            error.headers.update(call.quota.headers())
        raise
    if call.quota is not None:
        response.raw_headers += call.quota.raw_headers()
    if route.surface is Surface.PAGE:
        compress(response, call.request)
    return response


async def _answer(route: Route, call: Call) -> Response:
    await _admit(route, call)
    if route.surface is Surface.PLATFORM:
        call.located = await _permitted_place(call, route)
    if route.before_body is not None and (response := await route.before_body(call)) is not None:
        return response
    raw = b"" if route.reads is None else await _read_body(route, call)
    is_once = route.surface is Surface.PLATFORM and route.method == "POST" and HEADER in call.request.headers
    if is_once and call.asker is not None:
        return await _serve_once(route, call, raw)
    return await _call_handler(route, call, raw)


async def _serve_once(route: Route, call: Call, raw: bytes) -> Response:
    """Return the response that was stored under the same Idempotency-Key, else the route's."""
    answers = call.services.idempotent_requests
    once = answers.asked(call.request, call.principal, body=raw, now=call.now)
    with answers.running(once):
        replayed = await call.database.read(once.replay)
        call.once = once
        return replayed or await _call_handler(route, call, raw)


async def _call_handler(route: Route, call: Call, raw: bytes) -> Response:
    call.body = _decode_body(route, call, raw)
    answer = await route.handler(call)
    return answer if isinstance(answer, Response) else to_response(answer)


async def _admit(route: Route, call: Call) -> None:
    """Find out who asks, and count the request for them."""
    limiter = call.services.rate_limiter
    if route.surface is Surface.OAUTH or (route.is_open and route.find_asker is None):
        call.quota = limiter.count_sign_in(_caller(call))
    elif route.surface in {Surface.PLATFORM, Surface.CLIENT, Surface.OFREP}:
        try:
            principal = await (
                _authenticate(call, route.surface) if route.find_asker is None else route.find_asker(call)
            )
        except (Forbidden, Unauthenticated):
            call.quota = limiter.count_stranger(_caller(call))
            raise
        call.asker = principal
        is_app = route.surface is not Surface.PLATFORM
        call.quota = (
            limiter.count_app(principal.id, _caller(call)) if is_app else limiter.count_token(principal.token_id)
        )


def _caller(call: Call) -> CallerAddress:
    """Return the caller's address; the log warns if a trusted proxy does not state it."""
    call.services.silent_proxies.note(call.caller)
    return call.caller


async def _authenticate(call: Call, surface: Surface) -> authorization.Principal:
    scheme, _, bearer = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not bearer.strip():
        raise Unauthenticated(
            "Authentication required. Send `Authorization: Bearer ...` with a token, or with a "
            "pk_ key for the Client API."
        )
    principal = await call.services.authenticate(bearer.strip())
    if principal is None:
        raise Unauthenticated(
            "The token or key is unknown, expired or revoked.", challenge='Bearer error="invalid_token"'
        )
    is_app = principal.kind is authorization.PrincipalKind.APP
    if is_app and surface is Surface.PLATFORM:
        raise Forbidden("A pk_ key is valid for the Client API only. Use a token.")
    if not is_app and surface is Surface.CLIENT:
        raise Unauthenticated("The Client API requires a pk_ key of an environment.")
    return principal


async def _permitted_place(call: Call, route: Route) -> authorization.ResourceScope | None:
    """Return the place that the path names, once the caller may see it and do this there."""
    names = {
        name: call.parameters[name] for name in ("organization", "space", "environment") if name in call.parameters
    }
    await _keep_to_account(call)
    place = await call.services.locate(names) if names else None
    if names and (place is None or not authorization.may_see(call.principal, place)):
        raise NotFound
    check_permission(route, call, place)
    return place


async def _keep_to_account(call: Call) -> None:
    """Limit the caller to the organization that `?accountId=` names, if any; NotFound if they have no role there."""
    accounts = call.request.query_params.getlist(ACCOUNT_PARAMETER) if call.request.scope["query_string"] else []
    if not accounts or call.asker is None:
        return
    if len(accounts) > 1:
        raise BadRequest(f"Send `{ACCOUNT_PARAMETER}` only once.", path=ACCOUNT_PARAMETER)
    (account,) = accounts
    place = await call.services.locate({"organization": account})
    role = call.principal.roles.get(place.organization_id) if place else None
    if place is None or role is None:
        raise NotFound
    call.asker = replace(call.principal, roles={place.organization_id: role})


async def _read_body(route: Route, call: Call) -> bytes:
    limits = call.settings.limits
    try:
        return await request_body.read_body(call.request, route.max_body_bytes or limits.max_body_bytes, limits)
    except TooLarge as error:
        raise TooLarge(route.too_large or str(error)) from None


def _decode_body(route: Route, call: Call, raw: bytes) -> Any:
    """Return the body as the type that the route reads; None if it reads none."""
    if route.reads is None:
        return None
    if route.reads is bytes or isinstance(route.reads, BodyDocs):
        return raw
    request_body.require_media_type(call.request, "application/json")
    return request_body.decode_json(raw, route.reads, max_depth=call.settings.limits.max_depth)
