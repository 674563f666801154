"""Passwords: which are accepted, and argon2id in a small pool of threads of its own.

A hash takes 46 MiB and tens of milliseconds on purpose. The pool bounds both: whoever comes when too many wait is told
to come back. An account that does not exist costs the same as a wrong password, so that time does not tell which
addresses are known.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import argon2

from templates_server.errors import Unavailable

MEMORY_KIB = 46 * 1024
PASSES = 1
LANES = 1
THREADS = 2
MAX_WAITING = 64
HASH_PREFIX = "$argon2id$"
MIN_LENGTH = 10
MAX_LENGTH = 256
FEWEST_DIFFERENT_CHARACTERS = 4
COMMON_PASSWORDS = frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split())

Result = TypeVar("Result")


def find_password_problems(password: str, *, email: str = "", name: str = "") -> list[str]:
    """Return the problems of a new password, in sentences; empty if it is accepted (NIST SP 800-63B, 5.1.1.2)."""
    problems = []
    if len(password) < MIN_LENGTH:
        problems.append(f"It must have at least {MIN_LENGTH} characters.")
    if len(password) > MAX_LENGTH:
        problems.append(f"It can have at most {MAX_LENGTH} characters.")
    if len(password) >= MIN_LENGTH and _is_guessable(password.casefold(), {email.casefold(), name.casefold()}):
        problems.append("It is too easy to guess.")
    return problems


def _is_guessable(password: str, about_the_person: set[str]) -> bool:
    plain = password.strip(" !?.1234567890")
    return (
        password in COMMON_PASSWORDS
        or len(set(password)) < FEWEST_DIFFERENT_CHARACTERS
        or any(password == known or (plain and plain == known) for known in about_the_person if known)
    )


class Passwords:
    """Hashes passwords and compares them with hashes."""

    def __init__(self) -> None:
        self._hasher = argon2.PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._waiting = 0
        self._dummy_hash = self._hasher.hash("nobody has this password")

    def hash_now(self, password: str) -> str:
        """Return the hash of a password (`$argon2id$...`), for callers outside the event loop."""
        return self._hasher.hash(_normal(password))

    async def hash(self, password: str) -> str:
        """Return the hash of a password."""
        return await self._in_pool(lambda: self.hash_now(password))

    async def is_right(self, password: str, stored_hash: str | None) -> bool:
        """Return whether the password matches the hash; without a hash False, after the same time."""
        return await self._in_pool(lambda: self._matches(password, stored_hash))

    def is_outdated(self, stored_hash: str) -> bool:
        """Return whether a hash was made with other parameters than the current ones."""
        return self._hasher.check_needs_rehash(stored_hash)

    def close(self) -> None:
        """Shut down the threads."""
        self._threads.shutdown(cancel_futures=True)

    def _matches(self, password: str, stored_hash: str | None) -> bool:
        is_hash = stored_hash is not None and stored_hash.startswith(HASH_PREFIX)
        try:
            self._hasher.verify(stored_hash if stored_hash and is_hash else self._dummy_hash, _normal(password))
        except argon2.exceptions.VerifyMismatchError:
            return False
        return is_hash

    async def _in_pool(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= MAX_WAITING:
            raise Unavailable("Too many people are signing in. Retry in a moment.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _normal(password: str) -> str:
    """Normalize a password, whatever the keyboard composed (NIST SP 800-63B: NFKC)."""
    return unicodedata.normalize("NFKC", password)
