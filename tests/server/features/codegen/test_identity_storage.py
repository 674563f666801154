"""Where the anonymous id is kept: storage that is full, forbidden or asynchronous mixes up nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.client_api_peer import ClientApiPeer
from tests.server.features.codegen.test_session import HEAD, run
from tests.server.features.codegen.toolchain import run_node

pytestmark = pytest.mark.slow

FULL = """
// Storage that is full takes nothing new; `room` is how long a text still fits.
const kept = new Map(Object.entries(JSON.parse(process.argv[3] ?? "{}")));
let room = Infinity;
globalThis.localStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => {
    if (value.length > room) throw new DOMException("full", "QuotaExceededError");
    kept.set(key, value);
  },
  removeItem: (key) => void kept.delete(key),
};
"""
REMOVING = {"removes": "", "cannot remove": "delete localStorage.removeItem;"}
PEOPLE = [None, "u1", "u1", None, None, "u2", "u3", None]


def ids(peer: ClientApiPeer) -> list[str]:
    return [body["anonymous_id"] for body in peer.bodies("/sessions")]


@pytest.mark.parametrize("removing", REMOVING)
@pytest.mark.parametrize("room", [0, 45, 70])
def test_storage_that_is_full_gives_nobody_the_id_of_another(
    room: int, removing: str, runnable: Path, peer: ClientApiPeer
) -> None:
    script = f"""
    {REMOVING[removing]}
    const people = {json.dumps(PEOPLE)};
    for (const [at, userId] of people.entries()) {{
      if (at === 1) room = {room};
      await session.start({{ userId }});
      session.track("seen/by-somebody");
    }}
    await session.flush();
    print(errors);
    """
    assert run(FULL + script, runnable, peer) == []
    visitor, first, again, signed_out, still, second, third, last = ids(peer)
    assert visitor == first == again
    assert signed_out == still == second
    assert len({visitor, signed_out, third, last}) == 4
    assert [event["anonymous_id"] for event in peer.bodies("/events")[0]] == ids(peer)


@pytest.mark.parametrize("removing", REMOVING)
def test_after_a_reload_too_nobody_has_the_id_of_another(removing: str, javascript: Path, peer: ClientApiPeer) -> None:
    script = f"""
    {REMOVING[removing]}
    await session.start();
    room = 0;
    await session.start({{ userId: "u1" }});
    print(Object.fromEntries(kept));
    """
    kept = run_node(HEAD + FULL + script, javascript, peer.url)
    reloaded = "room = 0; await session.start(); print(null);"
    run_node(HEAD + FULL + reloaded, javascript, peer.url, json.dumps(kept))
    visitor, user, after = ids(peer)
    assert visitor == user
    assert after != visitor


def test_storage_that_has_room_again_is_used_again(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    room = 0;
    await session.start();
    room = Infinity;
    await session.start({ userId: "u1" });
    print([...kept.values()].map((text) => JSON.parse(text)));
    """
    [kept] = run(FULL + script, javascript, peer)
    assert kept == {"id": ids(peer)[1], "owner": "u1"}


