"""How often may be asked: a bucket of requests for each caller, which fills again all the time. In memory, no HTTP.

A bucket holds a minute's worth, so that a burst is fine and only what goes on is not. Each process counts by itself.
Who is counted as whom, and where, is in `pipeline.py`.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, replace

import msgspec

from templates_server.errors import TooManyRequests
from templates_server.primitives.integers import counted, whole_number
from templates_server.primitives.ip_addresses import CallerAddress, rate_limit_key
from templates_server.primitives.text_cache import memoize
from templates_server.settings import DEFAULT_LIMITS, RateLimits

WINDOW_SECONDS = 60
NOISE_SECONDS = 1e-6  # of sums of times
MOST_CALLERS = 50_000  # of a kind; whoever was not heard of for longest is forgotten, and begins with a full bucket
MOST_A_MINUTE = 1_000_000_000
OFF = "off"


def parse_rate_limits(text: str) -> RateLimits | None:
    """Parse `platform=600,client=20000`, with defaults for the rest; None for `off`; ValueError if invalid."""
    if text.strip() == OFF:
        return None
    known = [field.name for field in fields(RateLimits)]
    given: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        if name not in known or name in given:
            raise ValueError(
                f"{part.strip()!r} must be `off` or one of {', '.join(f'{each}=N' for each in known)}, each at "
                "most once"
            )
        requests = whole_number(number, most=MOST_A_MINUTE)
        if not requests:
            raise ValueError(f"{name} must be a number of requests per minute, not {number!r}")
        given[name] = requests
    return replace(DEFAULT_LIMITS, **given)


class Quota(msgspec.Struct, frozen=True, gc=False):
    """What a caller has left: of `limit` requests so many, and in so many seconds all of them again.

    `wait_seconds`, when there is none left: after these there is one.
    """

    limit: int
    remaining: int
    reset_seconds: int
    wait_seconds: int = 0

    def headers(self) -> Mapping[str, str]:
        """Return the headers of the quota (draft-ietf-httpapi-ratelimit-headers-06; later drafts differ)."""
        return {name.decode(): value.decode() for name, value in self.raw_headers()}

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers as they are sent."""
        return [
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % self.reset_seconds),
        ]


class TokenBuckets:
    """The buckets of callers of one kind. A bucket is the time at which it is full again; one that is full is none."""

    def __init__(
        self, requests_a_minute: int, *, clock: Callable[[], float] = time.monotonic, most: int = MOST_CALLERS
    ) -> None:
        self._limit = requests_a_minute
        self._request_seconds = WINDOW_SECONDS / requests_a_minute
        self._clock = clock
        self._most = most
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def take(self, caller: Hashable) -> Quota:
        """Count a request of a caller, if the bucket has one left."""
        now = self._clock()
        before = max(self._full_at.get(caller, now), now)
        after = before + self._request_seconds
        missing_seconds = after - now
        if missing_seconds > WINDOW_SECONDS + NOISE_SECONDS:
            wait_seconds = math.ceil(missing_seconds - WINDOW_SECONDS)
            return Quota(self._limit, 0, math.ceil(before - now), wait_seconds)
        self._full_at[caller] = after
        self._full_at.move_to_end(caller)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        remaining = int((WINDOW_SECONDS - missing_seconds) / self._request_seconds + 1e-6)
        return Quota(self._limit, remaining, math.ceil(missing_seconds - NOISE_SECONDS))


class RateLimiter:
    """Every bucket of a process; none where there are no limits.

    A direct connection from this machine is not counted: it is its own user's, or one of a proxy that was not listed
    and carries everybody.
    """

    def __init__(self, limits: RateLimits | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._buckets: Mapping[str, TokenBuckets] = (
            {}
            if limits is None
            else {each.name: TokenBuckets(getattr(limits, each.name), clock=clock) for each in fields(limits)}
        )

    def count_token(self, token: str) -> Quota | None:
        """Count a request of the Platform API."""
        return self._taken("platform", token)

    def count_app(self, key: str, caller: CallerAddress) -> Quota | None:
        """Count a request of the Client API."""
        counted = _subject(caller)
        return None if counted is None else self._taken("client", (key, counted))

    def count_sign_in(self, caller: CallerAddress) -> Quota | None:
        """Count a request that needs no credentials, such as one that gets or revokes tokens."""
        return self._taken("oauth", _subject(caller))

    def count_stranger(self, caller: CallerAddress) -> Quota | None:
        """Count a request with invalid credentials."""
        return self._taken("unauthenticated", _subject(caller))

    def _taken(self, kind: str, caller: Hashable) -> Quota | None:
        """Return the quota that is left; None if nothing is counted. TooManyRequests if it was used up."""
        if caller is None or not self._buckets:
            return None
        quota = self._buckets[kind].take(caller)
        if quota.wait_seconds:
            limit = counted(quota.limit, "request")
            error = TooManyRequests(
                f"Rate limit of {limit} per minute exceeded. Retry in {quota.wait_seconds} s.",
                retry_after_seconds=quota.wait_seconds,
            )
            error.headers.update(quota.headers())
            raise error
        return quota


_counted = memoize(rate_limit_key)


def _subject(caller: CallerAddress) -> str | None:
    """Return `CallerAddress.rate_limit_key`, from a cache."""
    return _counted(caller.address) or caller.proxied_rate_limit_key
