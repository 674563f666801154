"""Generated code in a time of the test's own: hours pass in a moment, and every request is seen with its time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.server.features.codegen.toolchain import run_node

VIRTUAL_TIME = """
import { clock } from "./runtime.js";

const START = Date.parse("2027-03-01T12:00:00Z");
let now = START;
let lastTimer = 0;
const timers = new Map();
Object.assign(clock, {
  now: () => now,
  after: (wait, call) => {
    const timer = ++lastTimer;
    timers.set(timer, { at: now + Math.max(0, wait), call });
    return () => timers.delete(timer);
  },
  random: () => 0.5,
});
const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Lets so many seconds pass; what happens meanwhile happens at its own time. */
async function pass(seconds) {
  const until = now + seconds * 1000;
  await settle();
  for (;;) {
    const [first] = [...timers].sort(([a, one], [b, other]) => one.at - other.at || a - b);
    if (!first || first[1].at > until) break;
    const [timer, { at, call }] = first;
    timers.delete(timer);
    now = Math.max(now, at);
    call();
    await settle();
  }
  now = until;
}

/** What was asked: by which means, and when, in seconds. */
const requests = [];

/** A `fetch` that answers what `answer(request)` says: {status, text, retryAfter, after}; null: never. */
const answering = (answer) => (url, { method, body, signal }) => {
  const { pathname, searchParams } = new URL(url);
  const request = {
    kind: /\\w+$/.exec(pathname)[0],
    at: (now - START) / 1000,
    wait: searchParams.get("wait"),
    since: searchParams.get("since"),
    body: body && JSON.parse(body),
    open: true,
  };
  requests.push(request);
  return new Promise((resolve, reject) => {
    let cancel;
    const fail = (message) => {
      cancel?.();
      request.open = false;
      reject(new TypeError(message));
    };
    if (signal?.aborted) return fail("aborted");
    signal?.addEventListener("abort", () => fail("aborted"));
    const given = answer(request);
    if (given === null) return;
    const answerIt = () => {
      request.open = false;
      request.answered = (now - START) / 1000;
      if (given.status === 0) return fail("Failed to fetch");
      const headers = { get: (name) => (name === "Retry-After" ? (given.retryAfter ?? null) : null) };
      resolve({ status: given.status, headers, text: async () => given.text ?? "" });
    };
    cancel = clock.after((given.after ?? 0) * 1000, answerIt);
  });
};
const of = (kind) => requests.filter((request) => request.kind === kind);
const asked = (kind) => of(kind).map(({ at }) => at);
const answered = (kind) => of(kind).map(({ answered }) => answered).filter((at) => at !== undefined);
"""
PAGE = """
const listeners = {};
let set = 0;
const listen = (type, call) => ((listeners[type] ??= new Set()).add(call), (set += 1));
const forget = (type, call) => listeners[type]?.delete(call);
globalThis.addEventListener = listen;
globalThis.removeEventListener = forget;
globalThis.document = { visibilityState: "visible", addEventListener: listen, removeEventListener: forget };
const tell = (type) => [...(listeners[type] ?? [])].forEach((call) => call({ type }));
const become = (state) => ((document.visibilityState = state), tell("visibilitychange"));
const print = (value) => process.stdout.write(JSON.stringify(value));
console.error = () => {};
"""


def in_virtual_time(script: str, folder: Path, *arguments: str) -> Any:
    """What the script prints: it has a page, and time passes by `await pass(seconds)` alone."""
    return run_node(VIRTUAL_TIME + PAGE + script, folder, *arguments)
