"""A space in an app: its client, its sessions, and its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar

from .client import Client
from .core import Core
from .entities import (
    EntitySource,
    Experience,
    ExperienceState,
    Section,
    SectionReader,
    SectionState,
    read_experience,
)
from .layers import Layers
from .log import Logger
from .served import GeneratedCode, Snapshot
from .session import CollectionsT, FieldsT, SessionOf, wait_for
from .states import complete_states
from .storage import Storage
from .transport import Transport
from .values import ExperienceType, Note, read_or

PropertiesT = TypeVar("PropertiesT")


@dataclass(frozen=True)
class Blueprint(Generic[CollectionsT]):
    """What a space is made of."""

    key: str
    host: str
    code: GeneratedCode
    fallbacks: Mapping[str, Any]
    entities: frozenset[str]
    collect: Callable[[EntitySource], CollectionsT]


@dataclass(frozen=True)
class Options:
    """How a space is made; None: as it is otherwise."""

    api_key: str | None = None
    host: str | None = None
    wait_time_msec: float | None = None
    session_lock: bool | None = None
    tracking: bool | None = None
    app_version: str | None = None
    app_build: str | None = None
    storage: Storage | None = None
    transport: Transport | None = None
    executor: Executor | None = None
    logger: Logger | None = None


class _Entities:
    """Makes the entities of a session."""

    def __init__(
        self, session: SessionOf[Any, Any], fallbacks: Mapping[str, Any]
    ) -> None:
        self._session = session
        self._fallbacks = fallbacks

    def experience(
        self, entity: str, kind: ExperienceType[PropertiesT]
    ) -> Experience[PropertiesT]:
        """The experience that is this child of a collection."""
        nothing = ExperienceState(enabled=False, properties=kind.defaults)
        layers: Layers[ExperienceState[PropertiesT]] = self._layers(
            entity,
            nothing,
            lambda wire, otherwise, note: read_experience(
                kind, wire, entity, note, otherwise=otherwise.enabled
            ),
        )
        return Experience(kind, layers, self._session.record, entity)

    def section(self, entity: str, kinds: tuple[ExperienceType[Any], ...]) -> Any:
        """The section that is this child of a collection."""
        reader = SectionReader(entity, kinds, self._session.record)
        nothing: SectionState[Any] = SectionState(enabled=False, items=())
        layers: Layers[SectionState[Any]] = self._layers(
            entity,
            nothing,
            reader.read,
        )
        return Section(layers)

    def _layers(
        self,
        entity: str,
        nothing: Any,
        parse: Callable[[object, Any, Note], Any],
    ) -> Layers[Any]:
        def note(place: str, value: object) -> None:
            """What this code itself holds needs no report."""

        def read_fallback() -> Any:
            wire = self._fallbacks.get(entity)
            return read_or(
                lambda value: parse(value, nothing, note), wire, nothing, entity, note
            )

        layers: Layers[Any] = Layers(self._session, entity, parse, read_fallback)
        self._session.register(entity, layers)
        return layers


class SpaceOf(Generic[CollectionsT, FieldsT]):
    """A space: it serves any number of people at once, a session each."""

    def __init__(self, blueprint: Blueprint[CollectionsT]) -> None:
        self._core = Core(blueprint.key, blueprint.host, blueprint.code)
        self._blueprint = blueprint
        self.client: Client = self._core.client
        """Which environment and server, and how sessions behave."""

    def apply(self, options: Options, states: Mapping[str, Any] | None = None) -> None:
        """Set what the options say; `states` are served without a server."""
        self.client.logger = options.logger
        if states is not None:
            self._core.sender.is_muted = True
            self._core.states = (
                self._core.log.attempt(
                    "the states cannot be used",
                    lambda: complete_states(self._blueprint, states, self._core.log),
                )
                or {}
            )
        # The key is the last: all else is there when it is.
        for name in (*_AFTER_THE_LOGGER, "api_key"):
            value = getattr(options, name)
            if value is not None:
                setattr(self.client, name, value)

    def new_session(
        self, *, storage: Storage | None = None
    ) -> SessionOf[CollectionsT, FieldsT]:
        """Make a session that has not started, to add listeners to or read from.

        `storage` keeps this person's anonymous id, such as in a cookie; None: that of
        the client, which is for spaces of one person.
        """
        return self._session(storage)

    def start(
        self,
        user_id: str | None = None,
        *,
        user_signature: str | None = None,
        fields: FieldsT | None = None,
        storage: Storage | None = None,
    ) -> SessionOf[CollectionsT, FieldsT]:
        """Start a session of a person; of a visitor without `user_id`. Never raises."""
        session = self._session(storage)
        session.start(user_id, user_signature=user_signature, fields=fields)
        return session

    async def start_async(
        self,
        user_id: str | None = None,
        *,
        user_signature: str | None = None,
        fields: FieldsT | None = None,
        storage: Storage | None = None,
    ) -> SessionOf[CollectionsT, FieldsT]:
        """Do the same without blocking the event loop."""
        session = self._session(storage)
        await session.start_async(user_id, user_signature=user_signature, fields=fields)
        return session

    def resume(
        self, snapshot: Snapshot | None, *, storage: Storage | None = None
    ) -> SessionOf[CollectionsT, FieldsT]:
        """Go on with the session of a snapshot, without a request.

        One that cannot be used gives a session that has not started, and a log line.
        """
        session = self._session(storage)
        if snapshot is not None and not session.is_test():
            self._core.log.attempt(
                "the snapshot (bootstrap) cannot be used",
                lambda: session.resume(snapshot),
            )
        return session

    def flush(self) -> None:
        """Send the recorded events now instead of in a second. Never raises."""
        self._core.events.flush().result()

    async def flush_async(self) -> None:
        """Do the same without blocking the event loop."""
        await wait_for(self._core.events.flush())

    def close(self) -> None:
        """Send the events, and let go of threads and connections. Reads still work."""
        self._core.close().result()
        self._core.sender.join()

    async def close_async(self) -> None:
        """Do the same without blocking the event loop."""
        await wait_for(self._core.close())

    def __enter__(self) -> SpaceOf[CollectionsT, FieldsT]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> SpaceOf[CollectionsT, FieldsT]:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close_async()

    def default_session(self) -> SessionOf[CollectionsT, FieldsT]:
        """The session of scripts: it serves one person at a time."""
        return self._session(None, is_default=True)

    def _session(
        self, storage: Storage | None, *, is_default: bool = False
    ) -> SessionOf[CollectionsT, FieldsT]:
        blueprint = self._blueprint
        return SessionOf(
            self._core,
            lambda session: blueprint.collect(_Entities(session, blueprint.fallbacks)),
            storage,
            is_default=is_default,
        )


_AFTER_THE_LOGGER = (
    "app_version",
    "app_build",
    "executor",
    "host",
    "session_lock",
    "storage",
    "tracking",
    "transport",
    "wait_time_msec",
)
