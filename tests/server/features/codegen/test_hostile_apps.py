"""Nothing that an app, its storage or its `fetch` does makes a public function throw or reject, or stops others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from templates_server.features import demo
from tests.server.features.codegen.client_api_peer import ClientApiPeer
from tests.server.features.codegen.test_session import HEAD, run
from tests.server.features.codegen.toolchain import run_node, write_tree
from tests.servers import RunningServer

HOSTILE = r"""
const thrown = [];
process.on("unhandledRejection", (cause) => thrown.push(["unhandled rejection", String(cause)]));
process.on("uncaughtException", (cause) => thrown.push(["uncaught exception", String(cause)]));
const no = () => { throw new Error("no"); };
const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, no]));
const throwing = () => new Proxy({}, traps);
const revoked = () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; };
const cyclic = () => {
  const value = { key: "k", value: "v" };
  value.fields = value.pair1 = value.self = value;
  return value;
};
const getters = () => Object.defineProperties({}, Object.fromEntries(["userId", "userSignature", "fields", "pair1",
  "key", "value", "then", "length", "toJSON", "status", "text", "headers", "getItem", "setItem"].map((name) =>
    [name, { get: no, enumerable: true }])));
const VALUES = {
  undefined: undefined, null: null, true: true, zero: 0, minus: -1, nan: NaN, infinity: Infinity, fraction: 1.5,
  huge: Number.MAX_VALUE, empty: "", blank: " ", text: "u1", name: "a/b", long: "x".repeat(100000), half: "\ud83d",
  nul: "a/\0", newline: "a\n/b", dots: "..", ours: "per_0123456789abcdefghijkl", bigint: 5n, symbol: Symbol("s"),
  arrow: () => {}, failing: no, class: class {}, array: [], nested: [["a"]], date: new Date(NaN),
  map: new Map([["a", 1]]), bytes: new Uint8Array(4), plain: {}, bare: Object.create(null),
  frozen: Object.freeze({ a: 1 }),
  cyclic: cyclic(),
  proxy: throwing(), revoked: revoked(), getters: getters(), conversions: { toString: no, valueOf: no, toJSON: no,
  [Symbol.toPrimitive]: no }, thenable: { then: no }, rejecting: { then: (_, reject) => reject(new Error("no")) },
  prototype: JSON.parse('{"__proto__": {"a": 1}}'), regexp: /a/, error: new Error("e"),
};
const everyValue = async (attempt) => {
  for (const [kind, value] of Object.entries(VALUES)) {
    for (const [at, call] of attempt(value).entries()) {
      try {
        await call();
      } catch (cause) {
        thrown.push([kind, at, String(cause?.stack ?? "something that is no error")]);
      }
    }
  }
};
const isPromise = (value) => { if (!(value instanceof Promise)) throw new Error("no promise"); return value; };
client.waitTimeMsec = 300;
"""


def test_functions_throw_and_reject_for_nothing_that_they_are_given(runnable: Path, peer: ClientApiPeer) -> None:
    script = """
    await session.start();
    const item = body.items[0];
    const { start, identify, anonymize, track, flush, end } = session;
    await everyValue((v) => [
      ...[track, session.track, header.track, item.track].flatMap((track) => [
        () => track(v), () => track("a/b", v), () => track(v, v), () => track("a/b", { pair1: v }),
        () => track("a/b", { pair1: { key: v, value: "v" } }), () => track("a/b", { pair2: { key: "k", value: v } }),
      ]),
      () => isPromise(start(v)), () => isPromise(start({ userId: v })), () => isPromise(start({ fields: v })),
      () => isPromise(start({ userId: "u1", userSignature: v })), () => isPromise(start({ fields: { a: v, b: 1 } })),
      () => isPromise(identify(v, v)), () => isPromise(anonymize(v)), () => isPromise(flush(v)),
      () => { const stop = header.onChange(v); stop(); stop(v); }, () => body.onChange(v)(), () => isPromise(end(v)),
    ]);
    await start({ userId: "u1" });
    track("still/working");
    await flush();
    print({ thrown, ...seen() });
    process.exit(0);
    """
    seen = run(HOSTILE + script, runnable, peer)
    assert seen["thrown"] == []
    assert (seen["status"], seen["header"]["sticky"]) == ("served", False)
    last = peer.bodies("/events")[-1][-1]
    assert (last["name"], last["external_id"]) == ("still/working", "u1")


@pytest.mark.slow
def test_settings_throw_for_nothing_and_keep_what_was_right(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const right = client.host;
    await everyValue((v) => [
      ...["apiKey", "host", "waitTimeMsec", "sessionLock", "storage", "fetch"].map((name) => async () => {
        client[name] = v;
        await session.start();
        session.track("a/b");
        await session.flush();
        await session.end();
        client.apiKey = "pk_test";
        client.host = right;
        client.waitTimeMsec = 300;
        client.sessionLock = true;
        client.storage = client.fetch = null;
      }),
    ]);
    client.host = undefined;
    client.waitTimeMsec = NaN;
    const kept = [client.host === right, client.waitTimeMsec];
    await session.start();
    print({ thrown, kept, ...seen() });
    process.exit(0);
    """
    seen = run(HOSTILE + script, javascript, peer)
    assert seen["thrown"] == []
    assert seen["kept"] == [True, 300]
    assert seen["status"] == "served"


