"""One run of an app for one person."""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .callers import Caller, enter_caller, is_refused_here
from .client import read_app
from .clock import after
from .core import Core
from .deprecation import deprecated
from .entities import EventPlace
from .identity import Identity, IdentityKeeper, as_anonymous_id, new_id
from .layers import Layers, Listener, Listeners, Stop
from .limits import MOST_UNKNOWN
from .monitor import Outbox
from .reading import (
    Person,
    describe,
    name_of,
    read_event_name,
    read_metadata,
    read_person,
)
from .retry import Cancel
from .sender import Reply
from .served import (
    Served,
    SessionFailure,
    SessionState,
    SessionStatus,
    Snapshot,
    as_served,
    failure_of,
    read_served,
)
from .storage import Storage, Store
from .timestamps import timestamp
from .tracking import Tracker
from .values import MISSING, as_object

if TYPE_CHECKING:
    from .transport import HttpRequest

CollectionsT = TypeVar("CollectionsT")
FieldsT = TypeVar("FieldsT", bound=Mapping[str, object])
Done = Future[None]
IDLE = SessionState()
REFUSED = SessionState("fallback", "in-use")
"""What is told to those who were refused."""


class Turn:
    """Another with each start and end: whatever began before is over."""

    def __init__(self, done: Done | None = None) -> None:
        self.request: HttpRequest | None = None
        self._done = done

    def finish(self) -> None:
        """Who waits for the start goes on."""
        if self._done and not self._done.done():
            self._done.set_result(None)

    def end(self) -> None:
        """Nobody needs the answer any more."""
        self.finish()
        if self.request:
            self.request.cancel()

    def next(self) -> Turn:
        """A turn that the same start goes on with."""
        return Turn(self._done)


