// What the runtime finds around itself: a clock that a case moves, a page or a server, storage, and a counted `fetch`.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const platformFetch = globalThis.fetch;
void new Request("http://localhost"); // Node loads what `fetch` needs now, not in the first case
export const immediate = () => new Promise((resolve) => setImmediate(resolve));
export const moment = () => new Promise((resolve) => setTimeout(resolve, 1));
const fail = (why) => {
  throw new Error(why);
};
const define = (name, value) => Object.defineProperty(globalThis, name, { configurable: true, ...value });

/** Replaces what was there before: nothing of an earlier case goes on. */
export function surround({ now, chance, place, storage, file }) {
  const around = {
    now,
    chance,
    storage,
    file,
    kept: new Map(Object.entries(JSON.parse(readFileSync(file, "utf8")))),
    timers: new Map(),
    open: new Set(),
    logs: [],
    busy: 0,
    visibility: "visible",
    watching: 0,
  };
  around.page = { document: new EventTarget(), window: new EventTarget() };
  const { document, window } = around.page;
  const listening = (to) => ({
    addEventListener: (...all) => (to.addEventListener(...all), (around.watching += 1)),
    removeEventListener: (...all) => (to.removeEventListener(...all), (around.watching -= 1)),
  });
  const isPage = place === "page";
  const page = Object.defineProperty(listening(document), "visibilityState", { get: () => around.visibility });
  define("document", { value: isPage ? page : undefined });
  // Of Node nothing is seen but what tells callers apart.
  define("process", { value: isPage ? undefined : { getBuiltinModule: process.getBuiltinModule } });
  for (const [name, value] of Object.entries(listening(window))) define(name, { value });
  define("localStorage", { get: () => (isPage ? synchronousStorage(around) : null) });
  for (const name of ["navigator", "BroadcastChannel"]) define(name, { value: undefined });
  define("fetch", { value: countedFetch(around) });
  console.error = (...values) => around.logs.push(values.map(String).join(" "));
  return around;
}

export function clockOf(around) {
  let last = 0;
  return {
    now: () => around.now,
    random: () => around.chance,
    after: (milliseconds, call) => {
      const timer = (last += 1);
      around.timers.set(timer, { at: around.now + Math.max(0, milliseconds), timer, call });
      return () => around.timers.delete(timer);
    },
  };
}

/** Each request carries its number, by which the relay tells what is under way. */
function countedFetch(around) {
  let sent = 0;
  return async (url, options) => {
    const number = (sent += 1);
    around.open.add(number);
    try {
      const headers = { ...options.headers, "Conformance-Request": String(number) };
      const answer = await platformFetch(url, { ...options, headers });
      const text = answer.text();
      await text.catch(() => {});
      return { status: answer.status, headers: answer.headers, text: () => text };
    } finally {
      if (around.isOver) await new Promise(() => {}); // an earlier case's
      setImmediate(() => around.open.delete(number));
    }
  };
}

function storageOf(around) {
  const { kept } = around;
  const check = (isLonger) => {
    const failing = around.storage === "failing" || around.storage === "rejecting";
    if (failing || (around.storage === "full" && isLonger)) fail(around.storage);
    around.isStored = false;
  };
  return {
    getItem: (key) => (check(false), kept.get(key) ?? null),
    setItem: (key, text) => (check(text.length > (kept.get(key) ?? "").length), void kept.set(key, text)),
    removeItem: (key) => (check(false), void kept.delete(key)),
  };
}

/** Writes what storage holds: a process that ends leaves it to the next. */
export function store(around) {
  if (around.isStored === false) writeFileSync(around.file, JSON.stringify(Object.fromEntries(around.kept)));
  around.isStored = true;
}

function synchronousStorage(around) {
  if (around.storage === "forbidden") fail("forbidden");
  return ["working", "full", "failing"].includes(around.storage) ? storageOf(around) : null;
}

/** Storage that answers a moment later, with a rejection, or never; null where the case wants none of these. */
export function asynchronousStorage(around) {
  if (!["asynchronous", "rejecting", "silent"].includes(around.storage)) return null;
  const later = (call) => async (key, text) => {
    if (around.storage === "silent") return new Promise(() => {});
    around.busy += 1;
    await immediate();
    around.busy -= 1;
    return call(key, text);
  };
  return Object.fromEntries(Object.entries(storageOf(around)).map(([name, call]) => [name, later(call)]));
}

export function happen(around, event) {
  const { document, window } = around.page;
  if (event === "hide" || event === "show") {
    around.visibility = event === "hide" ? "hidden" : "visible";
    document.dispatchEvent(new Event("visibilitychange"));
  } else if (event === "leave") window.dispatchEvent(new Event("pagehide"));
  else if (event === "return") window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  else if (event === "online") window.dispatchEvent(new Event("online"));
  else fail(`no event of a page is called ${event}`);
}
