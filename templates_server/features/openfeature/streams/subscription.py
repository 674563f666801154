"""One person's flags that are followed: what the app knows of them, and when it is to ask anew."""

from __future__ import annotations

import msgspec

from templates_server.features.openfeature.evaluator import Evaluating
from templates_server.features.openfeature.flag_digest import read_mark, written_mark
from templates_server.features.openfeature.streams.tokens import StreamTokens
from templates_server.features.people.identity import PersonKind, PersonName, Stated
from templates_server.features.sessions.changes.notifier import Follower, Lookout
from templates_server.features.sessions.changes.subscription import Evaluations, seconds_to_border
from templates_server.features.sessions.evaluator import Person
from templates_server.primitives.timestamps import SECOND


class FollowedFlags:
    """The flags of a person whose app knows them as of a mark."""

    def __init__(self, follower: Follower, mark: bytes, *, last_event_id: str, tokens: StreamTokens) -> None:
        user = PersonName(PersonKind.USER, "", follower.person_id)
        self._person = Person(follower.environment_id, Stated(None, user))
        self._tokens = tokens
        self._mark = read_mark(last_event_id) or self._sealed(mark)
        self._lookout: Lookout[bytes] = Lookout(follower)

    async def next_event(self, evaluating: Evaluating, turns: Evaluations, *, seconds: float) -> bytes | None:
        """That the flags may have changed, encoded, as soon as they may; None when they did not for so many seconds."""
        return await self._lookout.next(lambda: self._look(evaluating, turns), seconds=seconds)

    async def _look(self, evaluating: Evaluating, turns: Evaluations) -> bytes | None:
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
        return b"id: %b\nevent: message\ndata: %b\n\n" % (written_mark(mark).encode(), data)

    def _sealed(self, mark: bytes) -> bytes:
        return self._tokens.sealed_mark(mark, self._person.stated.person.person_id)
