"""`createSpace`: a Space of its own, from options, from a snapshot, or from the states of a test, until `close`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.client_api_peer import ApiResult, ClientApiPeer, session_answer
from tests.server.features.codegen.test_session import FALLBACK_HEADER, FALLBACK_ITEMS
from tests.server.features.codegen.toolchain import run_node

HEAD = """
import { collections, createSpace, session as defaultSession } from "./index.js";
const errors = [];
console.error = (...values) => errors.push(values.map(String).join(" "));
const [host, ...given] = process.argv.slice(2);
const page = () => (globalThis.document = { visibilityState: "visible" });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const seen = ({ session, collections: { homepage: { header, body }, onboarding: { welcome } } }) => ({
  status: session.status,
  failure: session.failure,
  header: { enabled: header.enabled, ...header.properties },
  items: body.items.map(({ id }) => id),
  welcome: { enabled: welcome.enabled, ...welcome.properties },
});
const apiKey = "pk_test";
const print = (value) => process.stdout.write(JSON.stringify(value));
"""


def run(script: str, folder: Path, peer: ClientApiPeer, *arguments: str) -> Any:
    return run_node(HEAD + script, folder, peer.url, *arguments)


def test_each_space_is_for_one_person_and_none_knows_of_another(runnable: Path, peer: ClientApiPeer) -> None:
    script = """
    const spaces = ["u1", "u2"].map(() => createSpace({ apiKey, host }));
    await Promise.all(spaces.map(({ session }, at) => session.start({ userId: `u${at + 1}` })));
    spaces.forEach(({ session }, at) => session.track(`seen/by-u${at + 1}`));
    await Promise.all(spaces.map(({ close }) => close()));
    print({ all: spaces.map(seen), status: defaultSession.status, fallback: collections.homepage.header.properties });
    """
    got = run(script, runnable, peer)
    assert [each["status"] for each in got["all"]] == ["served", "served"]
    assert got["status"] == "idle"
    assert got["fallback"]["background"]["value"] == "#6f58c4"
    events = sorted((event["name"], event["external_id"]) for body in peer.bodies("/events") for event in body)
    assert events == [("seen/by-u1", "u1"), ("seen/by-u2", "u2")]


def test_every_option_is_heeded(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const log = [];
    const kept = new Map();
    const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
    const urls = [];
    const own = (url, options) => (urls.push(url), fetch(url, options));
    const logger = (message, cause) => log.push([message, typeof cause]);
    const { client, session } = createSpace({
      apiKey, host: host + "/", storage, fetch: own, logger, waitTimeMsec: 5000, sessionLock: false, tracking: true,
    });
    client.waitTimeMsec = "long";
    await session.start({ userId: {} });
    await session.end();
    await session.start();
    print([urls[0], kept.size, log, client.waitTimeMsec, client.sessionLock, client.tracking, errors]);
    process.exit(0);
    """
    url, kept, log, wait, lock, tracking, errors = run(script, javascript, peer)
    assert url == f"{peer.url}/api/client/sessions"
    assert (kept, wait, lock, tracking, errors) == (1, 5000, False, True, [])
    assert log == [
        ["client.waitTimeMsec must be a number", "undefined"],
        ["the session is not started", "string"],
    ]


