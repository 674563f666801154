"""What becomes of the names of an environment's events when events are stored and removed. Pure.

A transaction that stores or removes events writes down what it changed; changes are folded into the names later, one
after the other, so that those who store events never wait for one another. First come, first kept: a name beyond
`MOST_NAMES` is counted nowhere, and so is a key beyond `MOST_KEYS` of its name. Only what was counted is taken off
again: events that arrived before the `first` of their name, or of a key, were not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from templates_server.events.modelled import NOTHING_MODELLED, ModelledEvents

MOST_NAMES = 2000  # of an environment
MOST_KEYS = 50  # of a name
NO_METADATA: Mapping[str, str] = {}


class Told(Protocol):
    """An event, as far as it counts here."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def pairs(self) -> Mapping[str, str]:
        """Its metadata."""


class Added(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Events of a name that have the same keys of metadata. Times of receipt in milliseconds."""

    name: str
    keys: tuple[str, ...]
    events: int
    differing: int
    first: int
    last: int


class Removed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Events of a name that had the same keys of metadata, and were received at the same time."""

    name: str
    keys: tuple[str, ...]
    received: int
    events: int


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """Events that were stored, and events that were removed."""

    added: tuple[Added, ...] = ()
    removed: tuple[Removed, ...] = ()

    @property
    def names(self) -> set[str]:
        """Every name in it."""
        return {one.name for one in self.added} | {one.name for one in self.removed}


class KeyCount(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How many stored events have a key of metadata, and when the first of those that were counted arrived."""

    kept: int
    first: int


class EventName(msgspec.Struct, frozen=True):
    """What is known of a name: how many events arrived, how many of them differed, and how many are stored still."""

    events: int
    differing: int
    kept: int
    first: int
    last: int
    keys: Mapping[str, KeyCount]


class Stored(msgspec.Struct, frozen=True, gc=False):
    """Events that were stored together, and by which model they are looked at."""

    received: int
    modelled: ModelledEvents
    events: Sequence[Told]


Shape = tuple[str, ...]
"""The name of an event, then the keys of its metadata."""


def count_stored(together: Iterable[Stored]) -> tuple[Added, ...]:
    """What was stored, by name and keys."""
    counts: dict[Shape, tuple[int, int, int, int]] = {}
    for stored in together:
        received = stored.received
        for shape, events in Counter([(event.name, *event.pairs) for event in stored.events]).items():
            differing = 0
            if stored.modelled is not NOTHING_MODELLED:
                differing = _count_differing(stored, shape, events)
            before = counts.get(shape)
            if before is None:
                counts[shape] = events, differing, received, received
            else:
                counts[shape] = (
                    before[0] + events,
                    before[1] + differing,
                    min(before[2], received),
                    max(before[3], received),
                )
    return tuple(Added(shape[0], shape[1:], *numbers) for shape, numbers in counts.items())


def _count_differing(stored: Stored, shape: Shape, events: int) -> int:
    def sent() -> Iterable[Mapping[str, str]]:
        return [event.pairs for event in stored.events if (event.name, *event.pairs) == shape]

    return stored.modelled.count_differing(shape, sent, events=events)


def count_removed(events: Iterable[tuple[str, int, str | None]]) -> tuple[Removed, ...]:
    """What was removed, from the name, the time of receipt and the metadata (a JSON object) of each event."""
    counts = Counter((name, _keys_of(metadata), received) for name, received, metadata in events)
    return tuple(Removed(name, keys, received, count) for (name, keys, received), count in counts.items())


def _keys_of(metadata: str | None) -> tuple[str, ...]:
    return () if metadata is None else tuple(msgspec.json.decode(metadata, type=dict[str, str]))


def fold(known: Mapping[str, EventName], changes: Iterable[Change], *, others: int = 0) -> dict[str, EventName]:
    """The names after these changes; `others` is how many the environment has besides."""
    names = dict(known)
    for change in changes:
        for added in change.added:
            before = names.get(added.name)
            if before is not None:
                names[added.name] = _with_added(before, added)
            elif len(names) + others < MOST_NAMES:
                names[added.name] = _with_added(EventName(0, 0, 0, added.first, added.last, {}), added)
        for removed in change.removed:
            before = names.get(removed.name)
            if before is None or removed.received < before.first:
                continue
            if before.kept <= removed.events:
                del names[removed.name]
            else:
                names[removed.name] = _without_removed(before, removed)
    return names


def _with_added(before: EventName, added: Added) -> EventName:
    keys = before.keys
    if added.keys:
        keys = {**keys}
        for key in added.keys:
            count = keys.get(key)
            if count is not None:
                keys[key] = KeyCount(count.kept + added.events, min(count.first, added.first))
            elif len(keys) < MOST_KEYS:
                keys[key] = KeyCount(added.events, added.first)
    return EventName(
        before.events + added.events,
        before.differing + added.differing,
        before.kept + added.events,
        min(before.first, added.first),
        max(before.last, added.last),
        keys,
    )


def _without_removed(before: EventName, removed: Removed) -> EventName:
    counts = {key: _less(count, removed) if key in removed.keys else count for key, count in before.keys.items()}
    keys = {key: count for key, count in counts.items() if count.kept > 0}
    return msgspec.structs.replace(before, kept=before.kept - removed.events, keys=keys)


def _less(count: KeyCount, removed: Removed) -> KeyCount:
    return count if removed.received < count.first else KeyCount(count.kept - removed.events, count.first)
