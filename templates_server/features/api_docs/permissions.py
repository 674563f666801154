"""The permission that a route requires, in words and for OpenAPI. Pure."""

from __future__ import annotations

from typing import Any

from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.security.authorization import ALL_SCOPES, ROLE_SCOPES, Role

OPEN = {
    Surface.SYSTEM: "Requires no credentials.",
    Surface.PAGE: "For browsers.",
    Surface.OAUTH: "Requires OAuth 2 client authentication.",
}


def security_schemes(public_url: str) -> dict[str, Any]:
    """Return the security schemes of the API."""
    scopes = {str(scope): f"Grants {scope}." for scope in sorted(ALL_SCOPES)}
    token_url = f"{public_url}/oauth/token"
    return {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal access token (`mtp_...`), or an access token of a sign-in or a service "
            "account (`mto_...`).",
        },
        "oauth": {
            "type": "oauth2",
            "description": "OAuth 2 flows to get a token. PKCE with S256 is required.",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": f"{public_url}/oauth/authorize",
                    "tokenUrl": token_url,
                    "refreshUrl": token_url,
                    "scopes": scopes,
                },
                "clientCredentials": {"tokenUrl": token_url, "scopes": scopes},
            },
        },
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "A public key `pk_...` of an environment. It is valid for the Client API only.",
        },
        "header": {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "The same public key, in the header that OpenFeature clients use.",
        },
        "client": {
            "type": "http",
            "scheme": "basic",
            "description": "The `client_id` and `client_secret` of a service account. Can also be sent in the body.",
        },
    }


def security_of(route: Route) -> list[dict[str, list[str]]]:
    """Return the alternative security requirements, each with the scope the token must have."""
    scopes = [str(route.scope)] if route.scope else []
    if route.is_open:
        return []
    if route.surface is Surface.PLATFORM:
        return [{"token": scopes}, {"oauth": scopes}]
    if route.surface is Surface.CLIENT:
        return [{"key": []}]
    if route.surface is Surface.OFREP:
        return [{"key": []}, {"header": []}]
    if route.surface is Surface.OAUTH and route.method == "POST":
        return [{}, {"client": []}]
    return []


def roles_of(route: Route) -> list[Role]:
    """Return the roles that may use the route, if it requires a scope or a role."""
    if route.surface is not Surface.PLATFORM or (route.scope is None and route.role is None):
        return []
    allowed = {route.role, Role.ADMINISTRATOR} if route.role else set(Role)
    return [role for role in Role if role in allowed and (route.scope is None or route.scope in ROLE_SCOPES[role])]


def in_words(route: Route) -> str:
    """Return the required permission as a sentence."""
    if route.surface in OPEN:
        return OPEN[route.surface]
    if route.is_open:
        return OPEN[Surface.SYSTEM] if route.find_asker is None else "Requires the token in the URL."
    if route.surface is Surface.CLIENT:
        return "Requires a `pk_` key of an environment."
    if route.surface is Surface.OFREP:
        return "Requires a `pk_` key of an environment, as a bearer token or as `X-API-Key`."
    scope = f" with the scope `{route.scope}`" if route.scope else ""
    roles = roles_of(route)
    sign_in = (
        " of a person's sign-in (not a personal access token or a service account token)" if route.needs_sign_in else ""
    )
    by_role = f"; the role must be {' or '.join(roles)}" if 0 < len(roles) < len(Role) else ""
    return f"Requires a bearer token{sign_in}{scope}{by_role}."
