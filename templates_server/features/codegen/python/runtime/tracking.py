"""Events as an app tracks them, and what they are tracked by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """One piece of an event's metadata."""

    key: str
    value: str


@dataclass(frozen=True)
class Event:
    """An event with its metadata, by raw keys: `track(Events.video_completed(...))`."""

    name: str
    metadata: tuple[tuple[str, object], ...] = ()


class Tracker:
    """What records events: a session, an experience, an item."""

    def track(
        self,
        event: str | Event,
        *,
        pair1: Pair | None = None,
        pair2: Pair | None = None,
        pair3: Pair | None = None,
    ) -> None:
        """Record an event of it, such as `movie/watched` or one of `Events`."""
        self._track(event, (pair1, pair2, pair3))

    def _track(self, event: object, pairs: tuple[object, ...]) -> None:
        raise NotImplementedError
