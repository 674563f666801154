"""What must be seen: each word of an `expect` step, and how what it names is looked at."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.conformance.case_runner import CaseFailed, Run
from tests.conformance.cases import BadCase
from tests.conformance.matchers import differences
from tests.conformance.relay import Request
from tests.conformance.value_paths import ABSENT, find

Look = Callable[[Run, Any, Mapping[str, Any]], list[str]]


def expect(run: Run, what: Any) -> None:
    """Raise CaseFailed, with all differences, where something is not as the step says."""
    where = {name: what[name] for name in ("space", "as") if name in what}
    found: list[str] = []
    for word, expected in what.items():
        if word not in where:
            if word not in WORDS:
                raise BadCase(f"nothing can be expected of {word}")
            found += WORDS[word](run, expected, where)
    if found:
        raise CaseFailed("\n".join(found))


def see_nothing_unexpected(run: Run) -> None:
    """At the end of a case: no call threw, nothing was logged that no step expected."""
    told = run.driver.told
    found = [f"a call that must not fail: {each}" for each in told.broken]
    found += [f"logged, and no step expected it: {line}" for line in told.logs]
    found += [f"the relay: {fault}" for fault in run.relay.faults]
    if found:
        raise CaseFailed("\n".join(found))


def _status(run: Run, expected: Any, where: Mapping[str, Any]) -> list[str]:
    return differences({"status": expected}, run.tell("status", where), run.names)


def _failure(run: Run, expected: Any, where: Mapping[str, Any]) -> list[str]:
    return differences({"failure": expected}, run.tell("status", where), run.names)


def _unknown(run: Run, expected: Any, where: Mapping[str, Any]) -> list[str]:
    return differences({"unknown": expected}, run.tell("status", where), run.names)


def _session(run: Run, expected: Any, where: Mapping[str, Any]) -> list[str]:
    return differences(expected, run.tell("status", where), run.names, at="session")


def _read(run: Run, expected: Mapping[str, Any], where: Mapping[str, Any]) -> list[str]:
    """By place; only the entities that are named are read, since to read one locks it."""
    states: dict[str, Any] = {}
    found: list[str] = []
    for place, value in expected.items():
        collection, child, *rest = place.split(".", 2)
        entity = f"{collection}.{child}"
        if entity not in states:
            states[entity] = _with_ids(run.tell("read", where, entity=entity))
        found += differences(value, find(states[entity], ".".join(rest)), run.names, at=place)
    return found


def _with_ids(state: dict[str, Any]) -> dict[str, Any]:
    """Sections with the ids of their items besides."""
    for of in (state, state.get("fallback"), state.get("initial")):
        if of and "items" in of:
            of["ids"] = [item["id"] for item in of["items"]]
    return state


def _called(run: Run, expected: Any, _: Mapping[str, Any]) -> list[str]:
    """How often each listener was called since the last look, or each call in order."""
    calls, run.driver.told.calls = run.driver.told.calls, []
    calls = [{**call, "at": (call["at"] - run.began) / 1000} for call in calls]
    if expected == "any":
        return []
    if isinstance(expected, list):
        return differences(expected, calls, run.names, at="called")
    counts = dict.fromkeys(expected, 0) | dict(Counter(call["by"] for call in calls))
    return differences(expected, counts, run.names, at="called") + _others(counts, expected, "called")


def _others(counts: Mapping[str, int], expected: Mapping[str, Any], what: str) -> list[str]:
    return [f"{what}: {name} {count} times, not expected" for name, count in counts.items() if name not in expected]


def _requests(run: Run, expected: Any, _: Mapping[str, Any]) -> list[str]:
    """Those that arrived since the last look: how many of each kind, or each in order."""
    requests, run.requests_seen = run.relay.requests[run.requests_seen :], len(run.relay.requests)
    if expected == "any":
        return []
    if isinstance(expected, dict):
        counts = dict.fromkeys(expected, 0) | dict(Counter(request.kind for request in requests))
        return differences(expected, counts, run.names, at="requests") + _others(counts, expected, "requests")
    seen = [request.kind for request in requests]
    kinds = [each if isinstance(each, str) else next(iter(each)) for each in expected]
    if seen != kinds:
        return [f"requests: expected {kinds}, seen {seen}"]
    found: list[str] = []
    for number, (each, request) in enumerate(zip(expected, requests, strict=True)):
        if not isinstance(each, str):
            found += differences(each[request.kind], _told_of(run, request), run.names, at=f"requests[{number}]")
    return found


def _told_of(run: Run, request: Request) -> dict[str, Any]:
    return {
        "at": (request.at - run.began) / 1000,
        "method": request.method,
        "target": request.target,
        "body": request.body,
        "headers": {name.lower(): text for name, text in request.headers.items()},
        "answered": request.answered,
        "bytes": len(json.dumps(request.body, ensure_ascii=False, separators=(",", ":")).encode()),
        "events": request.body if isinstance(request.body, list) else [],
        "count": len(request.body) if isinstance(request.body, list) else 1,
    }


def _pending(run: Run, expected: Any, _: Mapping[str, Any]) -> list[str]:
    return differences(expected, list(run.driver.told.pending), run.names, at="pending")


def _stored(run: Run, expected: Any, _: Mapping[str, Any]) -> list[str]:
    """All events that the server holds, each once: by name, or in part; or how many."""
    stored = run.published.stored_events()
    if isinstance(expected, dict):
        counts = dict.fromkeys(expected, 0) | dict(Counter(event["name"] for event in stored))
        return differences(expected, counts, run.names, at="stored") + _others(counts, expected, "stored")
    if isinstance(expected, int):
        return differences(expected, len(stored), run.names, at="stored")
    wanted = [{"name": each} if isinstance(each, str) else each for each in expected]
    if sorted(event["name"] for event in stored) != sorted(each["name"] for each in wanted):
        return [f"stored: expected {[each['name'] for each in wanted]}, seen {[event['name'] for event in stored]}"]
    found: list[str] = []
    left = list(stored)
    for each in wanted:
        fitting = [event for event in left if event["name"] == each["name"]]
        left.remove(fitting[0])
        found += differences(each, fitting[0], run.names, at=f"stored {each['name']}")
    return found


def _logged(run: Run, expected: Any, _: Mapping[str, Any]) -> list[str]:
    """The lines of the log since the last look: one for each pattern, in order; `any` takes whatever there is."""
    lines, run.driver.told.logs = run.driver.told.logs, []
    if expected == "any":
        return []
    matches = [bool(re.search(pattern, line, re.IGNORECASE)) for pattern, line in zip(expected, lines, strict=False)]
    if len(lines) == len(expected) and all(matches):
        return []
    return [f"logged: expected {expected}, seen {lines}"]


def _log_lacks(run: Run, expected: Sequence[str], _: Mapping[str, Any]) -> list[str]:
    """Texts that no line of the log since the last look holds."""
    lines = run.driver.told.logs
    return [f"logged: {text} in {line}" for text in expected for line in lines if text in line]


def _timers(run: Run, expected: int, _: Mapping[str, Any]) -> list[str]:
    """0: none is left."""
    return differences(expected == 0, run.driver.told.next == math.inf, run.names, at="no timer is left")


def _watching(run: Run, expected: Any, _: Mapping[str, Any]) -> list[str]:
    return differences(expected, run.driver.told.watching, run.names, at="watching")


def _device(run: Run, expected: Mapping[str, Any], _: Mapping[str, Any]) -> list[str]:
    """What the device's storage holds: nothing, texts, none of these texts."""
    kept = run.file.read_text("utf-8")
    found = [f"device: nothing was expected, seen {kept}"] if expected.get("empty") and kept != "{}" else []
    found += [f"device: {text} was expected in {kept}" for text in expected.get("holds", ()) if text not in kept]
    return found + [f"device: {text} was not expected in {kept}" for text in expected.get("lacks", ()) if text in kept]


def _snapshots(run: Run, expected: Mapping[str, Any], _: Mapping[str, Any]) -> list[str]:
    """By name, each in part; in none stand a key or a signature."""
    found: list[str] = []
    for name, value in expected.items():
        snapshot = run.snapshots[name]
        found += differences(value, ABSENT if snapshot is None else snapshot, run.names, at=f"snapshot {name}")
        text = json.dumps(snapshot)
        found += [
            f"snapshot {name}: it holds {secret}" for secret in (run.published.key, "a-signature") if secret in text
        ]
    return found


def _broken(run: Run, expected: Any, _: Mapping[str, Any]) -> list[str]:
    """The calls that threw or were rejected."""
    broken, run.driver.told.broken = run.driver.told.broken, []
    return differences(expected, broken, run.names, at="broken")


WORDS: Mapping[str, Look] = {
    "status": _status,
    "failure": _failure,
    "unknown": _unknown,
    "session": _session,
    "read": _read,
    "called": _called,
    "requests": _requests,
    "pending": _pending,
    "stored": _stored,
    "logged": _logged,
    "log lacks": _log_lacks,
    "timers": _timers,
    "watching": _watching,
    "device": _device,
    "snapshot": _snapshots,
    "broken": _broken,
}
