"""Generated code where the platform has less than a browser, and where requests of many people share a process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.renderer import render
from tests.server.features.codegen.reference_space import vod
from tests.server.features.codegen.toolchain import run_node, write_tree

WITHOUT = """
const node = process;
const print = (value) => (node.stdout.write(JSON.stringify(value)), node.exit(0));
const pause = (milliseconds) => new Promise((resolve) => timer(resolve, milliseconds));
const timer = setTimeout;
const have = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
const lack = (...names) => names.forEach((name) => have(name, undefined));
"""
USE = """
const { createSpace } = await import("./index.js");
const states = (sticky) => ({ "homepage.header": { enabled: true, properties: { sticky } } });
const answers = {
  sessions: { session: "ses_1", revision: "1", states: states(true) },
  changes: { revision: "2", states: states(false) },
};
const sent = [];
const send = async (url, { signal }) => {
  const [kind] = /\\w+(?=\\?|$)/.exec(url);
  sent.push(kind);
  if (sent.filter((other) => other === "changes").length > 1) return new Promise(() => {});
  const status = kind === "events" ? 204 : 200;
  return { status, text: async () => JSON.stringify(answers[kind] ?? null) };
};
const vod = createSpace({ apiKey: "pk_test", host: "http://server.test", sessionLock: false, fetch: send });
const stages = [];
vod.session.onChange(() => stages.push(vod.session.status));
await vod.session.start({ userId: "u1" });
vod.session.track("item/clicked");
await vod.session.flush();
await pause(50);
const { header } = vod.collections.homepage;
const seen = { status: vod.session.status, sticky: header.properties.sticky, sent: [...sent].sort() };
await vod.close();
"""
PLATFORMS = {
    "react-native": (
        "have('navigator', { product: 'ReactNative' });"
        "lack('process', 'AbortController', 'TextEncoder', 'crypto', 'BroadcastChannel', 'localStorage');"
    ),
    "old-web-view": (
        "have('document', { visibilityState: 'visible', addEventListener() {} }); have('addEventListener', () => {});"
        "lack('process', 'AbortController', 'TextEncoder', 'crypto', 'BroadcastChannel', 'navigator');"
        "Object.defineProperty(globalThis, 'localStorage', { get() { throw new Error('SecurityError'); } });"
    ),
    "worker-of-a-cloud": "lack('process', 'localStorage', 'BroadcastChannel', 'console'); have('navigator', {});",
    "deno": (
        "lack('process'); let last = 0; have('Deno', { unrefTimer() {} });"
        "have('setTimeout', (call, wait) => (timer(call, wait), ++last)); have('clearTimeout', () => {});"
    ),
    "hardly-anything": (
        "lack('process', 'console', 'crypto', 'navigator', 'AbortController', 'TextEncoder', 'TextDecoder', 'URL',"
        " 'BroadcastChannel', 'Event', 'EventTarget', 'performance', 'queueMicrotask', 'structuredClone', 'fetch');"
    ),
}


def used(platform: str, script: str, folder: Path) -> Any:
    return run_node(WITHOUT + PLATFORMS[platform] + USE + script, folder)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_session_starts_follows_and_ends_whatever_the_platform_lacks(runnable: Path, platform: str) -> None:
    seen = used(platform, "print(seen);", runnable)
    assert (seen["status"], seen["sticky"]) == ("served", False)
    assert seen["sent"][0] == "changes"
    assert seen["sent"][-2:] == ["events", "sessions"]


def test_react_native_is_another_platform_a_web_view_a_browser_and_a_worker_a_server(javascript: Path) -> None:
    seen = {}
    for platform in PLATFORMS:
        script = """
        const bodies = [];
        const fetch = (url, { body }) => (bodies.push(JSON.parse(body)), Promise.reject(new Error("down")));
        await createSpace({ apiKey: "pk_test", fetch }).session.start();
        print(bodies[0]);
        """
        body = used(platform, script, javascript)
        seen[platform] = body["app"]["platform"]
        assert "device" not in body, "no platform tells the version of its system reliably"
    assert seen == {
        "react-native": "other",
        "old-web-view": "browser",
        "worker-of-a-cloud": "server",
        "deno": "server",
        "hardly-anything": "server",
    }


def test_without_a_fetch_fallbacks_are_served(javascript: Path) -> None:
    script = """
    const other = createSpace({ apiKey: "pk_test" });
    await other.session.start();
    other.session.track("item/clicked");
    await other.session.flush();
    print([other.session.status, other.session.failure, other.collections.homepage.header.properties.sticky]);
    """
    assert used("hardly-anything", script, javascript) == ["fallback", "network", True]


def test_an_import_asks_the_platform_for_nothing(javascript: Path) -> None:
    script = """
    const names = ["fetch", "setTimeout", "document", "navigator", "localStorage", "crypto", "BroadcastChannel",
      "addEventListener", "AbortController", "TextEncoder", "console", "Deno", "process"];
    const asked = new Set();
    const values = names.map((name) => [name, globalThis[name]]);
    for (const [name, value] of values) {
      Object.defineProperty(globalThis, name, { get: () => (asked.add(name), value), configurable: true });
    }
    await import("./runtime.js");
    const found = [...asked].filter((name) => name !== "process");  // Node itself looks at it
    print(found);
    """
    assert run_node(WITHOUT + script, javascript) == []


def test_a_server_has_no_page_to_listen_to(javascript: Path) -> None:
    script = """
    let set = 0;
    have("addEventListener", () => (set += 1));
    const { createSpace } = await import("./index.js");
    const fetch = () => Promise.reject(new Error("down"));
    const space = createSpace({ apiKey: "pk_test", sessionLock: false, fetch });
    await space.session.start();
    print([set, space.session.failure]);
    """
    assert run_node(WITHOUT + script, javascript) == [0, "network"]


@pytest.mark.slow
def test_nothing_of_a_request_is_done_in_the_context_of_another(javascript: Path) -> None:
    script = """
    const { AsyncLocalStorage } = await import("node:async_hooks");
    const { createSpace } = await import("./index.js");
    const context = new AsyncLocalStorage();
    const strays = [];
    const done = {};
    const answer = (person) => async (url) => {
      if (context.getStore() !== person) strays.push([person, context.getStore(), url]);
      done[person] = (done[person] ?? 0) + 1;
      const fails = done[person] === 1 && person % 2;
      await pause(5 * (person % 3));
      const text = JSON.stringify({ session: "ses_1", revision: String(done[person]), states: {} });
      return fails ? { status: 503, text: async () => "" } : { status: 200, text: async () => text };
    };
    const serve = (person) => context.run(person, async () => {
      const space = createSpace({ apiKey: "pk_test", host: "http://server.test", sessionLock: false });
      space.client.fetch = answer(person);
      await space.session.start({ userId: `u${person}` });
      space.session.track("item/clicked");
      await pause(2500);
      await space.close();
    });
    const people = Array.from({ length: 20 }, (_, person) => person);
    await Promise.all(people.map(serve));
    print([strays, people.every((person) => done[person] >= 3)]);
    """
    assert run_node(WITHOUT + script, javascript) == [[], True]


ELSEWHERE = """
import { createSpace } from "./index.js";
let asked = 0;
const lines = [];
const states = { "homepage.header": { properties: { sticky: false } } };
const options = { apiKey: "pk_test", host: "http://server.test", logger: (line) => lines.push(line) };
const vod = createSpace({ ...options, fetch: async () => (asked += 1) });
await vod.session.start({ userId: "u1" });
vod.session.track("item/clicked");
await vod.session.start({ userId: "u2" });
await vod.close();
const { status } = vod.session;
const fallback = vod.collections.homepage.header.properties.sticky;
const { sticky } = createSpace({ ...options, states }).collections.homepage.header.properties;
console.log(JSON.stringify({ asked, lines, status, fallback, sticky }));
"""


def test_code_for_pages_alone_serves_nobody_elsewhere_but_tests(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, render(vod(), "javascript", {"platform": "browser"}))
    seen = run_node(ELSEWHERE, folder)
    assert seen["lines"] == ["this code is for pages alone"]
    assert (seen["asked"], seen["status"]) == (0, "idle")
    assert (seen["fallback"], seen["sticky"]) == (True, False)
