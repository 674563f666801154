"""A subscription to one person's flags: the app's last state, and when it must evaluate again."""

from __future__ import annotations

import msgspec

from templates_server.features.openfeature.evaluator import FlagEvaluator
from templates_server.features.openfeature.flag_digest import format_mark, read_mark
from templates_server.features.openfeature.streams.tokens import StreamTokens
from templates_server.features.people.identity import ClaimedIdentity, PersonKind, PersonRef
from templates_server.features.sessions.changes.notifier import Subscriber, SubscriptionPoller
from templates_server.features.sessions.changes.subscription import EvaluationLimiter, seconds_to_border
from templates_server.features.sessions.evaluator import EvaluatedPerson
from templates_server.primitives.timestamps import SECOND


class FlagSubscription:
    """A subscription to the flags of a person, starting from the mark that the app knows."""

    def __init__(self, follower: Subscriber, mark: bytes, *, last_event_id: str, tokens: StreamTokens) -> None:
        user = PersonRef(PersonKind.USER, "", follower.person_id)
        self._person = EvaluatedPerson(follower.environment_id, ClaimedIdentity(None, user))
        self._tokens = tokens
        self._mark = read_mark(last_event_id) or self._sealed(mark)
        self._lookout: SubscriptionPoller[bytes] = SubscriptionPoller(follower)

    async def next_event(self, evaluating: FlagEvaluator, turns: EvaluationLimiter, *, seconds: float) -> bytes | None:
        """Return an encoded event as soon as the flags may have changed; None after that many seconds without one."""
        return await self._lookout.next(lambda: self._look(evaluating, turns), seconds=seconds)

    async def _look(self, evaluating: FlagEvaluator, turns: EvaluationLimiter) -> bytes | None:
        async with turns.turn():
            now = turns.now
            flags, present = await evaluating.mark_of(self._person, now=now)
        mark = self._sealed(present)
        self._lookout.look_again_in(seconds_to_border(flags.states, now))
        if mark == self._mark:
            return None
        self._mark = mark
        told = {"type": "refetchEvaluation", "etag": flags.states.revision, "lastModified": now // SECOND}
        data = msgspec.json.encode(told)
        return b"id: %b\nevent: message\ndata: %b\n\n" % (format_mark(mark).encode(), data)

    def _sealed(self, mark: bytes) -> bytes:
        return self._tokens.sealed_mark(mark, self._person.stated.person.person_id)
