"""Drives the Python runtime through the conformance cases: templates_server/docs/development/conformance.md."""

from __future__ import annotations

import asyncio
import contextvars
import importlib.util
import inspect
import json
import logging
import re
import sys
import warnings
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from surroundings import FakeClock, FileOfTexts  # type: ignore[import-not-found]

FOLDER = Path(sys.argv[1])
FEATURES = ["server", "default space", "created space", "any value", "platform log", "stable objects"]
OPTIONS = {"apiKey": "api_key", "waitTimeMsec": "wait_time_msec", "sessionLock": "session_lock"}
OPTIONS |= {"appVersion": "app_version", "appBuild": "app_build"}
ARGUMENTS = {"userId": "user_id", "userSignature": "user_signature"}


class Trap:
    """Whatever is asked of it fails."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(f"the trap: {name}")


CYCLE: dict[str, Any] = {}
CYCLE["of"] = CYCLE
ODD: dict[str, Any] = {
    "nothing": None,
    "null": None,
    "number": 5,
    "text": "x",
    "list": [],
    "true": True,
    "bigint": 10,
    "symbol": object(),
    "function": print,
    "bare": object(),
    "cycle": CYCLE,
    "trap": Trap(),
    "half a pair": "\ud83d",
}


def snake(key: str) -> str:
    return re.sub(r"[-/]", "_", key)


def raw(value: Any) -> Any:
    """A value of a property, or properties by raw key, as JSON."""
    if is_dataclass(value):
        return {each.name.replace("_", "-"): raw(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return list(value) if isinstance(value, tuple) else value


def state_of(of: Any) -> dict[str, Any]:
    if not hasattr(of, "items"):
        return {"enabled": of.enabled, "properties": raw(of.properties)}
    items = [{"kind": each.kind, "id": each.id, **state_of(each)} for each in of.items]
    return {"enabled": of.enabled, "items": items}


def failing(what: str) -> Any:
    raise RuntimeError(f"{what} fails")


def options_of(given: dict[str, Any] | None) -> dict[str, Any]:
    return {ARGUMENTS.get(name, name): value for name, value in (given or {}).items()}


class Driver(logging.Handler):
    """One process of an app at a time."""

    def __init__(self) -> None:
        super().__init__()
        logging.getLogger("mtribes").handlers = [self]
        logging.getLogger("mtribes").propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        self.logs.append(f"{record.name}: {record.getMessage()}")

    def begin(self, *, now: float, storage: str, file: str, chance: float, **_: Any) -> Any:
        """Forget everything and load the runtime as a new process does."""
        for name in [name for name in sys.modules if name.split(".")[0] == "vod_space"]:
            del sys.modules[name]
        locations = [str(FOLDER)]
        spec = importlib.util.spec_from_file_location(
            "vod_space", FOLDER / "__init__.py", submodule_search_locations=locations
        )
        assert spec
        assert spec.loader
        self.package: Any = importlib.util.module_from_spec(spec)
        sys.modules["vod_space"] = self.package
        spec.loader.exec_module(self.package)
        self.runtime: Any = sys.modules["vod_space.runtime"]
        self.clock = sys.modules["vod_space.runtime.clock"].seam.clock = FakeClock(now, chance)
        self.texts = FileOfTexts(storage, Path(file))
        self.spaces: dict[str, Any] = {}
        self.sessions: dict[str, Any] = {}
        self.stops: dict[str, Callable[[], None]] = {}
        self.contexts: dict[str, contextvars.Context] = {}
        self.known: dict[str, Any] = {}
        self.pending: list[str] = []
        self.broken: list[str] = []
        self.calls: list[dict[str, Any]] = []
        self.logs: list[str] = []
        return {"language": "python", "features": FEATURES}

    def create(self, *, space: str, kind: str, options: dict[str, Any]) -> None:
        logger = options.pop("logger", None)
        bootstrap = options.pop("bootstrap", None)
        given = {OPTIONS.get(name, name): value for name, value in options.items()}
        given |= {"storage": self.texts.storage(), "transport": self.clock.transport(self.runtime)}
        loggers: dict[Any, Any] = {"platform": None, "throws": lambda _: failing("the logger")}
        given["logger"] = loggers.get(logger, self.logs.append)
        if kind == "default":
            for name, value in given.items():
                setattr(self.package.client, name, value)
            self.spaces[space], self.sessions[space] = self.package, self.package.session
            return
        self.spaces[space] = made = self.package.create_space(**given)
        self.sessions[space] = made.new_session() if bootstrap is None else made.resume(bootstrap)

    def call(self, name: str, work: Callable[[], Any], caller: str | None = None) -> None:
        """Call what may take time, and note how that ends."""
        pending, broken = self.pending, self.broken
        pending.append(name)

        async def run() -> None:
            try:
                result = work()
                if inspect.isawaitable(result):
                    await result
            except Exception as error:  # noqa: BLE001
                broken.append(f"{name} raised: {error!r}")
            pending.remove(name)

        options: Any = {"context": self.context(caller)} if caller and sys.version_info >= (3, 11) else {}
        self.tasks = [*getattr(self, "tasks", [])[-50:], asyncio.get_running_loop().create_task(run(), **options)]

    def context(self, caller: str) -> contextvars.Context:
        return self.contexts.setdefault(caller, contextvars.copy_context())

    def of_session(self, name: str, command: dict[str, Any], *positional: Any, **named: Any) -> None:
        function = getattr(self.sessions[command["space"]], name)
        self.call(name.removesuffix("_async"), lambda: function(*positional, **named), command.get("as"))

    def start(self, *, options: dict[str, Any], **command: Any) -> None:
        self.of_session("start_async", command, **options_of(options))

    def end(self, **command: Any) -> None:
        self.of_session("end_async", command)

    def flush_(self, **command: Any) -> None:
        self.of_session("flush_async", command)

    def identify(self, *, userId: str, fields: Any = None, **command: Any) -> None:  # noqa: N803
        self.of_session("identify", command, userId, fields)

    def anonymize(self, *, fields: Any = None, **command: Any) -> None:
        self.of_session("anonymize", command, fields)

    def close_(self, *, space: str, **command: Any) -> None:
        self.call("close", self.spaces[space].close_async, command.get("as"))

    def set(self, *, space: str, name: str, value: Any) -> None:
        setattr(self.spaces[space].client, OPTIONS.get(name, name), value)

    def entity(self, space: str, entity: str) -> Any:
        collection, child = entity.split(".")
        return getattr(getattr(self.sessions[space].collections, collection), child)

    def track(self, *, space: str, name: str, times: int, **given: Any) -> None:
        target: Any = self.sessions[space]
        if found := re.fullmatch(r"(.+?)(?:\[(\d+)\])?", given.get("of") or ""):
            target = self.entity(space, found[1])
            target = target.items[int(found[2])] if found[2] else target
        pairs = {
            f"pair{at}": self.runtime.Pair(key, self.value(value))
            for at, (key, value) in enumerate(given.get("pairs") or [], 1)
        }
        for number in range(times):
            event = name.replace("#", str(number))
            metadata = given.get("metadata")
            target.track(self.event(event, metadata) if metadata else event, **pairs)

    def event(self, name: str, metadata: list[Any]) -> Any:
        """One of the model as its function makes it, and any other."""
        pairs = tuple((key, self.value(value)) for key, value in metadata)
        function = getattr(self.package.Events, snake(name), None)
        try:
            return function(**{snake(key): value for key, value in pairs})  # type: ignore[misc]
        except TypeError:
            return self.runtime.Event(name, pairs)

    def value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        number = float(value["number"])
        return int(value["number"]) if re.fullmatch(r"-?\d+", value["number"]) else number

    def is_known(self, place: str, value: Any) -> bool:
        before, self.known[place] = self.known.get(place), value
        return before is value

    def read(self, *, space: str, entity: str) -> Any:
        of = self.entity(space, entity)
        told = {**state_of(of.state), "unchanged": self.is_known(f"{space} {entity}", of.state)}
        if hasattr(of, "defaults"):
            told["defaults"] = raw(of.defaults)
        return {**told, "fallback": state_of(of.fallback), "initial": state_of(of.initial)}

    def status(self, *, space: str) -> Any:
        session = self.sessions[space]
        told = {name: getattr(session, name) for name in ("status", "failure", "revision")}
        unchanged = self.is_known(f"{space} session", session.state)
        return {**told, "unknown": list(session.unknown), "state": raw(session.state), "unchanged": unchanged}

    def snapshot(self, *, space: str) -> Any:
        return self.sessions[space].snapshot()

    def listen(self, *, space: str, to: str, name: str, **given: Any) -> None:
        session, calls, pending = self.sessions[space], self.calls, self.pending
        of = session if to == "session" else self.entity(space, to)

        def listener() -> None:
            call = {"by": name, "at": self.clock.now(), "status": session.status, "failure": session.failure}
            calls.append({**call, **({"read": state_of(of)} if given.get("reads") else {})})
            if "stops" in given:
                self.stops[given["stops"]]()
            if "starts" in given:
                # What `start` does before it waits, as it would on a thread of its own.
                pending.append("start")
                done, _ = session._start(*(given["starts"].get(each) for each in ("userId", "userSignature", "fields")))
                done.add_done_callback(lambda _: pending.remove("start"))
            if given.get("throws"):
                failing(f"the listener {name}")

        self.stops[name] = of.on_change(listener)

    def stop(self, *, name: str) -> None:
        self.stops[name]()

    def storage(self, *, kind: str) -> None:
        self.texts.kind = kind

    def page(self, *, event: str) -> None:
        if event != "online":
            raise ValueError(f"there are no pages to {event}")
        for space in self.spaces.values():
            space.client.network_is_back()

    def odd(self, *, space: str, calls: str, value: Any, within: str | None = None) -> None:
        session, odd = self.sessions[space], ODD[json.dumps(value).strip('"')]
        if calls == "pairs":
            pair = {within: odd} if within else odd
            self.call(calls, lambda: session.track("odd/pairs", pair1=pair))
        elif calls == "onChange":
            self.call(calls, lambda: self.entity(space, "homepage.header").on_change(odd) and None)
        elif within:
            self.call(calls, lambda: getattr(session, f"{calls}_async")(**{ARGUMENTS.get(within, within): odd}))
        else:
            function = getattr(session, f"{calls}_async" if calls == "start" else calls)
            self.call(calls, lambda: function(odd))

    async def advance(self, *, to: float) -> None:
        while self.clock.run_next(to):
            await self.quiet()
        self.clock.time = to

    async def settle(self) -> None:
        await asyncio.sleep(0.001)

    async def quiet(self) -> None:
        """Until nothing runs on this thread; requests have threads of their own."""
        for _ in range(8):
            await asyncio.sleep(0)

    async def answer(self, line: str) -> None:
        command = json.loads(line)
        name = command.pop("do")
        result: dict[str, Any] = {}
        try:
            function = getattr(self, f"{name}_" if name in ("close", "flush") else name)
            is_call = name in ("start", "end", "flush", "close", "identify", "anonymize")
            caller = None if is_call else command.pop("as", None)
            value = self.context(caller).run(function, **command) if caller else function(**command)
            result["value"] = await value if inspect.isawaitable(value) else value
        except Exception as error:  # noqa: BLE001
            result["error"] = repr(error)
        # A request that ends while this looks is still told of: what it leads to is seen next time.
        before = set(self.clock.open)
        await self.quiet()
        self.texts.write()
        lists = {each: [of.pop(0) for _ in list(of)] for each, of in self.lists().items()}
        told = {
            "now": self.clock.now(),
            "next": self.clock.next(),
            "open": sorted(before | self.clock.open),
            "watching": 0,
        }
        sys.stdout.write(json.dumps({**result, **told, "pending": self.pending, **lists}) + "\n")
        sys.stdout.flush()

    def lists(self) -> dict[str, list[Any]]:
        return {"broken": self.broken, "calls": self.calls, "logs": self.logs}


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    loop = asyncio.new_event_loop()
    driver = Driver()
    for each in sys.stdin:
        loop.run_until_complete(driver.answer(each))
