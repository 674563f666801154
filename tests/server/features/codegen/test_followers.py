"""Followers in pages: paused while nobody sees the page, and one connection for all tabs of a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.virtual_time import in_virtual_time

SERVER = """
import { createSpace } from "./index.js";

// What is published from a moment on, which every long poll is told then, and others as they come.
let published = Infinity;
const text = (revision) => JSON.stringify({
  session: "ses_1",
  revision,
  states: { "homepage.header": { enabled: true, properties: { sticky: revision === "1" } } },
});
const answer = ({ kind, at, wait, since }) => {
  if (kind === "sessions") return { status: 200, text: text(at < published ? "1" : "2") };
  const left = published - at;
  if (since === "2" || left > Number(wait)) return { status: 204, after: Number(wait) };
  return { status: 200, text: text("2"), after: Math.max(0, left) };
};
const following = async (more) => {
  const space = createSpace({ apiKey: "pk_test", host: "http://server.test", sessionLock: false, ...more });
  space.client.fetch = answering((request) => answer(request));
  const started = space.session.start();
  await pass(0);
  await started;
  return space;
};
const sticky = ({ collections }) => collections.homepage.header.properties.sticky;
const [parameter, other] = process.argv.slice(2);
const waiting = () => of("changes").filter(({ open, wait }) => open && wait !== "0");
"""
TABS = """
// Web Locks as far as they are used, and channels whose messages arrive at once.
const held = new Map();
const grant = async (name) => {
  const [next] = held.get(name) ?? [];
  if (next === undefined) return;
  await next();
  held.get(name).shift();
  void grant(name);
};
const locks = {
  request: (name, { signal }, call) => new Promise((resolve, reject) => {
    const turn = async () => (signal?.aborted ? null : resolve(await call()));
    signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    const queue = held.get(name) ?? held.set(name, []).get(name);
    if (queue.push(turn) === 1) void grant(name);
  }),
};
Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true, writable: true });
const channels = new Set();
globalThis.BroadcastChannel = class {
  constructor(name) { this.name = name; channels.add(this); }
  postMessage(data) {
    const others = [...channels].filter((other) => other !== this && other.name === this.name);
    others.forEach((other) => queueMicrotask(() => channels.has(other) && other.onmessage?.({ data })));
  }
  close() { channels.delete(this); }
};
"""
AWAY = {"visibilitychange": "visibilitychange", "freeze": "resume", "pagehide": "pageshow"}


def seen(script: str, folder: Path, *arguments: str) -> Any:
    return in_virtual_time(f"{SERVER}{script}\nprocess.exit(0);", folder, *arguments)


def tabs(script: str, folder: Path, *arguments: str) -> Any:
    """What the script prints, where each Space is as good as a tab of a browser."""
    return seen(TABS + script, folder, *arguments)


@pytest.mark.parametrize("away", AWAY)
def test_a_page_that_nobody_sees_asks_for_nothing_and_at_once_when_it_is_seen_again(runnable: Path, away: str) -> None:
    script = """
    published = 100;
    const vod = await following();
    await pass(10);
    const before = [asked("changes"), waiting().length];
    if (parameter === "visibilitychange") document.visibilityState = "hidden";
    tell(parameter);
    await pass(0);
    const cut = waiting().length;
    await pass(290);
    const hidden = [asked("changes").length, sticky(vod)];
    document.visibilityState = "visible";
    tell(other);
    await pass(0);
    print([before, cut, hidden, asked("changes").at(-1), sticky(vod), vod.session.failure]);
    """
    assert seen(script, runnable, away, AWAY[away]) == [[[0], 1], 0, [1, True], 300, False, None]


def test_a_session_that_starts_in_a_page_that_nobody_sees_is_followed_once_it_is_seen(javascript: Path) -> None:
    script = """
    document.visibilityState = "hidden";
    const vod = await following();
    const { status } = vod.session;
    await pass(60);
    const hidden = asked("changes");
    become("visible");
    await pass(0);
    print([status, hidden, asked("changes")]);
    """
    assert seen(script, javascript) == ["served", [], [60]]


def test_a_page_that_is_seen_again_tries_a_start_at_once_that_failed_but_no_sooner_than_asked(
    javascript: Path,
) -> None:
    script = """
    const failing = [{ status: 0 }, { status: 0 }, { status: 0 }, { status: 503, retryAfter: "30" }];
    const well = answer;
    globalThis.answers = (request) => failing.shift() ?? well(request);
    const vod = createSpace({ apiKey: "pk_test", host: "http://server.test", fetch: answering(answers) });
    void vod.session.start();
    await pass(3);  // the third has failed, and the next is tried 2 to 4 seconds later
    become("hidden");
    become("visible");
    await pass(2);
    become("hidden");
    become("visible");
    await pass(60);
    print([asked("sessions"), vod.session.status]);
    """
    assert seen(script, javascript) == [[0, 1.1, 2.6, 3.6, 33.6], "served"]


def test_a_clock_that_is_set_back_stops_nobody(javascript: Path) -> None:
    script = """
    published = 500;
    const vod = await following();
    await pass(10);
    clock.now = () => now - 3600_000;
    become("hidden");
    become("visible");
    await pass(500);
    print([asked("changes").length > 15, sticky(vod)]);
    """
    assert seen(script, javascript) == [True, False]


def test_each_session_that_lasted_and_was_lost_begins_anew_at_once(javascript: Path) -> None:
    script = """
    const well = answer;
    let known = false;
    globalThis.answers = (request) => {
      if (request.kind === "sessions") known = true;
      return known ? well(request) : { status: 404 };
    };
    const vod = await following();
    vod.client.fetch = answering(answers);
    await pass(30);
    known = false;
    await pass(60);
    known = false;
    await pass(60);
    print([asked("sessions"), asked("changes")]);
    """
    [_, *begun_anew], polled = seen(script, javascript)
    assert len(begun_anew) == 3
    assert set(begun_anew) <= set(polled)


def test_a_page_has_one_set_of_listeners_until_the_last_space_is_closed(javascript: Path) -> None:
    script = """
    const untouched = set;
    const spaces = [];
    const counts = [];
    for (let at = 0; at < 3; at += 1) {
      spaces.push(await following());
      counts.push(set);
    }
    for (const space of spaces) {
      await space.close();
      counts.push(Object.values(listeners).reduce((sum, calls) => sum + calls.size, 0));
    }
    await pass(0);
    print([untouched, counts, timers.size, waiting().length]);
    """
    assert seen(script, javascript) == [0, [6, 6, 6, 6, 6, 0], 0, 0]


def test_a_space_that_is_closed_hears_of_the_page_no_more(javascript: Path) -> None:
    script = """
    const vod = await following();
    await following();
    await vod.close();
    const before = requests.length;
    become("hidden");
    become("visible");
    await pass(60);
    print([requests.length - before, waiting().length]);
    """
    assert seen(script, javascript) == [3, 1]


def test_of_many_tabs_one_waits_at_the_server_and_tells_the_others(runnable: Path) -> None:
    script = """
    published = 210;
    const tabs = [];
    for (let at = 0; at < 7; at += 1) tabs.push(await following());
    let most = 0;
    const look = async (seconds) => {
      for (let at = 0; at < seconds; at += 1) {
        most = Math.max(most, waiting().length);
        await pass(1);
      }
    };
    await look(200);
    const before = requests.length;
    await look(13);
    const shown = tabs.map(sticky);
    print([most, before, requests.length - before, shown]);
    """
    most, before, after, shown = tabs(script, runnable)
    assert most == 1
    assert before <= 7 + 7 + 200 / 25 + 7 * 200 / 60  # starts, first looks, turns, and looks of who waits for long
    assert shown == [False] * 7
    assert after <= 7 + 2


def test_each_tab_gets_its_turn(javascript: Path) -> None:
    script = """
    const turns = [];
    const tab = async (name) => {
      const space = await following();
      const fetch = space.client.fetch;
      space.client.fetch = (url, options) => (/wait=25/.test(url) && turns.push(name), fetch(url, options));
    };
    for (const name of "abc") await tab(name);
    await pass(160);
    print(turns.join(""));
    """
    assert "abcabc" in f"a{tabs(script, javascript)}"


@pytest.mark.parametrize("other", ["hangs", "is-not-there"])
def test_a_tab_that_hangs_at_its_turn_does_not_keep_the_others_from_asking(javascript: Path, other: str) -> None:
    script = """
    if (parameter === "hangs") {
      void locks.request("mtribes.http://server.test", {}, () => new Promise(() => {}));
    }
    published = 131;
    const vod = await following();
    await pass(129);
    const asking = of("changes").map(({ at, wait }) => [Math.round(at), wait]);
    await pass(62);
    print([asking, sticky(vod)]);
    """
    asked, sticky = tabs(script, javascript, other)
    by_turns = [[0, "25"], [26, "25"], [52, "25"], [78, "25"], [104, "25"]]
    assert asked == ([[0, "0"], [61, "0"], [122, "0"]] if other == "hangs" else by_turns)
    assert sticky is False


def test_a_tab_that_is_hidden_gives_its_turn_away_even_where_nothing_can_be_cut(javascript: Path) -> None:
    script = """
    delete globalThis.AbortController;
    const vod = await following();
    await pass(5);
    let granted = false;
    void locks.request("mtribes.http://server.test", {}, async () => { granted = true; });
    await pass(1);
    const before = granted;
    become("hidden");
    await pass(1);
    print([before, granted, channels.size]);
    """
    assert tabs(script, javascript) == [False, True, 0]


def test_a_tab_does_not_listen_to_those_of_another_environment_or_of_what_it_knows(javascript: Path) -> None:
    script = """
    void locks.request("mtribes.http://server.test", {}, () => new Promise(() => {}));
    const vod = await following();
    await pass(10);
    const before = asked("changes").length;
    const say = (key, revision) => new BroadcastChannel("mtribes.http://server.test." + key).postMessage(revision);
    say("pk_other", "2");
    say("pk_test", "1");
    await pass(5);
    const deaf = asked("changes").length - before;
    for (let at = 0; at < 20; at += 1) {
      say("pk_test", "2");
      await pass(0.1);
    }
    print([deaf, asked("changes").length - before]);
    """
    deaf, heard = tabs(script, javascript)
    assert deaf == 0
    assert 2 <= heard <= 3  # however often it is told, it asks once a second


def test_a_tab_that_others_wait_for_asks_at_once_when_it_is_seen_or_hears_of_news_and_is_one_listener(
    javascript: Path,
) -> None:
    script = """
    void locks.request("mtribes.http://server.test", {}, () => new Promise(() => {}));
    const vod = await following();
    await pass(5);
    become("hidden");
    await pass(20);
    become("visible");
    tell("pageshow");
    await pass(0.2);
    const shown = asked("changes").at(-1);
    new BroadcastChannel("mtribes.http://server.test.pk_test").postMessage("2");
    await pass(5);
    print([shown, asked("changes").slice(-2), channels.size]);
    """
    assert tabs(script, javascript) == [25.1, [25.1, 26.2], 2]


def test_a_session_that_starts_after_one_that_was_lost_begins_with_a_poll_and_short_pauses(javascript: Path) -> None:
    script = """
    const well = answer;
    const failing = { changes: { status: 404 }, sessions: { status: 500 } };
    const vod = await following();
    vod.client.fetch = answering((request) => failing[request.kind] ?? well(request));
    await pass(200);
    failing.sessions = undefined;
    failing.changes = { status: 500 };
    const begun = requests.length;
    void vod.session.start({ userId: "u2" });
    await pass(10);
    print(requests.slice(begun).map(({ kind }) => kind));
    """
    assert seen(script, javascript) == ["sessions", "changes", "changes", "changes", "changes"]


MISSING = {
    "no-page": "delete globalThis.document;",
    "no-locks": "Object.defineProperty(globalThis, 'navigator', { value: {} });",
    "no-navigator": "Object.defineProperty(globalThis, 'navigator', { value: undefined });",
    "no-channels": "delete globalThis.BroadcastChannel;",
    "forbidden-channels": "globalThis.BroadcastChannel = function () { throw new Error('SecurityError'); };",
    "throwing-locks": "locks.request = () => { throw new Error('SecurityError'); };",
    "forbidden-locks": "locks.request = async () => { throw new Error('SecurityError'); };",
}


@pytest.mark.parametrize("missing", MISSING)
def test_where_tabs_cannot_take_turns_each_is_on_its_own(javascript: Path, missing: str) -> None:
    script = """
    published = 5;
    const tabs = [await following(), await following()];
    await pass(1);
    const open = waiting().length;
    await pass(5);
    print([open, ...tabs.map(sticky)]);
    """
    assert tabs(MISSING[missing] + script, javascript) == [2, False, False]
