"""Changes to the event names of an environment when events are stored and removed. Pure.

A transaction that stores or removes events records what it changed; the changes are folded into the names later, one
after the other, so that transactions that store events never wait for one another. First come, first served: a name
beyond `MOST_NAMES` is not counted, and neither is a key beyond `MOST_KEYS` of its name. Only counted events are
subtracted: events that arrived before the `first` of their name, or of a key, were not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from templates_server.features.event_names.model_check import ModelledEvents, has_kinds
from templates_server.features.event_names.shapes import EventShape, read_shape

MOST_NAMES = 2000  # of an environment
MOST_KEYS = 50  # of a name
NO_METADATA: Mapping[str, str] = {}


class CountedEvent(Protocol):
    """The properties of an event that are relevant for counting."""

    @property
    def shape(self) -> EventShape:
        """The name and the metadata keys."""

    @property
    def pairs(self) -> Mapping[str, str]:
        """The metadata."""


class RemovedEvents(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Events of one name with the same metadata keys and the same time of receipt."""

    name: str
    keys: tuple[str, ...]
    received: int
    events: int


class NameChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """Stored events, received from `first` to `last` in milliseconds, and removed events.

    `added`: the number of events of each shape, by its text; `differing`: how many of these do not match the model.
    """

    first: int = 0
    last: int = 0
    added: dict[str, int] = {}
    differing: dict[str, int] = {}
    removed: Sequence[RemovedEvents] = ()


class KeyCount(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The number of stored events with a metadata key, and when the first counted one arrived."""

    kept: int
    first: int


class EventName(msgspec.Struct, frozen=True):
    """The statistics of a name: how many events arrived, how many differed from the model, how many are stored."""

    events: int
    differing: int
    kept: int
    first: int
    last: int
    keys: Mapping[str, KeyCount]


class StoredEvents(msgspec.Struct, frozen=True, gc=False):
    """Events that were stored together, and the model to check them against."""

    received: int
    modelled: ModelledEvents
    events: Sequence[CountedEvent]


def count_stored(together: Sequence[StoredEvents]) -> NameChange:
    """Count stored events by name and keys."""
    counts: Counter[EventShape] = Counter()
    differing: Counter[EventShape] = Counter()
    for stored in together:  # every event that is stored comes by here: mind what it takes
        counts.update([event.shape for event in stored.events])
        if stored.modelled:
            differing.update(_differing(stored))
    times = [stored.received for stored in together]
    return NameChange(min(times), max(times), _by_text(counts), _by_text(differing))


def _by_text(counts: Mapping[EventShape, int]) -> dict[str, int]:
    by_text: dict[str, int] = {}
    for shape, events in counts.items():
        by_text[shape.text] = by_text.get(shape.text, 0) + events
    return by_text


def _differing(stored: StoredEvents) -> Iterator[EventShape]:
    """Return the shape of each event with a mismatch in keys or values. Usually no event needs to be inspected."""
    readers = {
        shape: stored.modelled.readers_of(shape.name, shape.keys) for shape in {event.shape for event in stored.events}
    }
    if any(found is None or found for found in readers.values()):
        for event in stored.events:
            found = readers[event.shape]
            if found is None or (found and not has_kinds(event.pairs, found)):
                yield event.shape


def count_removed(events: Iterable[tuple[str, int, str | None]]) -> NameChange:
    """Count removed events from the name, time of receipt and metadata (a JSON object) of each."""
    counts = Counter((name, _keys_of(metadata), received) for name, received, metadata in events)
    return NameChange(
        removed=[RemovedEvents(name, keys, received, count) for (name, keys, received), count in counts.items()]
    )


def _keys_of(metadata: str | None) -> tuple[str, ...]:
    return () if metadata is None else tuple(msgspec.json.decode(metadata, type=dict[str, str]))


def fold(known: Mapping[str, EventName], sums: Iterable[ChangeTotals], *, others: int = 0) -> dict[str, EventName]:
    """Return the names after these changes; `others` is the number of other names in the environment."""
    names = dict(known)
    for change in sums:
        for total in change.added:
            before = names.get(total.name)
            if before is not None:
                names[total.name] = _add_counts(before, total)
            elif len(names) + others < MOST_NAMES:
                names[total.name] = _add_counts(EventName(0, 0, 0, total.first, total.last, {}), total)
        for removed in change.removed:
            before = names.get(removed.name)
            if before is None or removed.received < before.first:
                continue
            if before.kept <= removed.events:
                del names[removed.name]
            else:
                names[removed.name] = _subtract_removed(before, removed)
    return names


@dataclass(frozen=True, slots=True)
class NameTotal:
    """Events of several changes with one name and the same metadata keys."""

    name: str
    keys: tuple[str, ...]
    events: int
    differing: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ChangeTotals:
    """The sum of the events added by several changes, and the removals of the last change."""

    added: Sequence[NameTotal]
    removed: Sequence[RemovedEvents] = ()

    @property
    def names(self) -> set[str]:
        """All names."""
        return {one.name for one in self.added} | {one.name for one in self.removed}


def sum_up(changes: Iterable[NameChange]) -> Iterator[ChangeTotals]:
    """Sum up changes that only add, together with the change that follows them."""
    sums: dict[str, list[int]] = {}
    for change in changes:
        first, last, differing = change.first, change.last, change.differing
        for text, events in change.added.items():
            numbers = sums.get(text)
            if numbers is None:
                sums[text] = [events, differing.get(text, 0), first, last]
            else:
                numbers[0] += events
                numbers[1] += differing.get(text, 0)
                if first < numbers[2]:  # noqa: PLR1730 - runs for every name of every change: a call takes longer
                    numbers[2] = first
                if last > numbers[3]:  # noqa: PLR1730
                    numbers[3] = last
        if change.removed:
            yield ChangeTotals(_sums(sums), change.removed)
            sums = {}
    yield ChangeTotals(_sums(sums))


def _sums(sums: Mapping[str, Sequence[int]]) -> Sequence[NameTotal]:
    return [NameTotal(*read_shape(text), *numbers) for text, numbers in sums.items()]


def _add_counts(before: EventName, added: NameTotal) -> EventName:
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


def _subtract_removed(before: EventName, removed: RemovedEvents) -> EventName:
    counts = {key: _less(count, removed) if key in removed.keys else count for key, count in before.keys.items()}
    keys = {key: count for key, count in counts.items() if count.kept > 0}
    return msgspec.structs.replace(before, kept=before.kept - removed.events, keys=keys)


def _less(count: KeyCount, removed: RemovedEvents) -> KeyCount:
    return count if removed.received < count.first else KeyCount(count.kept - removed.events, count.first)
