"""What others left where generated code reads: in storage, in snapshots, in states; and what outlives a call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.client_api_peer import STARTED, ApiResult, ClientApiPeer, session_answer
from tests.server.features.codegen.test_own_space import HEAD
from tests.server.features.codegen.toolchain import run_node

ANONYMOUS_ID = "01234567-0123-4123-8123-0123456789ab"
STORAGE = """
const kept = new Map(Object.entries(given[0] ? JSON.parse(given[0]) : {}));
const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
const slow = Object.fromEntries(
  Object.entries(storage).map(([name, call]) => [name, async (...values) => (await pause(20), call(...values))]),
);
"""


def run(script: str, folder: Path, peer: ClientApiPeer, *arguments: str) -> Any:
    return run_node(HEAD + STORAGE + script, folder, peer.url, *arguments)


def events(peer: ClientApiPeer) -> list[Any]:
    return [event for batch in peer.bodies("/events") for event in batch]


@pytest.mark.slow
def test_what_is_no_event_in_storage_is_removed_and_never_sent(javascript: Path, peer: ClientApiPeer) -> None:
    good = json.dumps({"id": "11111111-1111-4111-8111-111111111111", "name": "a/kept", "anonymous_id": ANONYMOUS_ID})
    bad = ["garbage", "", "},{", "null", "[]", '"text"', "{}", f"{good},{good}", f'{{"id":"a","b":"{"x" * 40_000}"}}']
    where = json.dumps(["pk_test", peer.url], separators=(",", ":"))
    left = {"mtribes.vod.events.3": [where, *bad, good], "mtribes.vod.events.9": [where, *bad]}
    script = """
    const { close, session } = createSpace({ apiKey, host, storage });
    await session.start();
    session.track("a/own");
    await pause(1500);
    await close();
    print({ errors, left: [...kept].filter(([, value]) => value).map(([key]) => key) });
    """
    got = run(script, javascript, peer, json.dumps({key: "\n".join(lines) for key, lines in left.items()}))
    assert got == {"errors": [], "left": ["mtribes.vod.identity"]}
    assert [[event["name"] for event in batch] for batch in peer.bodies("/events")] == [["a/kept", "a/own"]]


@pytest.mark.parametrize("between", ["", "await session.end();"])
def test_an_event_that_waits_for_storage_stays_with_whom_it_is_of(
    between: str, javascript: Path, peer: ClientApiPeer
) -> None:
    script = f"""
    page();
    const {{ close, session }} = createSpace({{ apiKey, host, storage: slow }});
    let start = session.start({{ userId: "u1", userSignature: "of u1" }});
    session.track("seen/by-u1");
    {between}
    start = session.start({{ userId: "u2" }});
    session.track("seen/by-u2");
    await start;
    await close();
    print(errors);
    """
    assert run(script, javascript, peer) == []
    found = {event["name"]: event for event in events(peer)}
    assert [found[name].get("external_id") for name in ("seen/by-u1", "seen/by-u2")] == ["u1", "u2"]
    assert found["seen/by-u1"]["user_signature"] == "of u1"
    assert found["seen/by-u1"]["anonymous_id"] != found["seen/by-u2"]["anonymous_id"]
    assert found["seen/by-u2"]["anonymous_id"] == peer.bodies("/sessions")[-1]["anonymous_id"]


def test_a_snapshot_that_throws_when_it_is_read_is_none(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const boom = () => { throw new Error("boom"); };
    const person = { anonymousId: "01234567-0123-4123-8123-0123456789ab", userId: null };
    const thrower = Object.defineProperty({}, "homepage.header", { get: boom, enumerable: true });
    const proxy = new Proxy({}, { get: boom, ownKeys: boom, getOwnPropertyDescriptor: boom });
    print([thrower, proxy].map((states) => {
      errors.length = 0;
      const { session } = createSpace({ bootstrap: { session: "ses_1", revision: "1", states, person } });
      return [session.status, session.snapshot(), errors.length];
    }));
    """
    assert run(script, javascript, peer) == [["idle", None, 1], ["idle", None, 1]]


