/** Thrown and caught in here, when the server sends what cannot be. */
class Nonsense extends Error {}

function asObject(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Nonsense("an object is expected");
  }
  return value;
}

function asArray(value) {
  if (!Array.isArray(value)) throw new Nonsense("an array is expected");
  return value;
}

function asString(value) {
  if (typeof value !== "string") throw new Nonsense("a string is expected");
  return value;
}

function asBoolean(value) {
  if (typeof value !== "boolean") throw new Nonsense("a boolean is expected");
  return value;
}

function asNumber(value) {
  if (typeof value !== "number" || !isFinite(value)) {
    throw new Nonsense("a number is expected");
  }
  return value;
}

function asColor(value) {
  const color = asObject(value);
  const text = own(color, "value") ?? null;
  const opacity = asNumber(own(color, "opacity") ?? 1);
  if (text !== null && !/^#[0-9a-f]{6}$/i.test(asString(text))) {
    throw new Nonsense("a colour is #rrggbb");
  }
  if (opacity < 0 || opacity > 1) throw new Nonsense("opacity lies in 0..1");
  return Object.freeze({ value: text, opacity });
}

function asDate(value) {
  const text = asString(value);
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) || isNaN(date.getTime())) {
    throw new Nonsense("a date is RFC 3339");
  }
  return date;
}

function asOption(value, options) {
  const option = asString(value);
  if (option !== "" && options.indexOf(option) < 0) {
    throw new Nonsense("not one of the options");
  }
  return option;
}

function own(object, key) {
  return Object.prototype.hasOwnProperty.call(object, key)
    ? object[key]
    : undefined;
}

function readValue(rule, value) {
  switch (rule.type) {
    case "text":
    case "image":
      return asString(value);
    case "number":
      return asNumber(value);
    case "toggle":
      return asBoolean(value);
    case "color":
      return asColor(value);
    case "date":
      return asDate(value);
    case "list":
      return Object.freeze(asArray(value).map(asString));
    case "select":
      return asOption(value, rule.options ?? []);
  }
}

/** The properties by member name; what is not given is the default. Throws for a value of the wrong type. */
function readProperties(type, wire) {
  const given = asObject(wire);
  const properties = {};
  for (const member of Object.keys(type.rules)) {
    const rule = type.rules[member];
    const value = own(given, rule.key) ?? null;
    properties[member] =
      value === null ? type.defaults[member] : readValue(rule, value);
  }
  return Object.freeze(properties);
}

/** The type, its defaults guarded against change. */
function guarded(type) {
  for (const value of Object.values(type.defaults)) {
    if (!(value instanceof Date)) Object.freeze(value);
  }
  Object.freeze(type.defaults);
  return type;
}

const platform = globalThis;
const LONGEST_TIMER_MSEC = 2 ** 31 - 1;

function after(milliseconds, call) {
  return platform.setTimeout(
    call,
    Math.max(0, Math.min(milliseconds, LONGEST_TIMER_MSEC)),
  );
}

/** The same, but a program may end before it comes. */
function afterIfStillThere(milliseconds, call) {
  const timer = after(milliseconds, call);
  if (typeof timer === "object") timer.unref?.();
  return timer;
}

/** 1 s, 2 s, 4 s ... 60 s, each between half of that and all of it, so that many apps do not come back at once. */
function backOffMsec(failures) {
  const most = Math.min(60000, 500 * 2 ** Math.min(failures, 10));
  return most * (0.5 + Math.random() / 2);
}

function report(message, cause) {
  if (cause === undefined) platform.console?.error(`mtribes: ${message}`);
  else platform.console?.error(`mtribes: ${message}`, cause);
}

