"""What an app shows: experiences, sections and their items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from .layers import Layers, Listener, Stop
from .tracking import Tracker
from .values import (
    MISSING,
    ExperienceType,
    Note,
    as_boolean,
    as_list,
    as_object,
    read_or,
    read_properties,
)

PropertiesT = TypeVar("PropertiesT")
ItemT = TypeVar("ItemT")


@dataclass(frozen=True)
class EventPlace:
    """The part of an event that its place in the app decides."""

    entity: str | None = None
    data: Mapping[str, str] | None = None


class Recorder(Protocol):
    """Records an event; pairs are those that have a value."""

    def __call__(
        self, event: object, pairs: tuple[object, ...], place: EventPlace
    ) -> None:
        """Record it."""
        ...


@dataclass(frozen=True)
class ExperienceState(Generic[PropertiesT]):
    """What an experience shows at one time."""

    enabled: bool
    properties: PropertiesT


@dataclass(frozen=True)
class SectionState(Generic[ItemT]):
    """What a section shows at one time."""

    enabled: bool
    items: tuple[ItemT, ...]


class Experience(Tracker, Generic[PropertiesT]):
    """An experience that is a child of a collection."""

    def __init__(
        self,
        kind: ExperienceType[PropertiesT],
        layers: Layers[ExperienceState[PropertiesT]],
        record: Recorder,
        entity: str,
    ) -> None:
        self._kind = kind
        self._layers = layers
        self._record = record
        self._place = EventPlace(entity)

    @property
    def kind(self) -> str:
        """The key of its type."""
        return self._kind.kind

    @property
    def enabled(self) -> bool:
        """Whether it is shown."""
        return self._layers.read().enabled

    @property
    def properties(self) -> PropertiesT:
        """What is served, the defaults filled in."""
        return self._layers.read().properties

    @property
    def defaults(self) -> PropertiesT:
        """What the model says when nothing is served."""
        return self._kind.defaults

    @property
    def state(self) -> ExperienceState[PropertiesT]:
        """All that is served: the same object until any of it changes."""
        return self._layers.read()

    @property
    def fallback(self) -> ExperienceState[PropertiesT]:
        """What this code holds itself, for when nothing is served."""
        return self._layers.fallback()

    @property
    def initial(self) -> ExperienceState[PropertiesT]:
        """What the session began with: that of a snapshot, else `fallback`."""
        return self._layers.initial()

    def on_change(self, listener: Listener) -> Stop:
        """Call the listener after changes, until the returned function is called."""
        return self._layers.listeners.add(listener)

    def _track(self, event: object, pairs: tuple[object, ...]) -> None:
        self._record(event, pairs, self._place)


class Section(Generic[ItemT]):
    """A personalised list of experiences."""

    def __init__(self, layers: Layers[SectionState[ItemT]]) -> None:
        self._layers = layers

    @property
    def enabled(self) -> bool:
        """Whether it is shown."""
        return self._layers.read().enabled

    @property
    def items(self) -> tuple[ItemT, ...]:
        """What it lists."""
        return self._layers.read().items

    @property
    def state(self) -> SectionState[ItemT]:
        """All that is served: the same object until any of it changes."""
        return self._layers.read()

    @property
    def fallback(self) -> SectionState[ItemT]:
        """What this code holds itself, for when nothing is served."""
        return self._layers.fallback()

    @property
    def initial(self) -> SectionState[ItemT]:
        """What the session began with: that of a snapshot, else `fallback`."""
        return self._layers.initial()

    def on_change(self, listener: Listener) -> Stop:
        """Call the listener after changes, until the returned function is called."""
        return self._layers.listeners.add(listener)


@dataclass(frozen=True)
class Item(Tracker, Generic[PropertiesT]):
    """An experience in the list of a section."""

    kind: ClassVar[str] = ""
    """The key of its type."""
    id: str
    enabled: bool
    properties: PropertiesT
    """What is served, the defaults filled in."""
    defaults: PropertiesT = field(repr=False, compare=False)
    """What the model says when nothing is served."""
    _record: Recorder = field(repr=False, compare=False)
    _place: EventPlace = field(repr=False, compare=False)

    def _track(self, event: object, pairs: tuple[object, ...]) -> None:
        self._record(event, pairs, self._place)


def read_experience(
    kind: ExperienceType[PropertiesT],
    wire: object,
    place: str,
    note: Note,
    *,
    otherwise: bool,
) -> ExperienceState[PropertiesT]:
    """What an experience shows; Nonsense for what is no state."""
    state = as_object(wire)
    return ExperienceState(
        _read_enabled(state, place, note, otherwise=otherwise),
        read_properties(kind, _of(state, "properties"), place, note),
    )


class SectionReader:
    """Reads the states of a section, whose items are of these types."""

    def __init__(
        self, entity: str, kinds: tuple[ExperienceType[Any], ...], record: Recorder
    ) -> None:
        self._entity = entity
        self._kinds = {kind.kind: kind for kind in kinds}
        self._record = record

    def read(
        self, wire: object, otherwise: SectionState[Any], note: Note
    ) -> SectionState[Any]:
        """What it shows, without items that this code knows nothing of."""
        state = as_object(wire)
        nothing: Sequence[Any] | None = None
        place = f"{self._entity}.items"
        wires = read_or(_as_list, _of(state, "items"), nothing, place, note)
        items = otherwise.items
        if wires is not None:
            read = [self._read_item(at, item, note) for at, item in enumerate(wires)]
            items = tuple(item for item in read if item is not None)
        enabled = _read_enabled(state, self._entity, note, otherwise=otherwise.enabled)
        return SectionState(enabled, items)

    def _read_item(self, at: int, value: object, note: Note) -> Item[Any] | None:
        place = f"{self._entity}[{at}]"
        nothing: Mapping[str, Any] | None = None
        wire = read_or(_as_object, value, nothing, place, note)
        if wire is None:
            return None
        key, name = _of(wire, "experience"), _of(wire, "id")
        kind = self._kinds.get(key) if isinstance(key, str) else None
        if kind is None:
            note(f"{place}.experience", key)
            return None
        if not isinstance(name, str):
            note(f"{place}.id", name)
            return None
        state = read_experience(kind, wire, place, note, otherwise=False)
        of = EventPlace(self._entity, {"item": name, "experience": kind.kind})
        item: Item[Any] = kind.item(
            name, state.enabled, state.properties, kind.defaults, self._record, of
        )
        return item


def _as_list(value: object) -> Sequence[Any] | None:
    return as_list(value)


def _as_object(value: object) -> Mapping[str, Any] | None:
    return as_object(value)


def _read_enabled(
    state: Mapping[str, Any], place: str, note: Note, *, otherwise: bool
) -> bool:
    wire = _of(state, "enabled")
    return read_or(as_boolean, wire, otherwise, f"{place}.enabled", note)


def _of(state: Mapping[str, Any], key: str) -> Any:
    return state.get(key, MISSING)


class EntitySource(Protocol):
    """Makes the entities of a session."""

    def experience(
        self, entity: str, kind: ExperienceType[PropertiesT]
    ) -> Experience[PropertiesT]:
        """The experience that is this child of a collection."""
        ...

    def section(self, entity: str, kinds: tuple[ExperienceType[Any], ...]) -> Any:
        """The section that is this child of a collection."""
        ...