def test_a_longer_text_fits_once_the_shorter_one_has_gone(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    await session.start();
    const [key] = kept.keys();
    const { setItem } = localStorage;
    localStorage.setItem = (name, value) => {
      if (kept.has(name)) throw new DOMException("full", "QuotaExceededError");
      setItem(name, value);
    };
    await session.start({ userId: "u1" });
    print(JSON.parse(kept.get(key)).owner);
    """
    assert run(FULL + script, javascript, peer) == "u1"


ASYNCHRONOUS = """
// Asynchronous storage that answers after `delay`, in order; what it holds is printed at the end.
const held = new Map(JSON.parse(process.argv[3] ?? "[]"));
let delay = 20;
const later = async (call) => (await pause(delay), call());
client.storage = {
  getItem: (key) => later(() => held.get(key) ?? null),
  setItem: (key, value) => later(() => void held.set(key, value)),
  removeItem: (key) => later(() => void held.delete(key)),
};
const settled = async () => (await pause(200), [...held].filter(([key]) => key.endsWith("identity")));
"""
USELESS: dict[str, str] = {
    "forgetting": "{ getItem: async () => null, setItem: async () => {} }",
    "failing": '{ getItem: async () => { throw new Error("no"); }, setItem: async () => { throw new Error("no"); } }',
    "strange": "{ getItem: () => ({ then: 5 }), setItem: () => ({ then: (_, reject) => reject(1) }) }",
}


@pytest.mark.parametrize("kind", USELESS)
def test_asynchronous_storage_that_is_useless_is_as_good_as_none(
    kind: str, javascript: Path, peer: ClientApiPeer
) -> None:
    script = f"""
    client.storage = {USELESS[kind]};
    await session.start();
    await session.start();
    await pause(50);
    print(session.status);
    """
    seen: Any = run(script, javascript, peer)
    assert seen == "served"
    assert len(set(ids(peer))) == 1


def test_asynchronous_storage_is_waited_for_and_remembers(javascript: Path, peer: ClientApiPeer) -> None:
    start = 'await session.start(USER); session.track("a/b"); await session.flush(); print(await settled());'
    first = run_node(HEAD + ASYNCHRONOUS + start.replace("USER", ""), javascript, peer.url)
    second = run_node(HEAD + ASYNCHRONOUS + start.replace("USER", ""), javascript, peer.url, json.dumps(first))
    signed_in = '{ userId: "u1" }'
    third = run_node(HEAD + ASYNCHRONOUS + start.replace("USER", signed_in), javascript, peer.url, json.dumps(second))
    run_node(HEAD + ASYNCHRONOUS + start.replace("USER", ""), javascript, peer.url, json.dumps(third))
    visitor, again, user, after = ids(peer)
    assert visitor == again == user != after
    assert [event["anonymous_id"] for batch in peer.bodies("/events") for event in batch] == ids(peer)


def test_events_that_are_tracked_before_asynchronous_storage_has_answered_are_of_the_person_it_knows(
    javascript: Path, peer: ClientApiPeer
) -> None:
    known = [["mtribes.vod.identity", json.dumps({"id": "0" * 36, "owner": None})]]
    script = """
    session.track("before/start");
    const started = session.start({ userId: "u1" });
    session.track("after/start");
    await started;
    session.track("after/answer");
    await session.flush();
    print(errors);
    """
    assert run_node(HEAD + ASYNCHRONOUS + script, javascript, peer.url, json.dumps(known)) == []
    events = {event["name"]: event for batch in peer.bodies("/events") for event in batch}
    assert {event["anonymous_id"] for event in events.values()} == {"0" * 36}
    assert [events[f"{name}"].get("external_id") for name in ("before/start", "after/start", "after/answer")] == [
        None,
        "u1",
        "u1",
    ]


def test_storage_that_never_answers_holds_a_start_up_for_half_a_second(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    client.storage = { getItem: () => new Promise(() => {}), setItem: () => new Promise(() => {}) };
    const began = performance.now();
    session.track("a/1");
    await session.start();
    const waited = performance.now() - began;
    const others = [];
    for (let at = 0; at < 4; at += 1) {
      const began = performance.now();
      await session.start({ userId: "u1" });
      others.push(performance.now() - began);
    }
    await session.flush();
    print({ waited, again: Math.min(...others), status: session.status, errors });
    """
    seen = run(script, javascript, peer)
    assert 480 < seen["waited"] < 2000
    assert seen["again"] < 400
    assert seen["status"] == "served"
    assert ["storage does not answer" in error for error in seen["errors"]] == [True]
    assert len({*ids(peer), *(event["anonymous_id"] for [event] in peer.bodies("/events"))}) == 1


UNWRITABLE = {
    "asynchronous": "getItem: client.storage.getItem, setItem: async () => { throw new Error('full'); }",
    "synchronous": "getItem: (key) => held.get(key) ?? null, setItem: () => { throw new Error('full'); }",
}


@pytest.mark.parametrize("kind", UNWRITABLE)
def test_after_a_save_that_failed_the_identity_in_memory_wins(kind: str, javascript: Path, peer: ClientApiPeer) -> None:
    known = [["mtribes.vod.identity", json.dumps({"id": "0" * 36, "owner": "u1"})]]
    script = """
    client.storage = { UNWRITABLE };
    for (const userId of ["u1", "u2", undefined, "u2"]) await session.start({ userId });
    await pause(100);
    await session.start({ userId: "u2" });
    print(errors);
    """
    script = script.replace("UNWRITABLE", UNWRITABLE[kind])
    assert run_node(HEAD + ASYNCHRONOUS + script, javascript, peer.url, json.dumps(known)) == []
    first, second, visitor, again, still = ids(peer)
    assert first == "0" * 36
    assert len({first, second, visitor}) == 3
    assert visitor == again == still
