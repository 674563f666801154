"""The throttle for sign-in by password and for clients by secret."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.errors import TooManyRequests
from templates_server.primitives.ip_addresses import CallerAddress
from templates_server.primitives.timestamps import MINUTE, SECOND, Clock
from templates_server.security import login_attempt_store
from templates_server.security.login_attempt_store import LockedOut
from templates_server.security.server_key import ServerKey
from templates_server.storage.database import Database


@dataclass(frozen=True)
class LoginThrottle:
    """Counts failures by subject. A subject is stored as a keyed hash: people type passwords into the wrong field."""

    database: Database
    key: ServerKey
    clock: Clock

    def subject(self, kind: str, name: str) -> bytes:
        """Return the subject of a name of some kind."""
        return self.key.derive("failed attempts", f"{kind}\0{name}")

    def subjects_of_address(self, kind: str, caller: CallerAddress) -> list[bytes]:
        """Return the subject of the caller's address; none for a direct connection from this machine."""
        counted = caller.rate_limit_key
        return [self.subject(kind, counted)] if counted else []

    async def begin(self, subjects: Sequence[bytes]) -> None:
        """Count the attempt as failed until it is known better; TooManyRequests when a subject must wait.

        Counted first: of many at once, no more get through than one after another.
        """
        await self.check_open(subjects)
        now = self.clock()
        try:
            await self.database.write(lambda connection: login_attempt_store.count_failures(connection, subjects, now))
        except LockedOut as closed:
            raise _refusal(closed.until - now) from None

    async def check_open(self, subjects: Sequence[bytes]) -> None:
        """Raise TooManyRequests if one of the subjects must wait; it takes one query."""
        now = self.clock()
        until = await self.database.read(lambda connection: login_attempt_store.locked_until(connection, subjects, now))
        if until > now:
            raise _refusal(until - now)

    async def discount(self, subjects: Sequence[bytes]) -> None:
        """Take back the failure of an attempt."""
        now = self.clock()
        await self.database.write(lambda connection: login_attempt_store.discount_failures(connection, subjects, now))

    async def succeed(self, subject: bytes, others: Sequence[bytes]) -> None:
        """Reset the subject after a successful attempt; the others stay as before."""
        now = self.clock()

        def work(connection: Connection) -> None:
            login_attempt_store.forget(connection, subject)
            login_attempt_store.discount_failures(connection, others, now)

        await self.database.write(work)


def _refusal(milliseconds: int) -> TooManyRequests:
    seconds = max(1, math.ceil(milliseconds / SECOND))
    return TooManyRequests(f"Too many failed attempts. Try again in {_in_words(seconds)}.", retry_after_seconds=seconds)


def _in_words(seconds: int) -> str:
    minutes = math.ceil(seconds * SECOND / MINUTE)
    if minutes > 1:
        return f"{minutes} minutes"
    return f"{seconds} seconds" if seconds > 1 else "a second"
