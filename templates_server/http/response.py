"""What a handler returns, in the format of the surface: the envelope, and the errors of each protocol."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from templates_server.errors import ApiError

OAUTH_CODES = {
    HTTPStatus.INTERNAL_SERVER_ERROR: "server_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "temporarily_unavailable",
    HTTPStatus.TOO_MANY_REQUESTS: "temporarily_unavailable",
}


OFREP_CODES = {HTTPStatus.BAD_REQUEST: "PARSE_ERROR", HTTPStatus.NOT_FOUND: "FLAG_NOT_FOUND"}


OF_A_CONTEXT = frozenset({"TARGETING_KEY_MISSING", "INVALID_CONTEXT"})


class Surface(enum.StrEnum):
    """Who a route is for; it decides the credentials and the format of errors."""

    PLATFORM = "platform"  # bearer tokens, envelope
    CLIENT = "client"  # public keys of environments, no envelope
    OFREP = "ofrep"  # the same keys, errors as OpenFeature's remote evaluation protocol has them
    OAUTH = "oauth"  # RFC 6749
    PAGE = "page"  # people in a browser
    SYSTEM = "system"  # health and the like: open to all


@dataclass(frozen=True)
class ApiResult:
    """What a handler of the Platform API returns; it is sent in the envelope."""

    data: Sequence[Any]
    type: str
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


NOTHING = ApiResult([], "", HTTPStatus.NO_CONTENT)


@dataclass(frozen=True)
class Envelope:
    """The envelope of every JSON response of the Platform API."""

    data: Sequence[Any]
    dataType: str | None  # noqa: N815 - the name on the wire
    errors: Sequence[Mapping[str, str]] | None


def to_response(answer: ApiResult) -> Response:
    """Return a result in its envelope; one without a body as it is."""
    if answer.status is HTTPStatus.NO_CONTENT:
        return Response(status_code=answer.status, headers=dict(answer.headers))
    envelope = Envelope(answer.data, answer.type, None)
    return json_response(envelope, answer.status, answer.headers)


def json_response(body: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
    """Return anything that msgspec encodes as a JSON response."""
    return Response(msgspec.json.encode(body), status, dict(headers or {}), media_type="application/json")


def _oauth_error(error: ApiError) -> Response:
    """Return an error before the protocol began (RFC 6749, 5.2; the codes of 500 and 503 are from 4.1.2.1)."""
    body = {"error": OAUTH_CODES.get(error.status, "invalid_request"), "error_description": str(error)}
    return json_response(body, error.status, {**error.headers, "Cache-Control": "no-store"})


def _ofrep_error(error: ApiError, flag_key: str | None) -> Response:
    """Return an error of OFREP 0.3, with the key and the details, which clients need though they are optional."""
    details = "; ".join(f"{problem.path}: {problem.message}".removeprefix(": ") for problem in error.problems)
    status = HTTPStatus.BAD_REQUEST if error.status is HTTPStatus.UNPROCESSABLE_ENTITY else error.status
    code = error.code if error.code in OF_A_CONTEXT else OFREP_CODES.get(error.status, "GENERAL")
    body = {"errorCode": code, "errorDetails": details}
    return json_response(body if flag_key is None else {"key": flag_key, **body}, status, error.headers)


def error_response(error: ApiError, surface: Surface, *, flag_key: str | None = None) -> Response:
    """Return an error in the format of the surface; `flag_key` is the requested flag."""
    if surface is Surface.OFREP:
        return _ofrep_error(error, flag_key)
    errors = [{"code": problem.code, "message": problem.message, "path": problem.path} for problem in error.problems]
    if surface is Surface.CLIENT:
        return json_response({"errors": errors}, error.status, error.headers)
    if surface is Surface.OAUTH:
        return _oauth_error(error)
    return json_response(Envelope([], None, errors), error.status, error.headers)