/** A random UUID, version 4. */
function newId() {
  const bytes = new Uint8Array(16);
  if (platform.crypto?.getRandomValues) platform.crypto.getRandomValues(bytes);
  else bytes.forEach((_, at) => (bytes[at] = Math.floor(Math.random() * 256)));
  const hex = Array.from(bytes, (byte, at) => {
    if (at === 6) byte = (byte & 0x0f) | 0x40;
    if (at === 8) byte = (byte & 0x3f) | 0x80;
    return (byte + 256).toString(16).slice(1);
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function makeExperience(space, entity, type, layers) {
  return Object.freeze({
    kind: type.kind,
    get enabled() {
      return layers.read().enabled;
    },
    get properties() {
      return layers.read().properties;
    },
    defaults: type.defaults,
    track: (name, pairs) => space.record({ name, pairs, entity }),
    onChange: (listener) => layers.listen(listener),
  });
}

function makeSection(layers) {
  return Object.freeze({
    get enabled() {
      return layers.read().enabled;
    },
    get items() {
      return layers.read().items;
    },
    onChange: (listener) => layers.listen(listener),
  });
}

function readExperience(type, wire) {
  const state = asObject(wire);
  return {
    enabled: asBoolean(state["enabled"]),
    properties: readProperties(type, state["properties"]),
  };
}

/** The items of a section; those of a kind that this code was generated without are left out. */
function readSection(space, entity, supports, wire) {
  const state = asObject(wire);
  const items = [];
  for (const value of asArray(state["items"])) {
    const item = asObject(value);
    const kind = asString(item["experience"]);
    const type = supports.find((supported) => supported.kind === kind);
    if (type) items.push(readItem(space, entity, type, item));
  }
  return { enabled: asBoolean(state["enabled"]), items: Object.freeze(items) };
}

function readItem(space, entity, type, wire) {
  const id = asString(wire["id"]);
  const data = { item: id, experience: type.kind };
  return Object.freeze({
    kind: type.kind,
    id,
    enabled: asBoolean(wire["enabled"]),
    properties: readProperties(type, wire["properties"]),
    defaults: type.defaults,
    track: (name, pairs) => space.record({ name, pairs, entity, data }),
  });
}

/** Holds the layers of an entity's state, highest first: session lock, latest, fallback. */
class Layers {
  constructor(space, entity, parse, fallback) {
    this.listeners = new Set();
    this.locked = null;
    this.latest = null;
    this.space = space;
    this.entity = entity;
    this.parse = parse;
    this.fallback = fallback;
    this.announced = fallback;
  }

  /** The state to show. While the session locks, it stays what it was when it was first read. */
  read() {
    const state = this.current();
    if (this.space.locking) this.locked = state;
    return state;
  }

  /** Takes a new state; one that cannot be is as good as none. */
  serve(wire) {
    try {
      const state = this.parse(wire);
      this.latest = equal(state, this.current()) ? this.current() : state;
    } catch (cause) {
      report(`the state of ${this.entity} is not usable`, cause);
      this.latest = null;
    }
  }

  unlock() {
    this.locked = null;
  }

  reset() {
    this.locked = null;
    this.latest = null;
  }

  /** Calls the listeners if what they were told of last is no longer what is shown. */
  announce() {
    const state = this.current();
    const known = this.announced;
    this.announced = state;
    if (equal(state, known)) return;
    for (const listener of Array.from(this.listeners)) {
      if (!this.listeners.has(listener)) continue;
      try {
        listener.call();
      } catch (cause) {
        report(`a listener of ${this.entity} failed`, cause);
      }
    }
  }

  listen(call) {
    const listener = { call };
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  current() {
    return this.locked ?? this.latest ?? this.fallback;
  }
}

function equal(one, other) {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** Makes the anonymous id once and keeps it; a new person on the device gets a new one. */
class IdentityKeeper {
  constructor(spaceKey) {
    this.storage = null;
    this.inMemory = null;
    this.storageKey = `mtribes.${spaceKey}.identity`;
  }

  get current() {
    return this.load() ?? this.save({ id: newId(), owner: null });
  }

  /** The identity to go on with, now that this user, or a visitor, is there. */
  begin(userId) {
    const { id, owner } = this.current;
    if (owner === userId) return { id, owner };
    return this.save({ id: owner === null ? id : newId(), owner: userId });
  }

  load() {
    try {
      const text = this.place()?.getItem(this.storageKey);
      if (text) return this.parse(text) ?? this.inMemory;
    } catch {
      // Storage that may not be read is as good as none.
    }
    return this.inMemory;
  }

  parse(text) {
    const { id, owner } = asObject(JSON.parse(text));
    if (typeof id !== "string" || !/^[0-9a-f-]{36}$/.test(id)) return null;
    return { id, owner: typeof owner === "string" ? owner : null };
  }

  save(identity) {
    this.inMemory = identity;
    try {
      this.place()?.setItem(this.storageKey, JSON.stringify(identity));
    } catch {
      // Full or forbidden: it lives as long as the page does.
    }
    return identity;
  }

  /** Merely to ask for `localStorage` throws where it is forbidden. */
  place() {
    return this.storage ?? platform.localStorage ?? null;
  }
}

const MOST_EVENTS_QUEUED = 1000;
const MOST_EVENTS_AT_ONCE = 100;
const COLLECTING_MSEC = 1000;
const EVENTS_TIMEOUT_MSEC = 30000;
/** Browsers refuse more than 64 KiB under way with keepalive. */
const KEEPALIVE_BYTES = 60 * 1024;
/** The answers that say that the events themselves are at fault. */
const REFUSALS = [400, 413, 422];

/** Collects events and sends them in batches until the server has them; the oldest go when there are too many. */
class EventQueue {
  constructor(sender) {
    this.waiting = [];
    this.atOnce = MOST_EVENTS_AT_ONCE;
    this.leaving = new Set();
    this.leavingBytes = 0;
    this.failures = 0;
    this.timer = null;
    this.sending = null;
    this.sender = sender;
  }

  add(event) {
    this.waiting.push(event);
    if (this.waiting.length > MOST_EVENTS_QUEUED) this.waiting.shift();
    if (this.timer !== null || this.sending !== null) return;
    this.timer = after(COLLECTING_MSEC, () => void this.flush());
  }

  /** Sends what is waiting; resolves when that is done or has failed, and never rejects. */
  flush() {
    if (this.timer !== null) platform.clearTimeout(this.timer);
    this.timer = null;
    if (this.sending) return this.sending;
    if (!this.sendable) return Promise.resolve();
    return (this.sending = this.sendAll());
  }

  /** Sends as much as the platform takes from a page that is about to go; the rest stays. */
  leave() {
    if (!this.sender.ready) return;
    const { events, body, bytes } = this.fill();
    if (events.length === 0) return;
    events.forEach((event) => this.leaving.add(event));
    this.leavingBytes += bytes;
    void this.post(body, true).then((reply) => {
      events.forEach((event) => this.leaving.delete(event));
      this.leavingBytes -= bytes;
      if (succeeded(reply)) this.forget(events);
    });
  }

  async sendAll() {
    let goOn = true;
    while (goOn && this.sendable) {
      const batch = this.waiting.slice(0, this.atOnce);
      const reply = await this.post(JSON.stringify(batch), false);
      goOn = this.settle(batch, reply);
    }
    this.sending = null;
  }

  get sendable() {
    return this.waiting.length > 0 && this.sender.ready;
  }

  /** Whether to go on at once. */
  settle(batch, reply) {
    if (succeeded(reply)) {
      this.forget(batch);
      this.atOnce = MOST_EVENTS_AT_ONCE;
    } else if (REFUSALS.indexOf(reply.status) >= 0) {
      this.refuse(batch);
    } else {
      this.retry(reply.retryAfterMsec);
      return false;
    }
    this.failures = 0;
    return true;
  }

  /** One bad event has a whole batch refused: find it by halves and drop it alone. */
  refuse(batch) {
    if (batch.length > 1) {
      this.atOnce = Math.ceil(batch.length / 2);
      return;
    }
    report(`the server refused the event ${String(batch[0]?.name)}`);
    this.forget(batch);
  }

  retry(retryAfterMsec) {
    this.failures += 1;
    const pause = Math.max(retryAfterMsec, backOffMsec(this.failures));
    this.timer = afterIfStillThere(pause, () => void this.flush());
  }

  forget(sent) {
    const gone = new Set(sent);
    this.waiting = this.waiting.filter((event) => !gone.has(event));
  }

  post(body, keepalive) {
    const timeoutMsec = EVENTS_TIMEOUT_MSEC;
    const call = { path: "/events", body, timeoutMsec, keepalive };
    return this.sender.send({ method: "POST", ...call });
  }

  /** The oldest events that are not leaving yet and fit into what is left of the platform's limit. */
  fill() {
    const events = [];
    const texts = [];
    let bytes = 2;
    for (const event of this.waiting) {
      if (this.leaving.has(event)) continue;
      const text = JSON.stringify(event);
      const more = countBytes(text) + 1;
      if (this.leavingBytes + bytes + more > KEEPALIVE_BYTES) break;
      bytes += more;
      events.push(event);
      texts.push(text);
    }
    return { events, body: `[${texts.join(",")}]`, bytes };
  }
}

function succeeded(reply) {
  return reply.status >= 200 && reply.status < 300;
}

function countBytes(text) {
  if (platform.TextEncoder) {
    return new platform.TextEncoder().encode(text).length;
  }
  return text.length * 3;
}

/** Which environment and server an app talks to, and how its sessions behave. */
export class Client {
  constructor(host, hooks) {
    /** How long `session.start` waits before it goes on with fallbacks. */
    this.waitTimeMsec = 1200;
    /** A `fetch` of your own; null: the platform's. */
    this.fetch = null;
    this.key = "";
    this.base = "";
    this.lock = true;
    this.hooks = hooks;
    this.host = host;
  }

  /** The public key `pk_...` of an environment. Without it fallbacks are served. */
  get apiKey() {
    return this.key;
  }

  set apiKey(key) {
    this.key = typeof key === "string" ? key.trim() : "";
    this.hooks.keyChanged();
  }

  /** Where the server is. */
  get host() {
    return this.base;
  }

  set host(url) {
    this.base = url.replace(/\/+$/, "");
  }

  /** True: what was served stays for the session. False: changes come through. */
  get sessionLock() {
    return this.lock;
  }

  set sessionLock(lock) {
    this.lock = lock;
    this.hooks.lockChanged();
  }

  /** Where the anonymous id is kept; null: `localStorage` where there is one, else in memory. */
  get storage() {
    return this.hooks.identity.storage;
  }

  set storage(storage) {
    this.hooks.identity.storage = storage;
  }
}

const NO_ANSWER = { status: 0, text: "", retryAfterMsec: 0 };

/** Talks to the Client API: one request, one reply, within its time. */
class Transport {
  constructor(client) {
    this.client = client;
  }

  get ready() {
    return this.client.apiKey !== "";
  }

  /** Never rejects: no network, no time and no `fetch` are replies of status 0. */
  send(call) {
    const aborter = call.aborter ?? newAborter();
    return new Promise((resolve) => {
      const timer = after(call.timeoutMsec, () => {
        resolve(NO_ANSWER);
        aborter?.abort();
      });
      this.ask(call, aborter)
        .catch(() => NO_ANSWER)
        .then((reply) => {
          platform.clearTimeout(timer);
          resolve(reply);
        });
    });
  }

  async ask(call, aborter) {
    const send = this.client.fetch ?? platform.fetch;
    if (!send) return NO_ANSWER;
    const url = `${this.client.host}/api/client${call.path}`;
    const answer = await send.call(globalThis, url, this.frame(call, aborter));
    const text = await answer.text();
    return {
      status: answer.status,
      text,
      retryAfterMsec: readRetryAfterMsec(answer),
    };
  }

  frame(call, aborter) {
    const headers = {
      Accept: "application/json",
      Authorization: `Bearer ${this.client.apiKey}`,
    };
    const options = { method: call.method, headers };
    if (call.body !== undefined) {
      headers["Content-Type"] = "application/json";
      options.body = call.body;
    }
    if (call.keepalive) options.keepalive = true;
    else if (aborter) options.signal = aborter.signal;
    return options;
  }
}

function newAborter() {
  return platform.AbortController ? new platform.AbortController() : null;
}

function readRetryAfterMsec(answer) {
  const seconds = Number(answer.headers?.get("Retry-After") ?? 0);
  return seconds > 0 && seconds <= 3600 ? seconds * 1000 : 0;
}

const START_TIMEOUT_MSEC = 30000;
const RESERVED_NAMES = /^(mtribes\/|___UI\/|sdk\/)/;

/** Runs sessions one after the other. */
class SessionRunner {
  constructor(client, identity, entities) {
    this.status = "idle";
    this.failure = null;
    this.run = null;
    this.client = client;
    this.identity = identity;
    this.entities = entities;
    this.transport = new Transport(client);
    this.events = new EventQueue(this.transport);
    this.follower = new Follower(this.transport, entities);
  }

  async start(options = {}) {
    const run = this.begin(options);
    if (!this.transport.ready) {
      report("client.apiKey is not set, so fallbacks are served");
      this.conclude("fallback", "missing-key");
      return;
    }
    await sooner(this.prime(run), this.client.waitTimeMsec);
    if (this.run === run && this.status === "starting") {
      this.conclude("fallback", "timeout");
    }
  }

  async end() {
    this.stop();
    this.entities.reset();
    this.conclude("idle", null);
    await this.events.flush();
  }

  identify(userId, fields) {
    return this.start({ userId, fields });
  }

  anonymize(fields) {
    return this.start({ fields });
  }

  track(name, pairs) {
    this.record({ name, pairs });
  }

  flush() {
    return this.events.flush();
  }

  leave() {
    this.events.leave();
  }

  record(parts) {
    const { name, pairs, entity, data } = parts;
    if (typeof name !== "string" || !name || RESERVED_NAMES.test(name)) {
      report(`an event cannot be called ${JSON.stringify(name)}`);
      return;
    }
    const run = this.run;
    const metadata = listPairs(pairs);
    this.events.add({
      id: newId(),
      name,
      timestamp: new Date().toISOString(),
      anonymous_id: run?.anonymousId ?? this.identity.current.id,
      ...(run?.userId ? { external_id: run.userId } : {}),
      ...(run?.userId && run.userSignature
        ? { user_signature: run.userSignature }
        : {}),
      ...(run?.session ? { session: run.session } : {}),
      ...(entity ? { entity } : {}),
      ...(data ? { data } : {}),
      ...(metadata.length > 0 ? { metadata } : {}),
    });
  }

  lockChanged() {
    this.follower.stop();
    if (this.client.sessionLock) return;
    this.entities.unlock();
    this.entities.announce();
    this.follow();
  }

  begin(options) {
    const userId = options.userId || null;
    this.stop();
    this.entities.reset();
    this.status = "starting";
    this.failure = null;
    const anonymousId = this.identity.begin(userId).id;
    const aborter = newAborter();
    const { userSignature } = options;
    const who = { anonymousId, userId, userSignature };
    const body = startBody(who, options.fields);
    return (this.run = { ...who, body, aborter, session: null, revision: "" });
  }

  stop() {
    this.follower.stop();
    this.run?.aborter?.abort();
    this.run = null;
  }

  /** Asks for the state of every entity at once; an answer that comes late still counts, unless the run is over. */
  async prime(run) {
    const reply = await this.transport.send({
      method: "POST",
      path: "/sessions",
      body: run.body,
      timeoutMsec: Math.max(START_TIMEOUT_MSEC, this.client.waitTimeMsec),
      aborter: run.aborter,
    });
    if (this.run !== run) return;
    const served = readServed(reply);
    if (!served || served.session === null) {
      const failure = failureOf(reply);
      if (failure === "refused" || failure === "nonsense") {
        report(`no session, so fallbacks are served: ${failure}`, reply.status);
      }
      this.conclude("fallback", failure);
      return;
    }
    run.session = served.session;
    run.revision = served.revision;
    this.entities.serve(served.states);
    this.conclude("served", null);
    this.follow();
  }

  follow() {
    const run = this.run;
    if (run?.session && !this.client.sessionLock) this.follower.follow(run);
  }

  conclude(status, failure) {
    this.status = status;
    this.failure = failure;
    this.entities.announce();
  }
}

function startBody(who, fields) {
  const body = {
    anonymous_id: who.anonymousId,
    external_id: who.userId ?? undefined,
    user_signature: who.userSignature,
  };
  try {
    return JSON.stringify({ ...body, fields });
  } catch (cause) {
    report("the fields of a session must be plain values", cause);
    return JSON.stringify(body);
  }
}

/** Null for an answer that is none. */
function readServed(reply) {
  if (reply.status !== 200) return null;
  try {
    const { session, revision, states } = asObject(JSON.parse(reply.text));
    return {
      session: typeof session === "string" && session ? session : null,
      revision:
        typeof revision === "number" ? String(revision) : asString(revision),
      states: asObject(states),
    };
  } catch {
    return null;
  }
}

function failureOf(reply) {
  if (reply.status === 0) return "network";
  if (reply.status >= 500) return "server";
  return reply.status >= 400 ? "refused" : "nonsense";
}

function listPairs(pairs) {
  return [pairs?.pair1, pairs?.pair2, pairs?.pair3]
    .filter((pair) => pair !== undefined && pair !== null)
    .map(({ key, value }) => ({ key: String(key), value: String(value) }));
}

/** Waits for the work, but no longer than that. */
function sooner(work, milliseconds) {
  return new Promise((resolve) => {
    const timer = after(milliseconds, () => resolve(undefined));
    void work.then(() => {
      platform.clearTimeout(timer);
      resolve(undefined);
    });
  });
}

const CHANGES_WAIT_SECONDS = 25;
const CHANGES_TIMEOUT_MSEC = 40000;
const CHANGES_PAUSE_MSEC = 1000;
/** The answer of a server that does not know the session, any more or yet. */
const UNKNOWN = 404;
/** The answers after which asking again is of no use. */
const ENDS = [400, 401, 403, UNKNOWN, 405, 410, 422, 501];

/**
 * Asks for changes of a session for as long as it runs unlocked. Where the
 * server no longer knows it, it is begun anew with what it was begun with.
 */
class Follower {
  constructor(transport, entities) {
    this.aborter = null;
    this.turn = 0;
    this.transport = transport;
    this.entities = entities;
  }

  follow(run) {
    this.stop();
    void this.ask(run, this.turn);
  }

  stop() {
    this.turn += 1;
    this.aborter?.abort();
    this.aborter = null;
  }

  async ask(run, turn) {
    let failures = 0;
    let lost = false;
    let justBegun = false;
    while (turn === this.turn) {
      const reply = await (lost ? this.begin(run) : this.poll(run));
      if (turn !== this.turn) return;
      if (reply.status === UNKNOWN && !lost && !justBegun) {
        lost = true;
        continue;
      }
      if (ENDS.indexOf(reply.status) >= 0) return;
      const served = readServed(reply);
      if ((served && (served.session || !lost)) || reply.status === 204) {
        failures = 0;
        justBegun = lost;
        lost = false;
      } else {
        failures += 1;
      }
      if (failures || !served || !this.take(run, served)) {
        const least = failures ? backOffMsec(failures) : CHANGES_PAUSE_MSEC;
        await pause(Math.max(least, reply.retryAfterMsec));
      }
    }
  }

  /** Whether there was anything new. */
  take(run, served) {
    const known = run.revision;
    run.session = served.session ?? run.session;
    run.revision = served.revision;
    this.entities.serve(served.states);
    this.entities.announce();
    return run.revision !== known;
  }

  begin(run) {
    this.aborter = newAborter();
    return this.transport.send({
      method: "POST",
      path: "/sessions",
      body: run.body,
      timeoutMsec: START_TIMEOUT_MSEC,
      aborter: this.aborter,
    });
  }

  poll(run) {
    this.aborter = newAborter();
    const session = encodeURIComponent(String(run.session));
    const since = encodeURIComponent(run.revision);
    return this.transport.send({
      method: "GET",
      path: `/sessions/${session}/changes?since=${since}&wait=${CHANGES_WAIT_SECONDS}`,
      timeoutMsec: CHANGES_TIMEOUT_MSEC,
      aborter: this.aborter,
    });
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => {
    afterIfStillThere(milliseconds, resolve);
  });
}

/** A Space in an app: its client, its session, and the entities of its collections. */
export class Space {
  constructor(key, host, fallbacks) {
    this.entities = new Map();
    this.fallbacks = fallbacks;
    const identity = new IdentityKeeper(key);
    this.client = new Client(host, {
      identity,
      keyChanged: () => void this.runner.flush(),
      lockChanged: () => this.runner.lockChanged(),
    });
    const runner = new SessionRunner(this.client, identity, this.all());
    this.runner = runner;
    this.session = runner;
    this.surroundings = this.around(runner);
    leaveWithPage(() => runner.leave());
  }

  /** The experience that is this child of a collection. */
  experience(entity, type) {
    const layers = this.layers(entity, (wire) => readExperience(type, wire), {
      enabled: false,
      properties: type.defaults,
    });
    return makeExperience(this.surroundings, entity, guarded(type), layers);
  }

  /** The section that is this child of a collection. */
  section(entity, supports) {
    supports.forEach(guarded);
    const layers = this.layers(
      entity,
      (wire) => readSection(this.surroundings, entity, supports, wire),
      { enabled: false, items: [] },
    );
    return makeSection(layers);
  }

  layers(entity, parse, nothing) {
    const fallback = parseOr(parse, own(this.fallbacks, entity), nothing);
    const layers = new Layers(this.surroundings, entity, parse, fallback);
    this.entities.set(entity, layers);
    return layers;
  }

  around(runner) {
    const { client } = this;
    return {
      get locking() {
        const settled =
          runner.status === "served" || runner.status === "fallback";
        return settled && client.sessionLock;
      },
      record: (event) => runner.record(event),
    };
  }

  all() {
    const { entities } = this;
    return {
      reset: () => entities.forEach((layers) => layers.reset()),
      unlock: () => entities.forEach((layers) => layers.unlock()),
      announce: () => entities.forEach((layers) => layers.announce()),
      serve: (states) =>
        entities.forEach((layers, entity) => {
          const wire = own(states, entity);
          if (wire !== undefined) layers.serve(wire);
        }),
    };
  }
}

function parseOr(parse, wire, nothing) {
  try {
    return parse(wire);
  } catch {
    return nothing;
  }
}

function leaveWithPage(leave) {
  platform.addEventListener?.("pagehide", leave);
  platform.document?.addEventListener?.("visibilitychange", () => {
    if (platform.document?.visibilityState === "hidden") leave();
  });
}