def test_a_logger_that_fails_harms_nobody_and_the_console_is_told(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const { session } = createSpace({ host, logger: () => { throw new Error("no"); } });
    await session.start();
    print([session.failure, errors]);
    """
    failure, errors = run(script, javascript, peer)
    assert failure == "missing-key"
    assert errors == ["mtribes: client.apiKey is not set"]


SNAPSHOT = """
const server = createSpace({ apiKey, host });
await server.session.start({ userId: "u1", userSignature: "secret", fields: { campaign: "spring" } });
const snapshot = server.session.snapshot();
"""


def test_a_snapshot_is_plain_json_without_secrets(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const before = createSpace({ apiKey, host }).session.snapshot();
    print([before, snapshot, JSON.parse(JSON.stringify(snapshot))]);
    """
    before, snapshot, copied = run(SNAPSHOT + script, javascript, peer)
    assert before is None
    assert snapshot == copied
    assert snapshot["states"] == session_answer()["states"]
    assert (snapshot["session"], snapshot["revision"]) == ("ses_1", "7")
    assert snapshot["person"]["userId"] == "u1"
    assert snapshot["person"]["anonymousId"] == peer.bodies("/sessions")[0]["anonymous_id"]
    assert not any(secret in json.dumps(snapshot) for secret in ("pk_test", "secret", "spring"))


def test_a_snapshot_is_shown_elsewhere_at_once_and_asks_for_nothing(runnable: Path, peer: ClientApiPeer) -> None:
    script = """
    page();
    const asked = [];
    const own = (url, options) => (asked.push(url), fetch(url, options));
    const space = createSpace({ apiKey, host, fetch: own, bootstrap: JSON.parse(JSON.stringify(snapshot)) });
    const { header, body } = space.collections.homepage;
    const calls = [];
    header.onChange(() => calls.push(header.properties.background.value));
    const first = { ...seen(space), initial: header.initial === header.state, list: body.initial === body.state,
      fallback: header.fallback.properties.background.value, revision: space.session.revision };
    await pause(50);
    const none = asked.length;
    space.session.track("page/seen");
    await space.session.flush();
    await space.session.start({ userId: "u1" });
    print({ first, none, server: seen(server), calls, again: seen(space), errors });
    """
    got = run(SNAPSHOT + script, runnable, peer)
    first = got["first"]
    assert {name: first[name] for name in got["server"]} == got["server"] == got["again"]
    assert (first["initial"], first["list"], first["fallback"], first["revision"]) == (True, True, "#6f58c4", "7")
    assert (got["none"], got["calls"], got["errors"]) == (0, [], [])
    [[event]] = peer.bodies("/events")
    assert (event["session"], event["external_id"]) == ("ses_1", "u1")
    assert event["anonymous_id"] == peer.bodies("/sessions")[0]["anonymous_id"]


def test_what_was_shown_before_a_late_answer_is_what_a_snapshot_holds(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [ApiResult(body=session_answer(), wait_seconds=0.3)]
    script = """
    const server = createSpace({ apiKey, host, waitTimeMsec: 50 });
    await server.session.start({ userId: "u1" });
    const rendered = server.collections.homepage.header.properties.background.value;
    await pause(500);
    const browser = createSpace({ apiKey, host, bootstrap: server.session.snapshot() });
    print([rendered, browser.collections.homepage.header.properties.background.value,
      browser.collections.homepage.body.items.length]);
    """
    assert run(script, javascript, peer) == ["#6f58c4", "#6f58c4", 1]


def test_with_the_lock_off_a_snapshots_session_is_followed(javascript: Path, peer: ClientApiPeer) -> None:
    change = {"revision": "r8", "states": {"homepage.body": {"enabled": True, "items": []}}}
    peer.answers["/changes"] = [ApiResult(body=change), ApiResult(status=204, wait_seconds=2)]
    script = """
    page();
    const space = createSpace({ apiKey, host, sessionLock: false, bootstrap: snapshot });
    const calls = [];
    space.collections.homepage.body.onChange(() => calls.push(space.session.revision));
    await pause(300);
    print([calls, seen(space).items, space.session.snapshot().states["homepage.body"].items]);
    process.exit(0);
    """
    assert run(SNAPSHOT + script, javascript, peer) == [["r8"], [], []]
    assert len(peer.bodies("/sessions")) == 1


NONSENSE = [
    "5", '"text"', "[]", "{}", '{"session": "s", "revision": "1", "states": {}}',
    '{"session": "s", "revision": null, "states": {}, "person": {"anonymousId": "x", "userId": null}}',
    '{"session": "s", "revision": "1", "states": 5, "person": {"anonymousId": "ID", "userId": null}}',
    '{"session": "s", "revision": "1", "states": {}, "person": {"anonymousId": "ID", "userId": {}}}',
    '{"session": "s", "revision": "1", "states": {}, "person": {"anonymousId": "short", "userId": null}}',
]  # fmt: skip


def test_a_bootstrap_of_nonsense_is_as_good_as_none_and_logged_once(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const all = [];
    for (const text of JSON.parse(given[0])) {
      const space = createSpace({ apiKey, host, bootstrap: JSON.parse(text) });
      all.push({ ...seen(space), errors: errors.splice(0) });
    }
    print(all);
    """
    nonsense = [text.replace("ID", "0" * 36) for text in NONSENSE]
    for text, got in zip(nonsense, run(script, javascript, peer, json.dumps(nonsense)), strict=True):
        assert (text, got["status"], got["items"], len(got["errors"])) == (text, "idle", FALLBACK_ITEMS, 1)


def test_a_test_says_what_is_served_without_any_network(runnable: Path, peer: ClientApiPeer) -> None:
    script = """
    globalThis.fetch = () => { throw new Error("no network"); };
    const space = createSpace({ apiKey, host, states: {
      "homepage.header": { properties: { background: { value: "#000000", opacity: 1 } } },
      "homepage.body": { items: [{ experience: "hero", properties: { title: "T" } },
        { id: "x", experience: "carousel", enabled: false }] },
    } });
    const first = seen(space);
    const { header, body } = space.collections.homepage;
    const initial = header.initial === header.state;
    const items = body.items.map(({ id, kind, enabled, properties }) => [id, kind, enabled, properties.title ?? null]);
    const calls = [];
    header.onChange(() => calls.push("header"));
    space.session.track("a/b");
    header.track("a/b");
    await space.session.start({ userId: "u1" });
    await space.session.start({ userId: "u2" });
    await space.session.flush();
    print({ first, second: seen(space), initial, items, calls, errors });
    """
    got = run(script, runnable, peer)
    assert got["first"] == got["second"]
    assert got["first"]["status"] == "served"
    assert got["first"]["header"] == FALLBACK_HEADER | {"background": {"value": "#000000", "opacity": 1}}
    assert got["first"]["welcome"]["label"] == "Welcome"
    assert got["items"] == [["0", "hero", True, "T"], ["x", "carousel", False, None]]
    assert (got["initial"], got["calls"], got["errors"]) == (True, [], [])
    assert peer.asked == []


def test_a_test_is_told_of_what_it_cannot_mean(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    createSpace({ states: { "homepage.heading": {}, "homepage.header": { properties: { sticky: 5 } } } });
    createSpace({ states: { "homepage.header": null, "homepage.body": { items: {} } } });
    print(errors);
    """
    unknown, wrong, none = run(script, javascript, peer)
    assert 'no entity "homepage.heading"' in unknown
    assert "homepage.header.sticky: 5" in wrong
    assert "homepage.body.items: {}" in none


def test_a_closed_space_shows_what_it_showed_and_does_nothing_more(runnable: Path, peer: ClientApiPeer) -> None:
    script = """
    page();
    const space = createSpace({ apiKey, host, sessionLock: false });
    await space.session.start({ userId: "u1" });
    space.session.track("a/b");
    await Promise.all([space.close(), space.close()]);
    const closed = seen(space);
    const snapshot = space.session.snapshot();
    await space.session.start({ userId: "u2" });
    space.session.track("c/d");
    space.client.apiKey = "pk_other";
    space.client.sessionLock = false;
    await space.session.flush();
    await space.session.end();
    await pause(1200);
    print({ closed, later: seen(space), user: snapshot.person.userId, errors });
    """
    got = run(script, runnable, peer)
    assert got["closed"] == got["later"]
    assert (got["closed"]["status"], got["closed"]["items"], got["user"]) == ("served", ["derby"], "u1")
    assert [[event["name"] for event in body] for body in peer.bodies("/events")] == [["a/b"]]
    assert len(peer.bodies("/sessions")) == 1
    [error] = got["errors"]
    assert "closed" in error


def test_an_event_before_asynchronous_storage_has_answered_is_of_whom_it_holds(
    javascript: Path, peer: ClientApiPeer
) -> None:
    script = """
    const id = "11111111-2222-4333-8444-555555555555";
    const kept = new Map([["mtribes.vod.identity", JSON.stringify({ id, owner: null })]]);
    const storage = {
      getItem: async (key) => (await pause(5), kept.get(key) ?? null),
      setItem: async (key, value) => void kept.set(key, value),
    };
    const space = createSpace({ apiKey, host, storage });
    space.session.track("app/opened");
    const started = space.session.start();
    space.session.track("app/started");
    await started;
    await space.close();
    print([id, JSON.parse(kept.get("mtribes.vod.identity")).id, errors]);
    """
    own, kept, errors = run(script, javascript, peer)
    assert (kept, errors) == (own, [])
    assert [body["anonymous_id"] for body in peer.bodies("/sessions")] == [own]
    events = [event for body in peer.bodies("/events") for event in body]
    assert [(event["name"], event["anonymous_id"]) for event in events] == [("app/opened", own), ("app/started", own)]


def test_a_start_that_is_under_way_ends_with_its_space(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [ApiResult(body=session_answer(), wait_seconds=2)]
    script = """
    const space = createSpace({ apiKey, host, waitTimeMsec: 60000 });
    const began = Date.now();
    const started = space.session.start({ userId: "u1" });
    space.session.onChange(() => void space.session.start({ userId: "u2" }));  // too late
    await pause(50);
    await space.close();
    await started;
    print([Date.now() - began < 1500, seen(space).status, errors.length]);
    """
    assert run(script, javascript, peer) == [True, "idle", 1]
    assert all(body["external_id"] == "u1" for body in peer.bodies("/sessions"))


@pytest.mark.slow
def test_a_start_that_failed_is_not_tried_again_once_its_space_is_closed(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [ApiResult(status=503)]
    script = """
    const space = createSpace({ apiKey, host });
    await space.session.start();
    await space.close();
    await pause(1500);
    print(seen(space).failure);
    """
    assert run(script, javascript, peer) == "server"
    assert len(peer.bodies("/sessions")) == 1


def test_spaces_of_many_requests_slow_nothing_down(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const hooks = process.getBuiltinModule("node:async_hooks");
    let made = 0;
    const { AsyncLocalStorage } = hooks;
    hooks.AsyncLocalStorage = class extends AsyncLocalStorage { constructor() { super(); made += 1; } };
    for (let at = 0; at < 50; at += 1) {
      const space = createSpace({ apiKey, host });
      await space.session.start({ userId: `u${at}` });
      await space.close();
    }
    print(made);
    """
    assert run(script, javascript, peer) == 1


TOUCHED = """
const touched = [];
const trap = (object, name) => {
  const value = object[name];
  Object.defineProperty(object, name, { configurable: true, get() { touched.push(name); return value; } });
};
["addEventListener", "localStorage", "document", "fetch", "setTimeout", "AbortController", "crypto", "navigator"]
  .forEach((name) => trap(globalThis, name));
trap(process, "on");
trap(process, "getBuiltinModule");
const { client, collections, createSpace, session } = await import("./index.js");
createSpace();
process.stdout.write(JSON.stringify(touched));
"""


def test_importing_it_touches_nothing_global(javascript: Path) -> None:
    assert run_node(TOUCHED, javascript) == []