@pytest.mark.slow
def test_no_answer_of_a_fetch_of_ones_own_is_too_strange(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    client.sessionLock = false;
    client.waitTimeMsec = 20;
    const all = async () => {
      await session.start();
      session.track("a/b");
      await session.flush();
      await pause(1);
      await session.end();
    };
    const answer = (text) => ({ status: 200, text: async () => text });
    await everyValue((v) => [
      () => { client.fetch = () => v; return all(); },
      () => { client.fetch = async () => { throw v; }; return all(); },
      () => { client.fetch = async () => ({ status: v, text: async () => "{}" }); return all(); },
      () => { client.fetch = async () => answer(v); return all(); },
      () => { client.fetch = async () => ({ ...answer("{}"), text: v }); return all(); },
      () => { client.fetch = async () => ({ ...answer("{}"), status: 503, headers: v }); return all(); },
      () => { client.fetch = async () => ({ ...answer("{}"), status: 503, headers: { get: () => v } }); return all(); },
    ]);
    for (const session of ['"\\\\ud800"', "5", "{}", "[]", "null"]) {
      for (const states of ["{}", '{"homepage.header": {"properties": {"sticky": "\\\\ud800"}}}']) {
        client.fetch = async () => answer(`{"session": ${session}, "revision": "\\\\udc00", "states": ${states}}`);
        await all();
      }
    }
    client.fetch = null;
    client.sessionLock = true;
    client.waitTimeMsec = 5000;
    await session.start();
    print({ thrown, ...seen() });
    process.exit(0);
    """
    seen = run(HOSTILE + script, javascript, peer)
    assert seen["thrown"] == []
    assert seen["status"] == "served"


@pytest.mark.slow
def test_no_storage_is_too_strange(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const all = async (storage) => {
      client.storage = storage;
      await session.start();
      session.track("a/b");
      await session.end();
    };
    await everyValue((v) => [
      () => all(v),
      () => all({ getItem: () => v, setItem: () => v, removeItem: () => v }),
      () => all({ getItem: v, setItem: v, removeItem: v }),
      () => all({ getItem: async () => { throw v; }, setItem: async () => { throw v; } }),
      () => all({ getItem: () => null, setItem: () => { throw v; }, removeItem: () => { throw v; } }),
    ]);
    await pause(50);
    print({ thrown, status: (await session.start(), session.status) });
    process.exit(0);
    """
    assert run(HOSTILE + script, javascript, peer) == {"thrown": [], "status": "served"}


def test_no_console_is_too_strange(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    console.error = no;
    session.track("clicked");
    await session.start(5);
    const first = session.status;
    Object.defineProperty(globalThis, "console", { value: undefined });
    session.track("clicked");
    await session.start();
    print([thrown, first, session.status]);
    """
    assert run(HOSTILE + script, javascript, peer) == [[], "fallback", "served"]


UNUSABLE_IDS = ["{}", "[]", "true", "NaN", "1.5", "Symbol()", "() => {}", '" u1"', '"u\\n"', '"."', '"x".repeat(257)']


def test_who_cannot_be_named_is_served_fallbacks_and_nothing_is_tracked_of_them(
    javascript: Path, peer: ClientApiPeer
) -> None:
    script = f"""
    const all = [];
    await session.start({{ userId: "u1" }});
    for (const userId of [{", ".join(UNUSABLE_IDS)}]) {{
      await session.start({{ userId }});
      session.track("a/b");
      all.push([session.status, session.failure, header.properties.sticky, errors.splice(0).length]);
    }}
    await session.flush();
    await session.start({{ userId: 5n }});
    print([all, session.status]);
    """
    all_seen, then = run(script, javascript, peer)
    assert all_seen == [["fallback", "refused", True, 1]] * len(UNUSABLE_IDS)
    assert then == "served"
    assert [body["external_id"] for body in peer.bodies("/sessions")] == ["u1", "5"]
    assert peer.bodies("/events") == []


def test_a_field_that_cannot_be_sent_costs_itself_alone(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const fields = { campaign: "spring", big: 5n, nested: {}, nan: NaN, none: null, "": 1, long: "x".repeat(4097),
      half: "\\ud83d", yes: true, get failing() { throw new Error("no"); } };
    await session.start({ fields });
    print([session.status, errors.length]);
    """
    assert run(script, javascript, peer) == ["served", 5]
    [body] = peer.bodies("/sessions")
    assert body["fields"] == {"campaign": "spring", "big": 5, "half": "\ufffd", "yes": True}


@pytest.mark.slow
def test_whatever_is_sent_the_server_takes(demo_server: tuple[RunningServer, demo.DemoFacts], tmp_path: Path) -> None:
    server, facts = demo_server
    with server.client(Authorization=f"Bearer {facts.token}") as client:
        wanted = {"targets": [{"language": "javascript", "options": {"host": server.url}}]}
        answer = client.post("/v2/spaces/vod/code", json=wanted).raise_for_status().json()
    files = {file["path"]: file["content"] for file in answer["data"][0]["targets"][0]["files"]}
    script = """
    client.apiKey = process.argv[3];
    client.waitTimeMsec = 20000;
    const statuses = {};
    client.fetch = async (url, options) => {
      const answer = await fetch(url, options);
      const kind = `${url.endsWith("/events") ? "events" : "sessions"} ${answer.status}`;
      statuses[kind] = (statuses[kind] ?? 0) + 1;
      return answer;
    };
    await everyValue((v) => [
      () => session.start({ userId: v, fields: { a: v } }),
      () => session.track(v, v), () => session.track("a/b", { pair1: { key: v, value: v } }),
      () => session.track(`a/${typeof v === "string" ? v.slice(0, 100) : "b"}`, { pair2: { key: "k", value: v } }),
      () => session.flush(),
    ]);
    print({ thrown, statuses });
    process.exit(0);
    """
    seen = run_node(HEAD + HOSTILE + script, write_tree(tmp_path, files), server.url, *_key(facts))
    assert seen["thrown"] == []
    assert set(seen["statuses"]) == {"sessions 200", "events 204"}, seen["statuses"]


def _key(facts: demo.DemoFacts) -> list[Any]:
    return [facts.spaces["vod"]["production"]]