class SessionOf(Tracker, Generic[CollectionsT, FieldsT]):
    """One run of the app for one person. Safe to use from several threads."""

    def __init__(
        self,
        core: Core,
        collect: Callable[[Any], CollectionsT],
        storage: Storage | None = None,
        *,
        is_default: bool = False,
    ) -> None:
        self.monitor = core.monitor
        self.log = core.log
        self.outbox = Outbox(core.monitor)
        self._core = core
        self._is_default = is_default
        store = Store(core.key, core.client, lambda: storage or core.client.storage)
        self._store = store
        self._identity = IdentityKeeper(store)
        self._state = self._initial = IDLE
        self._revision: str | None = None
        self._person: Person | None = None
        self._anonymous_id: str | None = None
        self._session: str | None = None
        self._key = ""
        self._turn = Turn()
        self._cancel_retry: Cancel | None = None
        self._has_ended = False
        self._caller: Caller | None = None
        self._listeners = Listeners("session", self, lambda: IDLE, lambda: self._state)
        self._entities: dict[str, Layers[Any]] = {}
        self.collections: CollectionsT = collect(self)
        """What the app shows to this person."""
        core.sessions.add(self)
        if core.states is not None:
            self._begin_test(core.states)

    # What an app reads

    @property
    def status(self) -> SessionStatus:
        """How it stands."""
        return self.state.status

    @property
    def failure(self) -> SessionFailure | None:
        """What is wrong; None while nothing is."""
        return self.state.failure

    @property
    def revision(self) -> str | None:
        """Which revision of the states is served; None while none is."""
        return self.state.revision

    @property
    def state(self) -> SessionState:
        """Status, failure and revision: the same object until one of them changes."""
        return REFUSED if self.is_hidden() else self._state

    @property
    def initial(self) -> SessionState:
        """What it began with: the state of a snapshot, else `idle`."""
        return self._initial

    @property
    def unknown(self) -> tuple[str, ...]:
        """What was served and this code could not use."""
        with self.monitor:
            return () if self.is_hidden() else tuple(self._list_unknown())

    # What an app does

    def start(
        self,
        user_id: str | None = None,
        *,
        user_signature: str | None = None,
        fields: FieldsT | None = None,
    ) -> None:
        """Begin, ending what was before, and wait as long as the client says.

        Never raises. The default session refuses another person until `end` is called.
        """
        seconds = self._core.client.wait_time_msec / 1000
        done, give_up = self._start(user_id, user_signature, fields)
        try:
            done.result(seconds)
        except FutureTimeout:
            give_up()

    async def start_async(
        self,
        user_id: str | None = None,
        *,
        user_signature: str | None = None,
        fields: FieldsT | None = None,
    ) -> None:
        """Do the same without blocking the event loop."""
        await wait_for(self._start(user_id, user_signature, fields)[0])

    def _track(self, event: object, pairs: tuple[object, ...]) -> None:
        self.record(event, pairs, EventPlace())

    def flush(self) -> None:
        """Send the recorded events now instead of in a second. Never raises."""
        self._flush().result()

    async def flush_async(self) -> None:
        """Do the same without blocking the event loop."""
        await wait_for(self._flush())

    def end(self) -> None:
        """End the session, after which fallbacks are served, and send the events."""
        self._end().result()

    async def end_async(self) -> None:
        """Do the same without blocking the event loop."""
        await wait_for(self._end())

    def on_change(self, listener: Listener) -> Stop:
        """Call the listener after changes, until the returned function is called."""
        return self._listeners.add(listener)

    def snapshot(self) -> Snapshot | None:
        """What is shown now, for a browser or `space.resume`; None: nothing is."""
        with self.monitor:
            if not self._anonymous_id or self._revision is None or self.is_hidden():
                return None
            wires = {name: layers.wire() for name, layers in self._entities.items()}
            return {
                "session": self._session,
                "revision": self._revision,
                "states": {
                    name: wire for name, wire in wires.items() if wire is not MISSING
                },
                "person": {
                    "anonymousId": self._anonymous_id,
                    "userId": self._person.external_id if self._person else None,
                },
            }

    @deprecated("Until 1.0. Use session.start(user_id, fields=fields).")
    def identify(self, user_id: str, fields: FieldsT | None = None) -> None:
        """Start a session of a user. Deprecated until 1.0: use `start`."""
        self.start(user_id, fields=fields)

    @deprecated("Until 1.0. Use session.start(fields=fields).")
    def anonymize(self, fields: FieldsT | None = None) -> None:
        """Start a session of a visitor. Deprecated until 1.0: use `start`."""
        self.start(fields=fields)

    # What its entities need

    def is_locking(self) -> bool:
        """Whether what is read now stays for the session."""
        is_over = self._state.status in {"served", "fallback"}
        return self._core.client.session_lock and is_over

    def is_hidden(self) -> bool:
        """Whether who looks now was refused, so that what is served is another's."""
        return (
            self._is_default and self._state.status != "idle" and is_refused_here(self)
        )

    def is_test(self) -> bool:
        """Whether states of a test are served."""
        return self._core.states is not None

    def register(self, entity: str, layers: Layers[Any]) -> None:
        """Have the entity served."""
        self._entities[entity] = layers

    def record(
        self, event: object, pairs: tuple[object, ...], place: EventPlace
    ) -> None:
        """Record an event; what cannot be is told, not raised."""
        with self.monitor:
            # After a failure of nobody's it is not known who is there.
            is_mute = self._person is None and self._state.status == "fallback"
            if self._is_closed() or is_mute or self.is_test() or self.is_hidden():
                return
            person, session = self._person, self._session
            anonymous_id = self._anonymous_id
        name = name_of(event)

        def add() -> None:
            self._core.events.add(
                {
                    "id": new_id(),
                    "name": read_event_name(name),
                    "timestamp": timestamp(),
                    "anonymous_id": anonymous_id or self._identity.id_for(person),
                    "external_id": person and person.external_id,
                    "user_signature": person and person.user_signature,
                    "session": session,
                    "entity": place.entity,
                    "data": place.data,
                    "metadata": read_metadata(event, pairs) or None,
                }
            )

        self.log.attempt(f"the event {describe(name)} is not recorded", add)

    # What the space tells it, with the lock held

    def key_changed(self) -> None:
        """The client has another key."""
        self._key = self._key or self._core.client.api_key
        if self._state.failure == "missing-key" and self._core.sender.destination:
            self._prime()

    def lock_changed(self) -> None:
        """What was read may change, or may not any longer."""
        if not self._core.client.session_lock:
            for layers in self._entities.values():
                layers.unlock()
        status, failure = self._state.status, self._state.failure
        self._conclude(status, None if status == "served" else failure)

    def tracking_changed(self) -> None:
        """Consent was given or withdrawn."""
        if self._core.client.tracking:
            self._identity.save_again()
            self._report_unknown()
        else:
            self._identity.clear()

    def close(self) -> None:
        """The space is closed: what is shown stays."""
        self._halt()
        if self._state.status == "starting":
            self._conclude("idle")

    def resume(self, snapshot: object) -> None:
        """Go on with a session that was started elsewhere; Nonsense if that is none."""
        given = as_object(as_object(snapshot).get("person"))
        served = as_served(snapshot)
        person = read_person(given.get("userId"), None, None, self.log)
        anonymous_id = as_anonymous_id(given.get("anonymousId"))
        self._identity.save(Identity(anonymous_id, person.external_id))
        with self.monitor:
            self._person, self._anonymous_id = person, anonymous_id
            self._key = self._core.client.api_key
            self._take(served)
            self._settle()

    # Starting

    def _start(
        self, user_id: object, user_signature: object, fields: object
    ) -> tuple[Done, Callable[[], None]]:
        """Begin; what is done with the start, and what to do when it takes too long."""
        done = Done()
        with self.monitor:
            if self._is_closed():
                done.set_result(None)
                return done, _nothing
            is_guarded = self._is_default and not self.is_test()
            newcomer = enter_caller(self) if is_guarded else None
        person = self.log.attempt(
            "the session is not started",
            lambda: read_person(user_id, user_signature, fields, self.log),
        )
        with self.monitor:
            if newcomer and self._is_taken(person):
                self._refuse(newcomer)
                done.set_result(None)
                return done, _nothing
            mine, id_before = self._enter(person, newcomer, done)
        if person and not self.is_test():
            self._identify(mine, person, id_before)
        return done, self._wait(person, done)

    def _enter(
        self, person: Person | None, newcomer: Caller | None, done: Done
    ) -> tuple[Turn, str | None]:
        """What the same person sees stays until there is something newer."""
        is_known = self._person is not None and person is not None
        is_same = is_known and self._is_person(person)
        is_same = is_same and self._key == self._core.client.api_key
        id_before = self._anonymous_id
        self._stop()
        self._caller, self._person = newcomer, person
        self._key = self._core.client.api_key
        mine = self._turn = Turn(done)
        if person is None:
            self._fall_back("fallback", "refused")
            mine.finish()
        elif self._core.states is not None:
            self._anonymous_id = new_id()
            self._take(Served(None, "test", self._core.states))
            mine.finish()
        elif is_same:
            for layers in self._entities.values():
                layers.keep()
            self._conclude("starting")
        else:
            self._fall_back("starting")
        return mine, id_before

    def _identify(self, mine: Turn, person: Person, id_before: str | None) -> None:
        if self._has_ended:
            self._identity.forget()
        self._has_ended = False
        anonymous_id = self._identity.id_for(person)
        with self.monitor:
            if self._turn is not mine:
                return
            self._anonymous_id = anonymous_id
            if not person.external_id and id_before != anonymous_id:
                self._fall_back("starting")
            if self._core.sender.destination:
                self._prime()
                return
            self._conclude("fallback", "missing-key")
            self.log("client.api_key is not set")
            mine.finish()

    def _wait(self, person: Person | None, done: Done) -> Callable[[], None]:
        """Give up waiting when it is time; what does that at once."""

        def give_up() -> None:
            with self.monitor:
                if self._person is person and self._state.status == "starting":
                    self._conclude("fallback", "timeout")
                if not done.done():
                    done.set_result(None)

        if not done.done():
            timer = after(self._core.client.wait_time_msec, give_up)
            done.add_done_callback(lambda _: timer.cancel())
        return give_up

    def _prime(self, failures: int = 1) -> None:
        """Ask for the state of every entity; later again where that fails."""
        core = self._core
        mine = self._turn = self._turn.next()
        told = core.report.entries() if core.client.tracking else []
        person = self._person or Person(None, None, None)
        said: dict[str, object] = {
            "external_id": person.external_id,
            "user_signature": person.user_signature,
            "fields": person.fields,
            "anonymous_id": self._anonymous_id,
        }
        if not core.is_bare:
            app = read_app(core.client, self.log)
            given = {name: text for name, text in app.items() if text is not None}
            said |= {"code": vars(core.code), "app": given, "unknown": told or None}
        body = {name: part for name, part in said.items() if part is not None}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        mine.request = core.sender.post(
            "/sessions",
            text,
            lambda reply: self._primed(mine, reply, failures, has_told=bool(told)),
        )

    def _primed(
        self, mine: Turn, reply: Reply, failures: int, *, has_told: bool
    ) -> None:
        served = read_served(reply)
        with self.monitor:
            if reply.is_refusal:
                self._core.is_bare = not self._core.is_bare
            if has_told and (served or reply.is_refusal):
                self._core.report.put([])
            if self._turn is not mine:
                return
            if served and served.session:
                self._take(served)
            else:
                self._fail(reply, failures)
            mine.finish()

    def _fail(self, reply: Reply, failures: int) -> None:
        """Try again later, unless the app has let go of the session by then."""
        here = weakref.ref(self)

        def again() -> None:
            session = here()
            if session:
                with session.monitor:
                    session._prime(failures + 1)  # noqa: SLF001

        self._cancel_retry = self._core.pauses.begin(
            failures, reply.status, reply.retry_after_msec, again
        )
        failure = failure_of(reply)
        is_new = failure != self._state.failure
        self._conclude("fallback", failure)
        if is_new and failure in {"refused", "nonsense"}:
            self.log(f"no session: {failure}", reply.status)

    def _is_person(self, person: Person | None) -> bool:
        mine = self._person
        return bool(mine and person and mine.external_id == person.external_id)

    def _is_taken(self, person: Person | None) -> bool:
        """Whether it serves somebody else: two visitors are not known to be one."""
        if self._state.status == "idle":
            return False
        is_one = person and (person.external_id or self._store.has_storage)
        return not (self._is_person(person) and is_one)

    def _refuse(self, newcomer: Caller) -> None:
        is_new = self._state.failure != "in-use"
        newcomer.is_refused = True
        if self._caller:
            self._caller.is_refused = True
        self._stop()
        self._fall_back("fallback", "in-use")
        if is_new:
            self.log(
                "another session has not ended: call session.end(), or "
                "create_space() and space.start() for each person"
            )

    # What it is served

    def _take(self, served: Served) -> None:
        """What an answer does not name falls back."""
        self._session = served.session
        self._revision = served.revision
        for entity, layers in self._entities.items():
            wire = served.states.get(entity, MISSING)
            if wire is MISSING:
                layers.drop()
            else:
                layers.serve(wire)
        unknown = self._report_unknown()
        self._conclude("served")
        news = [entry for entry in unknown if self.log.is_news(entry)]
        if news:
            self.log(f"this code cannot use {'; '.join(news)}")

    def _conclude(
        self, status: SessionStatus, failure: SessionFailure | None = None
    ) -> None:
        """Say how it stands now: all of it is there before anybody is told of any."""
        news = SessionState(status, failure, self._revision)
        if news != self._state:
            self._state = news
        for layers in self._entities.values():
            layers.listeners.announce()
        self._listeners.announce()

    def _fall_back(
        self, status: SessionStatus, failure: SessionFailure | None = None
    ) -> None:
        self._revision = None
        for layers in self._entities.values():
            layers.unlock()
            layers.drop()
        self._conclude(status, failure)

    def _list_unknown(self) -> list[str]:
        lists = [layers.unknown for layers in self._entities.values()]
        return [entry for several in lists for entry in several][:MOST_UNKNOWN]

    def _report_unknown(self) -> list[str]:
        """What this code cannot use is told to the server by the next start."""
        unknown = self._list_unknown()
        if self._core.client.tracking and not self.is_test():
            self._core.report.put([*self._core.report.entries(), *unknown])
        return unknown

    def _begin_test(self, states: Mapping[str, Any]) -> None:
        with self.monitor:
            self._person = Person(None, None, None)
            self._anonymous_id = new_id()
            self._take(Served(None, "test", states))
            self._settle()

    def _settle(self) -> None:
        """What is shown now is what it began with."""
        self._initial = self._state
        for layers in self._entities.values():
            layers.begin()

    # Ending

    def _is_closed(self) -> bool:
        if self._core.is_closed:
            self.log.once("the space is closed")
        return self._core.is_closed

    def _halt(self) -> None:
        """End all that is under way."""
        self._turn.end()
        self._turn = Turn()
        if self._cancel_retry:
            self._cancel_retry()
        self._cancel_retry = None

    def _stop(self) -> None:
        self._halt()
        self._person = self._anonymous_id = self._session = None

    def _flush(self) -> Done:
        return self._core.closing or self._core.events.flush()

    def _end(self) -> Done:
        with self.monitor:
            if self._core.closing:
                return self._core.closing
            # Who was refused has no session to end, unless all are to be served again.
            if self.is_hidden() and self._state.failure != "in-use":
                return self._flush()
            self._stop()
            if self._is_default:
                self._has_ended = True
                self._identity.forget()
            self._fall_back("idle")
        return self._flush()


async def wait_for(done: Done) -> None:
    """A caller who is canceled leaves what others may wait for alone."""
    await asyncio.shield(asyncio.wrap_future(done))


def _nothing() -> None:
    """Do nothing: the start is over."""