def test_options_that_throw_when_they_are_read_leave_fallbacks(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const boom = () => { throw new Error("boom"); };
    const thrower = (name) => Object.defineProperty({ apiKey, host }, name, { get: boom });
    const proxy = new Proxy({}, { get: boom, ownKeys: boom, getOwnPropertyDescriptor: boom });
    const names = ["apiKey", "bootstrap", "logger", "states", "tracking"];
    const hostile = [proxy, { states: proxy }, { states: { "homepage.header": proxy } }, ...names.map(thrower)];
    const found = [];
    for (const options of hostile) {
      errors.length = 0;
      const { close, collections, session } = createSpace(options);
      found.push([collections.homepage.header.properties.background.value, session.status, errors.length]);
      await close();
    }
    print(found);
    """
    assert run(script, javascript, peer) == [["#6f58c4", "idle", 1]] * 8
    assert peer.asked == []


def test_the_snapshot_of_a_person_has_nothing_of_the_one_before(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const { label, discountPercent, endsAt } = collections.onboarding.welcome.fallback.properties;
    print({ label, "discount-percent": discountPercent, "ends-at": endsAt });
    """
    fallback = run(script, javascript, peer)
    ours = {"onboarding.welcome": {"enabled": True, "properties": {**fallback, "new-in-the-model": "of u1"}}}
    peer.answers["/sessions"] = [ApiResult(body=session_answer(ours)), ApiResult(body=session_answer({}))]
    script = """
    page();
    const { close, session } = createSpace({ apiKey, host });
    await session.start({ userId: "u1" });
    const before = JSON.stringify(session.snapshot());
    await session.start({ userId: "u2" });
    print([before, JSON.stringify(session.snapshot())].map((text) => text.includes("of u1")));
    await close();
    """
    assert run(script, javascript, peer) == [True, False]


def test_on_a_server_who_is_refused_sees_no_snapshot_of_another(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [STARTED]
    script = """
    const server = createSpace({ apiKey, host });
    await server.session.start({ userId: "u1" });
    const { close, collections: { homepage: { header } }, session } =
      createSpace({ apiKey, host, bootstrap: server.session.snapshot() });
    const color = () => header.initial.properties.background.value;
    const before = color();
    await session.start({ userId: "u2" });
    print([before, color(), session.failure]);
    await Promise.all([close(), server.close()]);
    """
    assert run(script, javascript, peer) == ["#c9a227", "#6f58c4", "in-use"]


def test_without_consent_storage_that_cannot_remove_is_not_written_to_either(
    javascript: Path, peer: ClientApiPeer
) -> None:
    script = """
    for (const one of [storage, slow]) {
      const { close, session } = createSpace({ apiKey, host, storage: one, tracking: false });
      await session.start({ userId: "u1" });
      await session.start({ userId: "u2" });
      await close();
      await pause(100);
    }
    print([...kept.keys()]);
    """
    assert run(script, javascript, peer) == []


def test_what_is_being_written_when_consent_is_withdrawn_is_removed(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const late = { ...storage, setItem: async (key, value) => (await pause(100), storage.setItem(key, value)) };
    const { client, close, session } = createSpace({ apiKey, host, storage: late });
    await session.start();
    session.track("a/1");
    await pause(20);
    client.tracking = false;
    await pause(300);
    print([...kept.values()].filter(Boolean));
    await close();
    """
    assert run(script, javascript, peer) == []


def test_consent_that_is_withdrawn_after_the_end_removes_what_is_stored(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const { client, close, session } = createSpace({ apiKey, host, storage });
    await session.start();
    await close();
    const before = [...kept.values()].filter(Boolean).length;
    client.tracking = false;
    print([before, [...kept.values()].filter(Boolean).length, client.tracking]);
    """
    assert run(script, javascript, peer) == [1, 0, False]


def test_a_logger_that_fails_later_ends_no_program(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    let calls = 0;
    const logger = async () => { calls += 1; await pause(1); throw new Error("no network"); };
    createSpace({ host: 5, logger });
    await pause(50);
    print(calls);
    """
    assert run(script, javascript, peer) == 1
