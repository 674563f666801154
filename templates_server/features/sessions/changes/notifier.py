"""Detection of possible changes for followed persons, whichever process made them.

All followers share one database query: shortly after this process has written, otherwise every half second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from templates_server.errors import Unavailable
from templates_server.features.sessions.changes import store
from templates_server.storage.database import Database

LOGGER = logging.getLogger("templates_server")
Seen = TypeVar("Seen")
LONGEST_REST_SECONDS = 0.5
SHORTEST_REST_SECONDS = 0.1
REST_PER_LOOK = 9  # a tenth of the time is spent on looking, at most
REST_AFTER_FAILURE_SECONDS = 5.0


@dataclass(eq=False)
class Subscriber:
    """A person followed by an app with a key. `woken`: check again. `is_over`: stop waiting.

    `signature_version`: the secret for ids that allows the subscription and whose rotation ends it; None: any.
    """

    key_id: str
    environment_id: str
    person_id: str
    signature_version: int | None = None
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    is_key_live: bool = True
    is_over: bool = False
    mark: store.Mark | None = None

    @property
    def person(self) -> store.PersonKey:
        """The person in the database."""
        return self.environment_id, self.person_id

    def end(self) -> None:
        """Wake up all waiters."""
        self.is_over = True
        self.woken.set()

    async def wait(self, seconds: float) -> None:
        """Wait until woken, or for that many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.woken.wait()


class SubscriptionPoller(Generic[Seen]):
    """A poller of updates for a follower: when woken, and when a check is due. It starts with a check."""

    def __init__(self, follower: Subscriber) -> None:
        self._follower = follower
        self._look_at = 0.0

    def look_again_in(self, seconds: float) -> None:
        """Schedule the next check within that many seconds."""
        self._look_at = asyncio.get_running_loop().time() + seconds

    async def next(self, look: Callable[[], Awaitable[Seen | None]], *, seconds: float) -> Seen | None:
        """Return the next result of a check; None if that many seconds pass without one, or it is all over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not self._follower.is_over:
            if self._follower.woken.is_set() or loop.time() >= self._look_at:
                self._follower.woken.clear()
                found = await look()
                if found is not None:
                    return found
            rest = min(until, self._look_at) - loop.time()
            if loop.time() >= until:
                return None
            await self._follower.wait(rest)
        return None


class ChangeNotifier:
    """A notifier that wakes followers, as long as there are any."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followers: set[Subscriber] = set()
        self._task: asyncio.Task[None] | None = None
        self._writes_seen = 0
        self._has_newcomers = False

    @contextlib.contextmanager
    def subscribe(self, follower: Subscriber) -> Iterator[None]:
        """Wake the follower when something may have changed, within the block."""
        self._followers.add(follower)
        self._has_newcomers = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_until_nobody_follows())
        try:
            yield
        finally:
            self._followers.discard(follower)

    async def finish(self) -> None:
        """Stop polling."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look_until_nobody_follows(self) -> None:
        was_down = False
        while self._followers:
            began = time.monotonic()
            try:
                await self._look()
                was_down = False
            except (SQLAlchemyError, Unavailable) as error:
                if not was_down:
                    LOGGER.warning("could not check for changes: %s", error)
                was_down = True
                await asyncio.sleep(REST_AFTER_FAILURE_SECONDS)
            await self._rest(time.monotonic() - began)

    async def _rest(self, looked_seconds: float) -> None:
        shortest = max(SHORTEST_REST_SECONDS, REST_PER_LOOK * looked_seconds)
        until = time.monotonic() + max(shortest, LONGEST_REST_SECONDS)
        await asyncio.sleep(shortest)
        while time.monotonic() < until and not self._is_worth_a_look:  # noqa: ASYNC110 - writes are counted, not told
            await asyncio.sleep(SHORTEST_REST_SECONDS)

    @property
    def _is_worth_a_look(self) -> bool:
        return self._has_newcomers or self._database.ended_writes != self._writes_seen

    async def _look(self) -> None:
        followers = list(self._followers)
        self._has_newcomers = False
        self._writes_seen = self._database.ended_writes
        keys = {one.key_id for one in followers}
        persons = {one.person for one in followers}
        asked = [one.person for one in followers]
        live, marks = await self._database.read_in_thread(
            lambda connection: _load_key_states(connection, keys, persons)
        )
        for one, person in zip(followers, asked, strict=True):
            if one.person == person:  # they may have been merged meanwhile: the next look knows
                _tell(one, live, marks)


def _load_key_states(
    connection: Connection, keys: set[str], persons: set[store.PersonKey]
) -> tuple[Mapping[str, store.KeyState], Mapping[store.PersonKey, store.Mark]]:
    return store.find_key_states(connection, keys), store.marks_of_persons(connection, persons)


def _tell(one: Subscriber, live: Mapping[str, store.KeyState], marks: Mapping[store.PersonKey, store.Mark]) -> None:
    key = live.get(one.key_id)
    if key is None:
        one.is_key_live = False
        one.end()
        return
    if one.signature_version not in {None, key.signature_version}:
        one.end()
        return
    mark = (key.revisions, marks.get(one.person))
    if mark != one.mark:
        one.mark = mark
        one.woken.set()
