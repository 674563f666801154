"""`GET /ofrep/v1/event-stream`: notifications of changed flags, for any client with the URL from their response."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Iterator
from typing import Protocol

from starlette.responses import Response

from templates_server.errors import BadRequest, Unauthenticated
from templates_server.features.openfeature.evaluator import FlagEvaluator
from templates_server.features.openfeature.streams import store
from templates_server.features.openfeature.streams.subscription import FlagSubscription
from templates_server.features.openfeature.streams.tokens import StreamClaim, StreamTokens
from templates_server.features.sessions.changes.notifier import ChangeNotifier, Subscriber
from templates_server.features.sessions.changes.subscription import EvaluationLimiter
from templates_server.http.context import Call
from templates_server.http.server_sent_events import EventStream
from templates_server.primitives.integers import whole_number
from templates_server.security.authorization import Principal, PrincipalKind

MAX_WAIT_SECONDS = 3600
NOT_GOOD = "Invalid or expired stream URL. Evaluate all flags again and use the URL in the response."


class FlagStreamServices(Protocol):
    """The services that the handlers here need."""

    @property
    def flag_evaluator(self) -> FlagEvaluator:
        """Evaluates flags for a person."""

    @property
    def stream_tokens(self) -> StreamTokens:
        """Issues and reads the tokens in URLs of streams."""

    @property
    def evaluation_limiter(self) -> EvaluationLimiter:
        """Evaluates followed sessions again, a bounded number at a time."""

    @property
    def change_notifier(self) -> ChangeNotifier:
        """Notifies subscribers of changes in an environment."""


async def app_of(call: Call[FlagStreamServices]) -> Principal:
    """Return the app that the token was created for. Raise Unauthenticated if it is invalid or the key was removed."""
    claim = _claim_of(call)
    key = None if claim is None else await store.find_key(call.database, claim.key_id)
    if claim is None or key is None or key.signature_version != claim.signature_version:
        raise Unauthenticated(NOT_GOOD)
    return Principal(PrincipalKind.APP, claim.key_id, environment_id=key.environment_id)


def _claim_of(call: Call[FlagStreamServices]) -> StreamClaim | None:
    tokens = call.request.query_params.getlist("token")
    if len(tokens) > 1:
        raise BadRequest("Send `token` exactly once.")
    return call.features.stream_tokens.read(tokens[0], now=call.now) if tokens else None


async def follow_flags(call: Call[FlagStreamServices]) -> Response:
    """Stream events, each of which only tells the app to evaluate again."""
    seconds = _wait_seconds(call)
    claim = _claim_of(call)
    if claim is None:  # it ended in this very moment
        raise Unauthenticated(NOT_GOOD)
    follower = Subscriber(claim.key_id, call.app_environment_id, claim.person_id, claim.signature_version)
    last_event_id, tokens = call.request.headers.get("last-event-id", ""), call.features.stream_tokens
    followed = FlagSubscription(follower, claim.mark, last_event_id=last_event_id, tokens=tokens)
    next_event = functools.partial(
        _next_event, followed, call.features.flag_evaluator, call.features.evaluation_limiter
    )
    with contextlib.ExitStack() as held:
        held.enter_context(call.services.stream_limiter.acquire(call.caller))
        held.enter_context(call.features.change_notifier.subscribe(follower))
        if seconds is not None:
            held.enter_context(_ending_in(seconds, follower))
        return EventStream(follower, next_event, held.pop_all())


async def _next_event(
    followed: FlagSubscription, evaluating: FlagEvaluator, turns: EvaluationLimiter, seconds: float
) -> bytes | None:
    return await followed.next_event(evaluating, turns, seconds=seconds)


def _wait_seconds(call: Call) -> int | None:
    text = call.query.get("wait")
    if text is None:
        return None
    seconds = whole_number(text, most=MAX_WAIT_SECONDS)
    if seconds is None:
        raise BadRequest(f"`wait` must be a whole number from 0 to {MAX_WAIT_SECONDS}.")
    return seconds


@contextlib.contextmanager
def _ending_in(seconds: int, follower: Subscriber) -> Iterator[None]:
    """End the follower after that many seconds, within the block."""
    ending = asyncio.get_running_loop().call_later(seconds, follower.end)
    try:
        yield
    finally:
        ending.cancel()
