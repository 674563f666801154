"""Runs a case: tells the driver and the relay what to do, and lets virtual time pass."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conformance.cases import Case, Step
from tests.conformance.driver import Driver, DriverFailed
from tests.conformance.language import CODE_HASH
from tests.conformance.languages import LANGUAGES
from tests.conformance.matchers import Names
from tests.conformance.published import PublishedSpace
from tests.conformance.relay import Relay
from tests.conformance.scripts import plans_of
from tests.conformance.value_paths import put

REST_TIMEOUT_SECONDS = 10
MOST_MOMENTS = 20_000
"""More timers than any case needs: a runtime that sets more would do so for ever."""
KINDS_OF_SPACES = {"any": ("created", "default"), "created": ("created",), "default": ("default",)}


class CaseFailed(Exception):
    """What was seen is not what the case expects."""


class Run:
    """One case under way: what it was told to do so far shows in the driver, the relay and the server."""

    def __init__(self, case: Case, driver: Driver, relay: Relay, published: PublishedSpace, file: Path) -> None:
        self.case = case
        self.driver = driver
        self.relay = relay
        self.published = published
        self.file = file
        self.names = Names()
        self.began = 0.0 if case.given["clock"] == "never set" else float(int(time.time()) * 1000)
        self.requests_seen = 0
        self.snapshots: dict[str, Any] = {}
        self.features: frozenset[str] = frozenset()
        # Where a language has pages, a case is about them; the driver of another has none to make.
        self._place = "page" if self.case.given["place"] == "any" else self.case.given["place"]
        self._storage = self.case.given["storage"]
        self._is_begun = False
        self.file.write_text("{}", "utf-8")

    @property
    def seconds(self) -> float:
        """How much virtual time has passed."""
        return (self.relay.now - self.began) / 1000

    # The beginning

    def begin(self) -> None:
        """Have the driver load the runtime; `features` says then what it can do.

        The relay ends what an earlier case has left under way after the driver has: some platforms ask once more by
        themselves where a connection breaks.
        """
        given = self.case.given
        told = self.driver.tell(
            "begin",
            now=self.relay.now if self._is_begun else self.began,
            place=self._place,
            storage=self._storage,
            file=str(self.file),
            chance=given["chance"],
        )
        if not self._is_begun:
            self.relay.begin(self.began)
        self._is_begun = True
        self.features = frozenset(told["features"])
        platform = LANGUAGES[told["language"]].platform(self._place)
        self.names.know(code_hash=CODE_HASH, language=told["language"], platform=platform)

    def _do_create(self, what: Any = None) -> None:
        """Make the space of the case, or another one."""
        what = dict(what or {})
        given = self.case.given
        kinds = KINDS_OF_SPACES[what.pop("kind", given["space"])]
        kind = next(kind for kind in kinds if f"{kind} space" in self.features or kind == kinds[-1])
        options = {"apiKey": self._key(given["key"]), "host": self.relay.url, "waitTimeMsec": 1200}
        options |= given["options"] | what.pop("options", {})
        for name, value in options.items():
            if isinstance(value, dict) and "snapshot" in value:
                options[name] = self._snapshot(value)
            elif name == "host" and isinstance(value, dict):
                options[name] = self.relay.url + value["ending"]
        options = {name: value for name, value in options.items() if value != "(absent)"}
        self.tell("create", what, kind=kind, options=options)

    def _snapshot(self, wanted: dict[str, Any]) -> Any:
        snapshot = self.snapshots[wanted["snapshot"]]
        for place, value in wanted.get("change", {}).items():
            put(snapshot, place, value)
        return snapshot

    def _key(self, key: str) -> str:
        return {"valid": self.published.key, "unknown": "pk_0000000000000000000000"}.get(key, "")

    # Doing

    def do(self, step: Step) -> None:
        """Do what the step says, and let everything come to rest."""
        action: Callable[[Any], None] = getattr(self, f"_do_{step.action}", self._plain(step.action))
        action(step.what)
        self.rest()

    def tell(self, do: str, what: Any = None, **more: Any) -> Any:
        """Tell the driver, of the space and for the caller that the step names."""
        arguments = {"space": "first", **(what or {}), **more}
        return self.driver.tell(do, **arguments)

    def _plain(self, action: str) -> Callable[[Any], None]:
        return lambda what: self.tell(action, what)

    def _do_start(self, what: Any) -> None:
        options = dict(what or {})
        place = {name: options.pop(name) for name in ("space", "as") if name in options}
        self.tell("start", place, options=options)

    def _do_track(self, what: Any) -> None:
        what = {"times": 1, **(what if isinstance(what, dict) else {"name": what})}
        name = what["name"] + "x" * what.pop("longer by", 0)
        values = {form: self._pairs(what.get(form)) for form in ("pairs", "metadata")}
        self.tell("track", what, name=name, **values)

    @staticmethod
    def _pairs(pairs: Any) -> Any:
        """Pairs; a value `{letters: 5}` is a text of so many."""
        long = [
            [key, "x" * value["letters"] if isinstance(value, dict) and "letters" in value else value]
            for key, value in pairs or ()
        ]
        return long or None

    def _do_set(self, what: Any) -> None:
        what = dict(what)
        place = {"space": what.pop("space", "first")}
        for name, value in what.items():
            self.tell("set", place, name=name, value=self._key(value) if name == "apiKey" else value)
            self.rest()

    def _do_listen(self, what: Any) -> None:
        self.tell("listen", {"name": what["to"], **what})

    def _do_stop(self, what: Any) -> None:
        self.driver.tell("stop", name=what)

    def _do_storage(self, what: Any) -> None:
        self._storage = what
        self.driver.tell("storage", kind=what)

    def _do_snapshot(self, what: Any) -> None:
        self.snapshots[what] = self.tell("snapshot")

    def _do_page(self, what: Any) -> None:
        self.driver.tell("page", event=what)

    def _do_process(self, what: Any) -> None:
        """End it without a word; `again` is what the app does differently when it starts again."""
        again = {} if what == "ends" else dict(what["ends"])
        self.relay.are_held(())
        self.driver.restart()
        self._storage = again.pop("storage", self._storage)
        if again.pop("nonsense", False):
            self._spoil()
        if again.pop("other code", False):
            self._have_of_other_code()
        self.begin()
        self._do_create(again or None)

    def _spoil(self) -> None:
        """Put nonsense in the place of whatever the device's storage holds."""
        kept = json.loads(self.file.read_text("utf-8"))
        self.file.write_text(json.dumps(dict.fromkeys(kept, '[{"id":')), "utf-8")

    def _have_of_other_code(self) -> None:
        """Have the device's storage hold what it would if other generated code had written it."""
        self.file.write_text(self.file.read_text("utf-8").replace(CODE_HASH, "0" * len(CODE_HASH)), "utf-8")

    def _do_answer(self, what: Any) -> None:
        for kind, plans in what.items():
            for plan in plans if isinstance(plans, list) else [plans]:
                self.relay.plan(kind, plans_of(plan, now=self.relay.now))

    def _do_publish(self, what: Any) -> None:
        self.published.publish(what)
        self.relay.wake_polls()

    def _do_revoke(self, _: Any) -> None:
        self.published.revoke()

    def _do_network(self, what: Any) -> None:
        if what == "lost":
            self.relay.lose_network()
        else:
            self.relay.find_network()
        if what == "back":
            self.driver.tell("page", event="online")

    def _do_repeat(self, what: Any) -> None:
        for _ in range(what["times"]):
            for step in what["steps"]:
                [(action, details)] = step.items() if isinstance(step, dict) else [(step, None)]
                self.do(Step(action, details))

    # Time

    def _do_pass(self, seconds: float) -> None:
        """Let virtual time pass, from moment to moment at which a timer or an answer is due."""
        until = self.relay.now + seconds * 1000
        for _ in range(MOST_MOMENTS):
            self.rest()
            now = min(self.driver.told.next, self.relay.due(), until)
            if now >= until and self.relay.now >= until:
                return
            self.relay.now = max(now, self.relay.now)
            self.driver.tell("advance", to=self.relay.now)
            self.rest()
            self.relay.release_due()
        raise CaseFailed(f"{MOST_MOMENTS} timers or answers, and no end of them")

    def rest(self) -> None:
        """Wait until all that is under way waits for virtual time."""
        deadline = time.monotonic() + REST_TIMEOUT_SECONDS
        while not self.relay.are_held(self.driver.told.open):
            if time.monotonic() > deadline:
                raise DriverFailed(f"requests {self.driver.told.open} neither arrive nor end")
            self.driver.tell("settle")
