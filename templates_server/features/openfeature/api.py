"""`POST /ofrep/v1/evaluate/flags` and `/ofrep/v1/evaluate/flags/{flag}`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Protocol

import msgspec
from starlette.responses import Response

from templates_server.errors import BadRequest, Forbidden, Unauthenticated
from templates_server.features.openfeature import entity_tags
from templates_server.features.openfeature.evaluator import FlagEvaluator
from templates_server.features.openfeature.parser import read_question
from templates_server.features.openfeature.streams.tokens import StreamClaim, StreamTokens
from templates_server.features.sessions.evaluator import ClientContext, EvaluatedPerson
from templates_server.features.sessions.store import revision_text
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.primitives.integers import whole_number
from templates_server.primitives.timestamps import parse_rfc3339
from templates_server.security.authorization import Principal, PrincipalKind

KEY_HEADER = "x-api-key"
OF_AN_EVENT = ("flagConfigEtag", "flagConfigLastModified")
INACTIVITY_SECONDS = 120
LATEST_SECOND = 2**53 - 1
STREAM_PATH = "/ofrep/v1/event-stream"


class FlagServices(Protocol):
    """The services that the handlers here need."""

    @property
    def flag_evaluator(self) -> FlagEvaluator:
        """Evaluates flags for a person."""

    @property
    def stream_tokens(self) -> StreamTokens:
        """Issues and reads the tokens in URLs of streams."""


async def app_of(call: Call) -> Principal:
    """Return the app of a pk_ key, sent as a bearer token or `X-API-Key`. Raise Unauthenticated or Forbidden."""
    principal = await call.services.authenticate(_key_of(call))
    if principal is None:
        raise Unauthenticated("The key is unknown or revoked.", challenge='Bearer error="invalid_token"')
    if principal.kind is not PrincipalKind.APP:
        raise Forbidden(
            "Tokens are valid for the Platform API only. Use a pk_ key of an environment to evaluate flags."
        )
    return principal


def _key_of(call: Call) -> str:
    """Return the key of the request. Raise BadRequest for two different keys, which are ambiguous."""
    headers = call.request.headers
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    sent = {bearer.strip() if scheme.lower() == "bearer" else "", headers.get(KEY_HEADER, "").strip()} - {""}
    if not sent:
        raise Unauthenticated("Send a pk_ key as `Authorization: Bearer ...` or as `X-API-Key`.")
    if len(sent) > 1:
        raise BadRequest("`Authorization` and `X-API-Key` have different keys. Send only one of the two headers.")
    return sent.pop()


async def evaluate_all(call: Call[FlagServices]) -> Response:
    """Return all flags and the URL of their event stream; 304 when the caller has them."""
    person, said = _read_request(call)
    now = call.now
    evaluated = await call.features.flag_evaluator.evaluate_all(person, said, now=now)
    tokens = call.features.stream_tokens
    principal = call.principal
    tag = entity_tags.make_entity_tag(evaluated.digest, principal.id, person.stated.person.person_id)
    windows = tokens.windows(now)
    kept = entity_tags.find_current_header(call.request.headers.get("if-none-match"), tag, windows)
    if kept is not None:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": kept})
    claim = StreamClaim(principal.id, person.stated.person.person_id, principal.signature_version, evaluated.mark)
    url = f"{call.settings.public_url}{STREAM_PATH}?token={tokens.make(claim, now=now)}"
    body = b'{"flags":%b,"eventStreams":[{"type":"sse","url":%b,"inactivityDelaySec":%d}]}' % (
        evaluated.encoded,
        msgspec.json.encode(url),
        INACTIVITY_SECONDS,
    )
    headers = {"ETag": entity_tags.format_header(tag, windows[0])}
    return Response(body, headers=headers, media_type="application/json")


async def evaluate_one(call: Call[FlagServices]) -> Response:
    """Return one flag."""
    person, said = _read_request(call)
    encoded = await call.features.flag_evaluator.evaluate_one(call.parameters["flag"], person, said, now=call.now)
    return Response(encoded, media_type="application/json")


def _read_request(call: Call) -> tuple[EvaluatedPerson, ClientContext]:
    """Return the person of the request and the context sent by the app."""
    request_body.require_media_type(call.request, "application/json")
    check = call.services.user_signatures.check_for(call.principal)
    who, said = read_question(call.body, check=check, max_depth=call.settings.limits.max_depth)
    revision = None if _is_after_an_event(call) else revision_text(*call.principal.revisions)
    return EvaluatedPerson(call.app_environment_id, who, revision), said


def _is_after_an_event(call: Call) -> bool:
    """Return whether the app sent the request because of an event.

    This process's cache of the key may then be older than the state that another process announced in that event.
    """
    if not call.request.scope["query_string"]:
        return False
    modified = call.query.get("flagConfigLastModified")
    if modified is not None and not _is_time(modified):
        raise BadRequest("`flagConfigLastModified` must be Unix seconds or a time such as 2026-02-20T21:28:18Z.")
    return any(name in call.query for name in OF_AN_EVENT)


def _is_time(text: str) -> bool:
    if whole_number(text, most=LATEST_SECOND) is not None:
        return True
    try:
        parse_rfc3339(text)
    except ValueError:
        return False
    return True
