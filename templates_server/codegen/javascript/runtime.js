/** Thrown and caught in here, for a value that cannot be used. */
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

const MOST_UNKNOWN = 20;
const LONGEST_UNKNOWN = 200;

/** Such as `homepage.body[1].layout: "tall"`. */
function unknownEntry(place, value) {
  let text = "missing";
  try {
    if (value !== undefined) text = JSON.stringify(value);
  } catch {
    text = "nested too deeply";
  }
  return storable(`${place}: ${text}`.slice(0, LONGEST_UNKNOWN));
}

/** The value as it is read, or else the other one. */
function readOr(read, value, otherwise, place, note) {
  try {
    return read(value);
  } catch {
    note(place, value);
    return otherwise;
  }
}

/** The properties by member name; the default for what is not given, and for what cannot be used. */
function readProperties(type, wire, place, note) {
  const nothing = null;
  const given = readOr(asObject, wire, nothing, `${place}.properties`, note);
  const properties = {};
  for (const member of Object.keys(type.rules)) {
    const rule = type.rules[member];
    const value = given && own(given, rule.key);
    const otherwise = type.defaults[member];
    properties[member] =
      value === null
        ? otherwise
        : readOr(
            (wire) => readValue(rule, wire),
            value,
            otherwise,
            `${place}.${rule.key}`,
            note,
          );
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
/** @internal The time, timers and chance of this file, in one place so that a test can set its own. */
export const clock = {
  now: () => Date.now(),
  setTimeout: (call, milliseconds) => platform.setTimeout(call, milliseconds),
  clearTimeout: (timer) => platform.clearTimeout(timer),
  random: () => Math.random(),
};

const LONGEST_TIMER_MSEC = 2147483647;

function after(milliseconds, call) {
  return clock.setTimeout(
    call,
    Math.max(0, Math.min(milliseconds, LONGEST_TIMER_MSEC)),
  );
}

/** The same, but a program may end before it comes. */
function afterIfStillThere(milliseconds, call) {
  const timer = after(milliseconds, call);
  if (typeof timer === "object") timer.unref?.();
  else platform.Deno?.unrefTimer?.(timer);
  return timer;
}

/** Whether one person looks at what is shown here. Elsewhere, on a server, it may be many. */
function hasPage() {
  return !!platform.document || platform.navigator?.product === "ReactNative";
}

const SOCKETS = /^(TCPSocketWrap|TLSWrap|GetAddrInfoReqWrap)$/;
const STANDARD_STREAMS = /^(PipeWrap|TTYWrap)$/;

/** In Node: whether nothing but that many requests keeps the program running. */
function aloneWith(requests) {
  const kinds = platform.process?.getActiveResourcesInfo?.() ?? [];
  const others = kinds.filter((kind) => !STANDARD_STREAMS.test(kind));
  const sockets = others.filter((kind) => SOCKETS.test(kind)).length;
  return sockets > 0 && sockets === others.length && sockets <= requests;
}

/** Tells the developer; never throws, whatever the console and the cause are. */
function report(message, cause) {
  try {
    const text = `mtribes: ${message}`;
    if (cause === undefined) platform.console?.error(text);
    else platform.console?.error(`${text}:`, messageOf(cause));
  } catch {
    // There is nobody left to tell.
  }
}

/** Of an error of our own the message is enough. */
function messageOf(cause) {
  return cause instanceof Nonsense ? cause.message : cause;
}

/** A random UUID, version 4. That of the platform is much faster; a page without TLS has none. */
function newId() {
  if (platform.crypto?.randomUUID) return platform.crypto.randomUUID();
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

/** One for all Spaces, since each slows every asynchronous step of the program. */
let context;
const MOST_SPACES_REMEMBERED = 100;

/** Tells callers apart by their asynchronous context, where the platform has such: Node, Bun, Deno. */
class Callers {
  constructor() {
    this.closed = false;
  }

  /** The caller of this moment; all that they do from here on is theirs. */
  enter() {
    const caller = { refused: false };
    context ?? (context = newAsyncContext());
    const others = (context?.getStore() ?? []).filter(
      ([space]) => space !== this && !space.closed,
    );
    const latest = others.slice(-MOST_SPACES_REMEMBERED);
    context?.enterWith(latest.concat([[this, caller]]));
    return caller;
  }

  get isRefused() {
    const entries = context?.getStore() ?? [];
    return entries.some(([space, { refused }]) => space === this && refused);
  }

  /** Nobody looks at this Space any more. */
  close() {
    this.closed = true;
  }
}

function newAsyncContext() {
  const module = platform.process?.getBuiltinModule?.("node:async_hooks");
  return module?.AsyncLocalStorage ? new module.AsyncLocalStorage() : null;
}

const LONGEST_NAME = 256;
const LONGEST_KEY = 64;
const LONGEST_METADATA_VALUE = 1024;
const LONGEST_FIELD_VALUE = 4096;
const MOST_FIELDS = 100;
const EVENT_NAME =
  /^[^/\u0000-\u001f\u007f-\u009f]+\/[^/\u0000-\u001f\u007f-\u009f]+$/;
const RESERVED_NAMES = /^(mtribes\/|___UI\/|sdk\/)/;
const RESERVED_IDS = /^(\.\.?|[a-z]{3}_[0-9A-Za-z]{22})$/;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/;
const INVISIBLE_EDGE = /^[\p{Z}\p{Cf}]|[\p{Z}\p{Cf}]$/u;
/** NUL, and halves of surrogate pairs: no server stores them. */
const UNSTORABLE = /[\u0000\ud800-\udfff]/gu;

/** The text as it can be sent and stored. */
function storable(text) {
  return text.replace(UNSTORABLE, "\ufffd");
}

/** The text of a scalar; null for anything else, whatever it does when it is looked at. */
function scalarText(value) {
  switch (typeof value) {
    case "string":
      return storable(value);
    case "number":
    case "boolean":
    case "bigint":
      return String(value);
    default:
      return null;
  }
}

/** How a value is called in a message. */
function describe(value) {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, LONGEST_KEY))
    : `a value of type ${typeof value}`;
}

function asEventName(name) {
  const text = asString(name);
  if (text.length > LONGEST_NAME || !EVENT_NAME.test(text)) {
    throw new Nonsense("a name is category/action, such as video/completed");
  }
  if (RESERVED_NAMES.test(text)) throw new Nonsense("its prefix is reserved");
  return storable(text);
}

/** The pairs that have a value. */
function readPairs(pairs) {
  const read = [];
  for (const pair of [pairs?.pair1, pairs?.pair2, pairs?.pair3]) {
    const { key, value } = pair ?? { key: "", value: null };
    if ((value ?? null) === null) continue;
    const [keyText, text] = [scalarText(key), scalarText(value)];
    if (!keyText || keyText.length > LONGEST_KEY) {
      throw new Nonsense(`a key has 1 to ${LONGEST_KEY} characters`);
    }
    if (read.some((other) => other.key === keyText)) {
      throw new Nonsense(`the key ${keyText} is given twice`);
    }
    if (text === null || text.length > LONGEST_METADATA_VALUE) {
      const most = LONGEST_METADATA_VALUE;
      throw new Nonsense(`the value of ${keyText} is no text of up to ${most}`);
    }
    read.push({ key: keyText, value: text });
  }
  return read;
}

function readOptions(options, log = report) {
  if ((options ?? null) === null) options = {};
  if (typeof options !== "object") {
    throw new Nonsense("start takes { userId, userSignature, fields }");
  }
  const { userId, userSignature, fields } = options;
  const none = (userId ?? "") === "";
  return {
    userId: none ? null : asUserId(userId),
    userSignature:
      (userSignature ?? "") === ""
        ? undefined
        : storable(asString(userSignature)),
    fields: readFields(fields, log),
  };
}

function asUserId(value) {
  const text = Number.isSafeInteger(value) ? String(value) : idText(value);
  if (
    Array.from(text).length > LONGEST_NAME ||
    storable(text) !== text ||
    CONTROLS.test(text) ||
    INVISIBLE_EDGE.test(text) ||
    RESERVED_IDS.test(text)
  ) {
    throw new Nonsense(
      `a userId has 1 to ${LONGEST_NAME} visible characters, none of them blank at an edge`,
    );
  }
  return text;
}

function idText(value) {
  return typeof value === "bigint" ? String(value) : asString(value);
}

/** The fields that can be sent, if any; of the others a log line tells. */
function readFields(fields, log) {
  const read = {};
  let left = MOST_FIELDS;
  for (const name of namesOf(fields, log)) {
    try {
      const value = readField(fields[name]);
      if (value === null) continue;
      if (!name || name.length > LONGEST_KEY || left-- <= 0) {
        throw new Nonsense("too long a name, or too many fields");
      }
      Object.defineProperty(read, storable(name), { value, enumerable: true });
    } catch (cause) {
      log(`the field ${describe(name)} is left out`, cause);
    }
  }
  return left < MOST_FIELDS ? read : undefined;
}

function namesOf(fields, log) {
  try {
    return Object.keys(asObject(fields ?? {}));
  } catch (cause) {
    log("the fields of a session are left out", cause);
    return [];
  }
}

function readField(value) {
  if ((value ?? null) === null) return null;
  if (typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "bigint") {
    return asNumber(Number(value));
  }
  const text = storable(asString(value));
  if (text.length > LONGEST_FIELD_VALUE) {
    throw new Nonsense(`a value has up to ${LONGEST_FIELD_VALUE} characters`);
  }
  return text;
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
    get state() {
      return layers.read();
    },
    get fallback() {
      return layers.fallback;
    },
    get initial() {
      return layers.initial;
    },
    onChange: (listener) => layers.listeners.listen(listener),
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
    get state() {
      return layers.read();
    },
    get fallback() {
      return layers.fallback;
    },
    get initial() {
      return layers.initial;
    },
    onChange: (listener) => layers.listeners.listen(listener),
  });
}

function readExperience(type, wire, place, otherwise, note) {
  const state = asObject(wire);
  return Object.freeze({
    enabled: readEnabled(state, otherwise.enabled, place, note),
    properties: readProperties(type, state["properties"], place, note),
  });
}

function readEnabled(state, otherwise, place, note) {
  const enabled = state["enabled"];
  return readOr(asBoolean, enabled, otherwise, `${place}.enabled`, note);
}

/** The items of a section; those of a kind that this code was generated without are left out. */
function readSection(space, supports, wire, entity, otherwise, note) {
  const state = asObject(wire);
  const enabled = readEnabled(state, otherwise.enabled, entity, note);
  if (!Array.isArray(state["items"])) {
    note(`${entity}.items`, state["items"]);
    return Object.freeze({ enabled, items: otherwise.items });
  }
  const items = state["items"]
    .map((item, at) => {
      const place = `${entity}[${at}]`;
      return readItem(space, entity, supports, item, place, note);
    })
    .filter((item) => item !== null);
  return Object.freeze({ enabled, items: Object.freeze(items) });
}

/** Null for an item that cannot be shown. */
function readItem(space, entity, supports, value, place, note) {
  const wire = readOr(asObject, value, null, place, note);
  if (!wire) return null;
  const { id, experience } = wire;
  const type = supports.find(({ kind }) => kind === experience);
  if (!type) note(`${place}.experience`, experience);
  else if (typeof id !== "string") note(`${place}.id`, id);
  else return makeItem(space, entity, type, id, wire, place, note);
  return null;
}

function makeItem(space, entity, type, id, wire, place, note) {
  const data = { item: id, experience: type.kind };
  return Object.freeze({
    kind: type.kind,
    id,
    enabled: readEnabled(wire, false, place, note),
    properties: readProperties(type, wire["properties"], place, note),
    defaults: type.defaults,
    track: (name, pairs) => space.record({ name, pairs, entity, data }),
  });
}

/** Those who want to be told when something has changed. */
class Listeners {
  constructor(name, log) {
    this.all = new Set();
    this.name = name;
    this.log = log;
  }

  listen(call) {
    if (typeof call !== "function") {
      this.log(`a listener of ${this.name} must be a function`);
      return () => {};
    }
    const listener = { call };
    this.all.add(listener);
    return () => {
      this.all.delete(listener);
    };
  }

  /** Calls them, until one of them has changed what they are told of: then all were told of that. */
  tell(isNews) {
    for (const listener of Array.from(this.all)) {
      if (!isNews()) return;
      if (!this.all.has(listener)) continue;
      try {
        listener.call();
      } catch (cause) {
        this.log(`a listener of ${this.name} failed`, cause);
      }
    }
  }
}

/** Holds the layers of an entity's state, highest first: session lock, latest, the session before, fallback. */
class Layers {
  constructor(space, entity, parse, readFallback) {
    /** What could not be used of the latest state. */
    this.unknown = [];
    this.made = null;
    this.first = null;
    this.locked = null;
    this.latest = null;
    this.before = null;
    this.told = null;
    /** What the server sent for a state. */
    this.wires = new WeakMap();
    this.space = space;
    this.entity = entity;
    this.parse = parse;
    this.readFallback = readFallback;
    this.listeners = new Listeners(entity, space.log);
  }

  /** What this code holds itself; it is read when it is first needed. */
  get fallback() {
    return this.made ?? (this.made = this.readFallback());
  }

  get initial() {
    return this.first ?? this.fallback;
  }

  /** What the server sent for what is shown; undefined: the fallback is shown. */
  get wire() {
    return this.wires.get(this.current());
  }

  /** The state to show. While the session locks, it stays what it was when it was first read. */
  read() {
    if (this.space.hidden) return this.fallback;
    const state = this.current();
    if (this.space.locking) this.locked = state;
    return state;
  }

  /** Takes a new state; one that is none at all is as good as no answer. */
  serve(wire) {
    const unknown = [];
    const note = (place, value) => {
      if (value === undefined && this.space.testing) return;
      if (unknown.length >= MOST_UNKNOWN) return;
      unknown.push(unknownEntry(place, value));
    };
    const state = readOr(
      (value) => this.parse(value, this.fallback, note),
      wire,
      null,
      this.entity,
      note,
    );
    this.unknown = unknown;
    const current = this.current();
    this.latest = equal(state, current) ? current : state;
    this.before = null;
    if (this.latest) this.wires.set(this.latest, wire);
  }

  /** What is shown now is what the first rendering shows. */
  begin() {
    this.first = this.current();
  }

  /** The same person starts again: what is shown stays until there is something newer. */
  keep() {
    this.before = this.locked ?? this.latest ?? this.before;
    this.locked = this.latest = null;
  }

  unlock() {
    this.locked = null;
  }

  /** Nothing is served any more. What was read stays while the session locks. */
  drop() {
    this.latest = this.before = null;
    this.unknown = [];
  }

  reset() {
    this.unlock();
    this.drop();
  }

  /** Calls the listeners if what they were told of last is no longer what is shown. */
  announce() {
    const state = this.current();
    const known = this.told ?? this.fallback;
    this.told = state;
    if (!equal(state, known)) this.listeners.tell(() => this.told === state);
  }

  current() {
    return this.locked ?? this.latest ?? this.before ?? this.fallback;
  }
}

function equal(one, other) {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

const STORAGE_TIMEOUT_MSEC = 500;
const IDENTITY = "identity";
/** There are so many names for events that whoever comes later finds them all without a list, which tabs would overwrite. */
const EVENT_PLACES = 64;

/** Keeps texts of a Space by name. Never throws or rejects, and waits for nothing longer than half a second. */
class Store {
  constructor(spaceKey, log = report) {
    this.storage = null;
    /** Called when texts may be written again. */
    this.resumed = () => {};
    this.on = true;
    this.used = false;
    this.late = false;
    this.prefix = `mtribes.${spaceKey}.`;
    this.log = log;
  }

  /**
   * While false nothing is written. Where a session or an event came before,
   * setting it to false removes what is stored: consent is withdrawn.
   */
  get enabled() {
    return this.on;
  }

  set enabled(on) {
    if (on === this.on) return;
    this.on = on;
    if (on) this.resumed();
    else if (this.used) this.clear();
  }

  read(name) {
    this.used || (this.used = this.on && name === IDENTITY);
    return this.attempt(
      (place) => place.getItem(this.prefix + name),
      (text) => (typeof text === "string" && text ? text : null),
      null,
    );
  }

  /** False where it cannot be kept: storage is full, forbidden or silent. */
  write(name, text) {
    if (!this.on) return false;
    this.used = true;
    return this.attempt(
      (place) => place.setItem(this.prefix + name, text),
      () => true,
      false,
    );
  }

  remove(name) {
    const key = this.prefix + name;
    return this.attempt(
      (place) =>
        place.removeItem ? place.removeItem(key) : place.setItem(key, ""),
      () => true,
      false,
    );
  }

  clear() {
    for (let at = -1; at < EVENT_PLACES; at += 1) {
      const name = at < 0 ? IDENTITY : eventsName(at);
      void proceed(this.read(name), (text) => text && this.remove(name));
    }
  }

  /** Merely to ask for `localStorage` throws where it is forbidden. That of a server would be one for all people. */
  attempt(use, take, failed) {
    try {
      const place =
        this.storage ?? (hasPage() ? platform.localStorage : undefined);
      const result = place ? use(place) : null;
      const then = result?.then;
      return typeof then === "function"
        ? this.bound(Promise.resolve(result).then(take), failed)
        : take(result);
    } catch {
      return failed;
    }
  }

  bound(work, failed) {
    return new Promise((resolve) => {
      const timer = after(STORAGE_TIMEOUT_MSEC, () => {
        if (!this.late) this.log("storage does not answer in time");
        this.late = true;
        resolve(failed);
      });
      work
        .catch(() => failed)
        .then((result) => {
          clock.clearTimeout(timer);
          resolve(result);
        });
    });
  }
}

function eventsName(place) {
  return `events.${place}`;
}

/** Goes on with a value: at once, where it is there at once. */
function proceed(value, call) {
  return value instanceof Promise ? value.then(call) : call(value);
}

/** Makes the anonymous id once and keeps it; a new person on the device gets a new one. */
class IdentityKeeper {
  constructor(store) {
    this.inMemory = null;
    /** Whether the identity in memory could not be stored, so that what is stored is an older one. */
    this.unsaved = false;
    this.reading = null;
    this.store = store;
    store.resumed = () => {
      if (this.inMemory) this.save(this.inMemory);
    };
  }

  /** Null where `current` can be asked at once; else resolves, and never rejects, when asynchronous storage has answered. */
  ready() {
    const { storage } = this.store;
    if (this.reading || this.unsaved || this.source === storage) {
      return this.reading;
    }
    const text = this.store.read(IDENTITY);
    if (text instanceof Promise) {
      this.reading = text.then((text) => {
        this.reading = null;
        this.source = storage;
        this.take(text);
      });
    } else this.take(text);
    return this.reading;
  }

  get current() {
    void this.ready();
    return this.inMemory ?? this.save({ id: newId(), owner: null });
  }

  /** The identity to go on with, now that this user, or a visitor, is there. */
  begin(userId) {
    const { id, owner } = this.current;
    if (owner === userId) return { id, owner };
    return this.save({ id: owner === null ? id : newId(), owner: userId });
  }

  /** Goes on as the person whom a page was made for elsewhere. */
  adopt(identity) {
    this.save(identity);
  }

  /** Whoever comes next is somebody else, unless storage knows better. */
  forget() {
    this.inMemory = null;
    this.source = undefined;
  }

  take(text) {
    const stored = text === null ? null : parseIdentity(text);
    if (stored) this.inMemory = stored;
    else if (this.inMemory) this.save(this.inMemory);
  }

  save(identity) {
    this.inMemory = identity;
    this.unsaved = true;
    const { store } = this;
    const text = JSON.stringify(identity);
    const write = () => store.write(IDENTITY, text);
    // What is stored of somebody else must go, even where there is no room for more.
    const again = (removed) => removed && write();
    const saved = proceed(
      write(),
      (written) => written || proceed(store.remove(IDENTITY), again),
    );
    void proceed(saved, (written) => {
      if (this.inMemory === identity) this.unsaved = !written;
    });
    return identity;
  }
}

/** Null for what is none. */
function parseIdentity(text) {
  try {
    const { id, owner } = asObject(JSON.parse(text));
    if (!/^[0-9a-f-]{36}$/.test(asString(id))) return null;
    return { id: asString(id), owner: owner === null ? null : asString(owner) };
  } catch {
    return null;
  }
}

const SHORTEST_PAUSE_MSEC = 1000;
const LONGEST_PAUSE_MSEC = 60000;
/** After an answer such as 404 or 500, which may last: the network's return does not end it. */
const LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC = 300000;
const LONGEST_RETRY_AFTER_MSEC = 3600000;

/** Pauses before another attempt; those that wait for the network end when it comes back. */
class Pauses {
  constructor() {
    this.hurrying = new Set();
  }

  /** Calls after a pause that grows with the failures in a row; never sooner than `reply` asks for. Returns what cancels it. */
  afterFailure(failures, reply, call) {
    const least = Math.max(SHORTEST_PAUSE_MSEC, reply.retryAfterMsec);
    const longest = reply.status
      ? LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC
      : LONGEST_PAUSE_MSEC;
    const most = Math.max(least, backOffMsec(failures, longest));
    return this.start(most, least, call);
  }

  /** The network is back. */
  hurry() {
    Array.from(this.hurrying).forEach((hurry) => hurry());
  }

  start(most, least, call) {
    const began = clock.now();
    const end = () => {
      this.hurrying.delete(hurry);
      call();
    };
    const hurry = () => {
      const passed = Math.max(0, clock.now() - began);
      clock.clearTimeout(timer);
      timer = afterIfStillThere(least - passed, end);
    };
    let timer = afterIfStillThere(most, end);
    this.hurrying.add(hurry);
    return () => {
      this.hurrying.delete(hurry);
      clock.clearTimeout(timer);
    };
  }
}

/** 1 s, 1 to 2 s, 2 to 4 s ... up to the longest, at random so that many apps do not come back at once. */
function backOffMsec(failures, longest) {
  const most = Math.min(longest, 500 * 2 ** Math.min(failures, 10));
  const shortest = SHORTEST_PAUSE_MSEC * (1 + clock.random() / 5);
  return Math.max(shortest, most * (0.5 + clock.random() / 2));
}

/** Seconds or a date, as HTTP has it; 0 where nothing usable is said. */
function readRetryAfterMsec(text) {
  if (!text) return 0;
  const seconds = Number(text);
  const wait = isNaN(seconds) ? Date.parse(text) - clock.now() : seconds * 1000;
  return wait > 0 ? Math.min(wait, LONGEST_RETRY_AFTER_MSEC) : 0;
}

/** A record that has more is not written again for every further event. */
const MOST_CHARACTERS_AGAIN = 16384;

function keepEvents(store) {
  const changed = new Set();
  let open;
  let place = Math.floor(clock.random() * EVENT_PLACES);
  /** Whether asynchronous storage has not answered yet. */
  let busy = false;

  const save = () => {
    if (busy) return;
    for (const record of Array.from(changed)) {
      changed.delete(record);
      const saved = keep(record, EVENT_PLACES);
      if (!(saved instanceof Promise)) continue;
      busy = true;
      void saved.then(() => {
        busy = false;
        save();
      });
      return;
    }
  };

  const change = (record) => {
    if (changed.size === 0) void Promise.resolve().then(save);
    changed.add(record);
  };

  /** In its place if nobody else is there by now; else in the next that is free. */
  const keep = (record, tries) => {
    const name = eventsName(record.place);
    return proceed(store.read(name), (found) => {
      const { events } = record;
      if (found !== null && found !== record.text) {
        record.text = null;
        record.place = nextPlace(record.place);
        return events.size > 0 && tries > 0 && keep(record, tries - 1);
      }
      if (events.size === 0) {
        record.characters = 0;
        return found && store.remove(name);
      }
      const texts = Array.from(events, ({ text }) => text);
      const text = [record.destination].concat(texts).join("\n");
      const written = text === found || store.write(name, text);
      return proceed(written, (done) => done && (record.text = text));
    });
  };

  return {
    save(events = []) {
      events.forEach(({ record }) => record && changed.add(record));
      save();
    },
    add(event, destination) {
      if (
        open?.destination !== destination ||
        open.characters > MOST_CHARACTERS_AGAIN
      ) {
        open = newRecord(destination, (place = nextPlace(place)), null);
      }
      join(open, event);
      change(open);
    },
    drop(event) {
      const { record } = event;
      record?.events.delete(event);
      if (record?.events.size === 0) change(record);
    },
    clear() {
      changed.clear();
      open = undefined;
    },
    read: () =>
      Promise.all(
        Array.from({ length: EVENT_PLACES }, (_, at) =>
          store.read(eventsName(at)),
        ),
      ),
    adopt(texts, destination, known) {
      const lines = new Set(known.map(({ text }) => text));
      const found = [];
      texts.forEach((text, at) => {
        const [whose, ...kept] = (text ?? "").split("\n");
        const news = kept.filter((line) => !lines.has(line));
        if (whose !== destination || news.length === 0) return;
        const record = newRecord(destination, at, text);
        for (const line of news) found.push(join(record, newQueued(line)));
        if (!open || record.characters < open.characters) open = record;
      });
      return found;
    },
  };
}

function newQueued(text) {
  return { text, bytes: countBytes(text), record: null };
}

function newRecord(destination, place, text) {
  return { destination, place, text, events: new Set(), characters: 0 };
}

function join(record, event) {
  event.record = record;
  record.events.add(event);
  record.characters += event.bytes;
  return event;
}

function nextPlace(place) {
  return (place + 1) % EVENT_PLACES;
}

function countBytes(text) {
  if (platform.TextEncoder) {
    return new platform.TextEncoder().encode(text).length;
  }
  return text.length * 3;
}

const MOST_EVENTS_QUEUED = 1000;
const MOST_EVENTS_AT_ONCE = 100;
const MOST_BYTES_AT_ONCE = 524288;
const MOST_EVENT_BYTES = 32768;
const COLLECTING_MSEC = 1000;
const EVENTS_TIMEOUT_MSEC = 30000;
const EVENTS_ALONE_MSEC = 5000;
const MOST_NAMES_TOLD = 5;
/** As many as it takes to find one bad event among the most that are sent at once, and more. */
const MOST_REFUSALS_AT_ONCE = 10;
/** Browsers refuse more than 64 KiB under way with keepalive. */
const KEEPALIVE_BYTES = 61440;
const TOO_LARGE = 413;

/** Collects events and sends them in batches until the server has them; the oldest go when there are too many. */
class EventQueue {
  constructor(sender, pauses, store, log = report) {
    this.failures = 0;
    this.waiting = [];
    this.atOnce = MOST_EVENTS_AT_ONCE;
    this.leaving = new Set();
    this.refusals = 0;
    this.cancel = null;
    this.sending = null;
    /** Where the events of earlier pages belong that are here. */
    this.restored = null;
    this.lost = 0;
    this.lostTold = 0;
    this.closed = false;
    this.sender = sender;
    this.pauses = pauses;
    this.store = store;
    this.log = log;
    this.kept = keepEvents(store);
  }

  add(event) {
    if (!this.store.enabled) return;
    const queued = newQueued(JSON.stringify(event));
    if (queued.bytes > MOST_EVENT_BYTES) {
      throw new Nonsense(
        `it has ${queued.bytes} bytes, more than ${MOST_EVENT_BYTES}`,
      );
    }
    this.waiting.push(queued);
    this.claim();
    this.dropOldest();
    this.collect();
  }

  /** Sends what is waiting; resolves when that is done or has failed, and never rejects. */
  flush() {
    this.wake();
    this.claim();
    if (this.sending) return this.sending;
    void this.restore();
    const batch = this.next();
    if (batch.length === 0) return Promise.resolve();
    return (this.sending = this.send(batch));
  }

  /** Sends as much as the platform takes from a page that is about to go; the rest follows when that has arrived. */
  leave() {
    this.kept.save(this.waiting);
    const under = sizeOf(this.leaving);
    const batch = this.next(MOST_EVENTS_QUEUED, KEEPALIVE_BYTES - under);
    if (batch.length === 0) return;
    batch.forEach((event) => this.leaving.add(event));
    void this.post(batch, true).then((reply) => {
      batch.forEach((event) => this.leaving.delete(event));
      if (succeeded(reply)) {
        this.forget(batch);
        this.leave();
      }
      this.collect();
    });
  }

  /** Takes over what earlier pages and programs could not send to where this one sends. */
  async restore() {
    await null; // An app may go on to say where the server is, or that nothing is tracked.
    const { ready, destination } = this.sender;
    if (!ready || !this.store.enabled || this.restored === destination) return;
    this.restored = destination;
    this.claim();
    const texts = await this.kept.read();
    if (this.restored !== destination) return;
    this.waiting = this.kept
      .adopt(texts, destination, this.waiting)
      .concat(this.waiting);
    this.dropOldest();
    this.collect();
  }

  /** False: what waits is dropped, and nothing is recorded. */
  setTracking(on) {
    this.store.enabled = on;
    if (on) return void this.restore();
    this.wake();
    this.waiting = [];
    this.restored = null;
    this.kept.clear();
  }

  /** Sends what is waiting, and then no more. Never rejects. */
  async close() {
    this.closed = true;
    await this.flush();
    this.wake();
    ending.delete(this);
    const left = this.waiting.length;
    if (left > 0) this.log(`${left} event(s) could not be sent`);
  }

  /** Events that were recorded before there was a key are for the first. */
  claim() {
    const { ready, destination } = this.sender;
    for (const event of this.waiting) {
      if (ready && !event.record) this.kept.add(event, destination);
    }
  }

  dropOldest() {
    const over = this.waiting.length - MOST_EVENTS_QUEUED;
    if (over <= 0) return;
    if (this.lost === 0) void Promise.resolve().then(() => this.tellOfLost());
    this.lost += over;
    this.waiting.splice(0, over).forEach((event) => this.kept.drop(event));
  }

  tellOfLost() {
    if (this.lost > this.lostTold) {
      this.log(
        `${this.lost} event(s) were dropped: more than ${MOST_EVENTS_QUEUED} waited`,
      );
    }
    this.lostTold = this.lost;
  }

  /** Ends a pause. */
  wake() {
    this.cancel?.();
    this.cancel = null;
  }

  collect() {
    if (this.closed || this.waiting.length === 0) return;
    ending.add(this);
    if (this.cancel || this.sending) return;
    const wait = listenForTheEnd() ? afterIfStillThere : after;
    const timer = wait(COLLECTING_MSEC, () => void this.flush());
    this.cancel = () => clock.clearTimeout(timer);
  }

  async send(batch) {
    while (batch.length > 0) {
      const reply = await this.post(batch, false);
      if (!this.settle(batch, reply)) break;
      batch = this.next();
    }
    this.sending = null;
    if (this.waiting.length === 0) ending.delete(this);
  }

  /** The oldest events that are for where it sends now, have not left yet, and fit. */
  next(most = this.atOnce, room = MOST_BYTES_AT_ONCE) {
    const { ready, destination } = this.sender;
    const events = [];
    for (const event of this.waiting) {
      const isHere = event.record?.destination === destination;
      const size = event.bytes + 1;
      if (!ready || !isHere || this.leaving.has(event)) continue;
      if (size > room || events.length >= most) continue;
      room -= size;
      events.push(event);
    }
    return events;
  }

  /** Whether to go on at once. */
  settle(batch, reply) {
    if (succeeded(reply)) {
      this.forget(batch);
      this.atOnce = MOST_EVENTS_AT_ONCE;
      this.refusals = 0;
      this.tellOfLost();
      this.lost = this.lostTold = 0;
    } else if (isRefusal(reply)) {
      this.refuse(batch, reply);
      this.refusals += 1;
      if (this.refusals > MOST_REFUSALS_AT_ONCE) return this.pause(1, reply);
    } else {
      this.failures += 1;
      return this.pause(this.failures, reply);
    }
    this.failures = 0;
    return true;
  }

  pause(failures, reply) {
    const again = () => void this.flush();
    this.cancel = this.pauses.afterFailure(failures, reply, again);
    return false;
  }

  /** Some bad events have a whole batch refused: drop those that are named, or find them by halves. */
  refuse(batch, reply) {
    const named = namedEvents(reply.text);
    let bad = batch.filter((_, at) => named.has(at));
    if (bad.length === 0 && batch.length === 1) bad = batch.slice();
    if (bad.length === 0) {
      this.atOnce = Math.ceil(batch.length / 2);
      return;
    }
    const names = bad.slice(0, MOST_NAMES_TOLD).map(nameOf).join(", ");
    const told = reply.text.slice(0, LONGEST_UNKNOWN);
    this.log(
      `the server refused ${bad.length} event(s), such as ${names}: ${told}`,
    );
    this.forget(bad);
  }

  forget(events) {
    const gone = new Set(events);
    gone.forEach((event) => this.kept.drop(event));
    this.waiting = this.waiting.filter((event) => !gone.has(event));
  }

  post(batch, keepalive) {
    return this.sender.send({
      method: "POST",
      path: "/events",
      body: `[${batch.map(({ text }) => text).join(",")}]`,
      timeoutMsec: EVENTS_TIMEOUT_MSEC,
      aloneMsec: EVENTS_ALONE_MSEC,
      keepalive,
    });
  }
}

/** The queues that a program's end must not surprise. */
const ending = new Set();
let isTold;

/** Whether the platform tells before a program ends, as Node does: then no timer need keep it running. */
function listenForTheEnd() {
  const process = platform.process;
  if (isTold === undefined && process?.on) {
    process.on("beforeExit", () =>
      ending.forEach((queue) => queue.failures || void queue.flush()),
    );
    process.on("exit", () => ending.forEach(({ kept }) => kept.save()));
  }
  return isTold ?? (isTold = !!process?.on);
}

/** What events take of a body, with what is between them. */
function sizeOf(events) {
  return Array.from(events).reduce((sum, { bytes }) => sum + bytes + 1, 1);
}

/** Found only when it is needed: most events are never told of. */
function nameOf({ text }) {
  return /"name":"(.*?)"/.exec(text)?.[1] ?? "?";
}

/** The places in the batch that the server's problems name, such as `[3].name`. */
function namedEvents(text) {
  const places = new Set();
  try {
    for (const problem of asArray(asObject(JSON.parse(text))["errors"])) {
      const place = /^\[?(\d+)/.exec(asString(asObject(problem)["path"]));
      if (place) places.add(Number(place[1]));
    }
  } catch {
    // Not an answer of the server's: nothing is named.
  }
  return places;
}

/** The answer of the server to events of which some are bad; not of what is in between, such as a network's sign-in. */
function isRefusal({ status, text }) {
  return (
    status === TOO_LARGE ||
    ((status === 400 || status === 422) && /^\s*{/.test(text))
  );
}

/** A page of HTML comes from something in between, such as a network's sign-in. */
function succeeded({ status, text }) {
  return status >= 200 && status < 300 && !/^\s*</.test(text);
}

/** Which environment and server an app talks to, and how its sessions behave. */
export class Client {
  constructor(host, hooks) {
    /** A `fetch` of your own; null: the platform's. */
    this.fetch = null;
    /** Gets what is otherwise written to the console with `console.error`; null: the console. */
    this.logger = null;
    this.key = "";
    this.lock = true;
    this.waitMsec = 1200;
    this.hooks = hooks;
    this.base = host;
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
    if (typeof url === "string") this.base = url.replace(/\/+$/, "");
    else this.hooks.log(`client.host must be a URL, not ${describe(url)}`);
  }

  /** How long `session.start` waits before it goes on with fallbacks. */
  get waitTimeMsec() {
    return this.waitMsec;
  }

  set waitTimeMsec(milliseconds) {
    if (typeof milliseconds === "number" && milliseconds >= 0) {
      this.waitMsec = milliseconds;
    } else {
      this.hooks.log("client.waitTimeMsec must be a number of milliseconds");
    }
  }

  /** True: what was served stays for the session. False: changes come through. */
  get sessionLock() {
    return this.lock;
  }

  set sessionLock(lock) {
    this.lock = Boolean(lock);
    this.hooks.lockChanged();
  }

  /**
   * Whether the person agrees to be tracked. False: no event is recorded or
   * sent, and nothing is stored; sessions start all the same.
   */
  get tracking() {
    return this.hooks.store.enabled;
  }

  set tracking(on) {
    this.hooks.setTracking(Boolean(on));
  }

  /** Where the anonymous id and events are kept; null: `localStorage` where there is one, else in memory. */
  get storage() {
    return this.hooks.store.storage;
  }

  set storage(storage) {
    this.hooks.store.storage = storage;
  }
}

/** Tells the app's logger, or else the console; never throws. */
function loggerOf(client) {
  return (message, cause) => {
    try {
      (client.logger ?? report)(message, messageOf(cause));
    } catch {
      report(message, cause);
    }
  };
}

const NO_ANSWER = { status: 0, text: "", retryAfterMsec: 0 };
const NOTHING_NEW = { status: 204, text: "", retryAfterMsec: 0 };
const ALONE_FOR_MSEC = 1000;

/** Talks to the Client API: one request, one reply, within its time. */
class Transport {
  constructor(client) {
    this.underWay = 0;
    this.client = client;
  }

  get ready() {
    return this.client.apiKey !== "";
  }

  get destination() {
    return JSON.stringify([this.client.apiKey, this.client.host]);
  }

  /** Never rejects: no network, no time and no `fetch` are replies of status 0. */
  send(call) {
    const aborter = call.aborter ?? newAborter();
    this.underWay += 1;
    return new Promise((resolve) => {
      const finish = (reply) => {
        clock.clearTimeout(timer);
        stopWatching();
        resolve(reply);
      };
      const cut = (reply) => {
        finish(reply);
        aborter.abort();
      };
      const timer = afterIfStillThere(call.timeoutMsec, () => cut(NO_ANSWER));
      const stopWatching = this.watch(call.aloneMsec ?? ALONE_FOR_MSEC, () =>
        cut(call.method === "GET" ? NOTHING_NEW : NO_ANSWER),
      );
      void this.ask(call, aborter)
        .catch(() => NO_ANSWER)
        .then((reply) => {
          this.underWay -= 1;
          finish(reply);
        });
    });
  }

  /** Calls once requests have been all that keeps a program of Node's running; returns what ends that. */
  watch(milliseconds, call) {
    if (!platform.process?.getActiveResourcesInfo) return () => {};
    const look = () => {
      if (aloneWith(this.underWay)) call();
      else timer = afterIfStillThere(ALONE_FOR_MSEC, look);
    };
    let timer = afterIfStillThere(milliseconds, look);
    return () => clock.clearTimeout(timer);
  }

  async ask(call, aborter) {
    const send = this.client.fetch ?? platform.fetch;
    if (!send) return NO_ANSWER;
    const url = `${this.client.host}/api/client${call.path}`;
    const answer = await send.call(globalThis, url, this.frame(call, aborter));
    const text = asString(await answer.text());
    const retryAfter = answer.headers?.get("Retry-After");
    return {
      status: asNumber(answer.status),
      text,
      retryAfterMsec: readRetryAfterMsec(retryAfter),
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
    else if (aborter.signal) options.signal = aborter.signal;
    return options;
  }
}

/** Where the platform has none, nothing that is under way can be cut, but its answer is not waited for. */
function newAborter() {
  const aborter = platform.AbortController && new platform.AbortController();
  return {
    signal: aborter?.signal,
    abort() {
      try {
        aborter?.abort();
      } catch {
        // A worker's other request made it: its answer counts no more all the same.
      }
    },
  };
}

function sessionState(status, failure, revision) {
  return Object.freeze({ status, failure, revision });
}

const IDLE = /* @__PURE__ */ sessionState("idle", null, null);
/** What is told to those who were refused. */
const REFUSED = /* @__PURE__ */ sessionState("fallback", "in-use", null);

/** A visitor who has signed in is another person; so is everybody in another environment. */
function isSameUser(before, { userId }, { apiKey }) {
  return before?.userId === userId && before.key === apiKey;
}

function isSamePerson(before, run, client) {
  const known = run.userId !== null || before?.anonymousId === run.anonymousId;
  return known && isSameUser(before, run, client);
}

function asTest(states) {
  return { session: null, revision: "test", states };
}

/** Null where nobody can tell who is meant. */
function wantedOrNull(options, log) {
  try {
    return readOptions(options, log);
  } catch (cause) {
    log("a session cannot be started with that", cause);
    return null;
  }
}

/** Null for an answer that is none. */
function readServed(reply) {
  if (reply.status !== 200) return null;
  try {
    return asServed(JSON.parse(reply.text));
  } catch {
    return null;
  }
}

function asServed(value) {
  const { session, revision, states } = asObject(value);
  return {
    session: typeof session === "string" && session ? storable(session) : null,
    revision:
      typeof revision === "number"
        ? String(revision)
        : storable(asString(revision)),
    states: asObject(states),
  };
}

function failureOf(reply) {
  if (reply.status === 0) return "network";
  if (reply.status >= 500) return "server";
  return reply.status >= 400 ? "refused" : "nonsense";
}

/** Waits for the work, but no longer than that. */
function sooner(work, milliseconds) {
  return new Promise((resolve) => {
    const timer = after(milliseconds, () => resolve(undefined));
    void work.then(() => {
      clock.clearTimeout(timer);
      resolve(undefined);
    });
  });
}

/** All of an event but whom it is of. */
function readEvent({ name, pairs, entity, data }) {
  const metadata = readPairs(pairs);
  const timestamp = new Date(clock.now()).toISOString();
  return {
    id: newId(),
    name: asEventName(name),
    // A clock that was never set: the time of arrival is nearer.
    ...(/^2\d{3}-/.test(timestamp) && { timestamp }),
    ...(entity && { entity }),
    ...(data && { data }),
    ...(metadata.length > 0 && { metadata }),
  };
}

const START_TIMEOUT_MSEC = 30000;
const MOST_UNKNOWN_LOGGED = 200;

/** Runs sessions one after the other. */
class SessionRunner {
  constructor(key, host, entities) {
    this.state = IDLE;
    /** What the first rendering shows. */
    this.initial = IDLE;
    this.pauses = new Pauses();
    this.callers = new Callers();
    this.run = null;
    /** Grows with each start and end. */
    this.turn = 0;
    this.revision = null;
    /** What the listeners were told of last. */
    this.told = IDLE;
    /** What a test says that is served; then there is no server. */
    this.states = null;
    /** Nobody is known to be there, so nothing may be tracked. */
    this.mute = false;
    /** Nobody is served until the end of the session is declared. */
    this.inUse = false;
    /** On a server: somebody has started and not ended. */
    this.occupied = false;
    this.ended = false;
    /** Whose start the present run is. */
    this.caller = null;
    /** What the server has not been told yet of what this code could not use. */
    this.untold = [];
    this.logged = new Set();
    this.stopWatching = null;
    this.closing = null;
    this.closedLogged = false;
    this.entities = entities;
    this.client = new Client(host, this);
    this.log = loggerOf(this.client);
    this.listeners = new Listeners("session", this.log);
    this.store = new Store(key, this.log);
    this.identity = new IdentityKeeper(this.store);
    this.transport = new Transport(this.client);
    this.events = new EventQueue(
      this.transport,
      this.pauses,
      this.store,
      this.log,
    );
    this.follower = new Follower(this, this.pauses);
  }

  get unknown() {
    return this.entities.unknown;
  }

  get testing() {
    return this.states !== null;
  }

  /** Whether what is read now stays. */
  get locking() {
    const { status } = this.state;
    const settled = status === "served" || status === "fallback";
    return settled && this.client.sessionLock;
  }

  /** Whether who looks now was refused, so that what is served is somebody else's. */
  get hidden() {
    return this.callers.isRefused && this.occupied;
  }

  async start(options) {
    if (this.isClosed()) return;
    this.watch();
    const caller = this.alone ? null : this.callers.enter();
    const wanted = wantedOrNull(options, this.log);
    if (this.isTaken(wanted)) return this.refuse(caller);
    const before = this.run;
    this.stop();
    this.caller = caller;
    this.occupied = !this.alone;
    this.mute = wanted === null;
    if (!wanted) return this.fallBack("refused");
    const { turn } = this;
    await sooner(this.begin(wanted, before, turn), this.client.waitTimeMsec);
    if (!this.isOver(turn) && this.state.status === "starting") {
      this.conclude("fallback", "timeout");
    }
  }

  async end() {
    if (this.closing) return this.closing;
    // Who was refused has no session to end, unless it is to have everybody served again.
    if (this.hidden && !this.inUse) return this.flush();
    this.stop();
    this.reset();
    this.mute = this.inUse = this.occupied = false;
    if (!hasPage()) {
      this.ended = true;
      this.identity.forget();
    }
    this.conclude("idle", null);
    await this.flush();
  }

  flush() {
    if (this.testing) return Promise.resolve();
    if (this.closing) return this.closing;
    // Events that were tracked before it was known of whom come first.
    const { reading } = this.identity;
    const send = () => this.events.flush();
    return reading ? reading.then(send) : send();
  }

  close() {
    // Nothing may begin from here on, so this is set before anybody is told.
    return (
      this.closing ?? (this.closing = Promise.resolve().then(() => this.shut()))
    );
  }

  record(parts) {
    if (this.isClosed() || this.mute || this.hidden || this.testing) return;
    this.watch();
    this.attempt(parts, () => {
      const event = readEvent(parts);
      const add = () => this.events.add({ ...event, ...this.person() });
      const ready = this.run ? null : this.identity.ready();
      if (ready) void ready.then(() => this.attempt(parts, add));
      else add();
    });
  }

  snapshot() {
    const { run, revision, entities } = this;
    if (!run || revision === null || this.hidden) return null;
    return {
      session: run.session,
      revision,
      states: entities.wires,
      person: { anonymousId: run.anonymousId, userId: run.userId },
    };
  }

  /** Goes on with a session that was started elsewhere. */
  resume({ id, owner, ...wanted }) {
    this.occupied = !this.alone;
    this.identity.adopt({ id, owner });
    this.take(this.enter(wanted, id), wanted);
    this.entities.each((layers) => layers.begin());
    this.initial = this.state;
    this.watch();
    this.follow();
  }

  /** Serves these states from here on, without a server. */
  test(states) {
    this.states = states;
    void this.start();
    this.entities.each((layers) => layers.begin());
    this.initial = this.state;
  }

  lockChanged() {
    const { status, failure } = this.state;
    this.follower.stop();
    if (!this.client.sessionLock) {
      this.entities.each((layers) => layers.unlock());
    }
    this.conclude(status, status === "served" ? null : failure);
    this.follow();
  }

  setTracking(on) {
    if (this.testing) this.store.enabled = on;
    else if (!this.closing) this.events.setTracking(on);
  }

  keyChanged() {
    if (this.closing || this.testing) return;
    void this.events.flush();
    const { run } = this;
    if (run?.key === "") run.key = this.client.apiKey;
    const waits = this.state.failure === "missing-key" && this.transport.ready;
    if (run && waits) void this.prime(run);
  }

  /** Asks for a session for the run; `aborter` cuts it. */
  async ask(run, aborter) {
    const told = this.untold;
    const reply = await this.transport.send({
      method: "POST",
      path: "/sessions",
      body: JSON.stringify({
        anonymous_id: run.anonymousId,
        external_id: run.userId ?? undefined,
        user_signature: run.userSignature,
        fields: run.fields,
        unknown: told.length > 0 ? told : undefined,
      }),
      timeoutMsec: Math.max(START_TIMEOUT_MSEC, this.client.waitTimeMsec),
      aborter,
    });
    if (readServed(reply) && this.untold === told) this.untold = [];
    return reply;
  }

  /** Asks for what has changed since the run's revision. */
  poll(run, aborter, waitSeconds = CHANGES_WAIT_SECONDS) {
    const session = encodeURIComponent(String(run.session));
    const since = encodeURIComponent(run.revision);
    return this.transport.send({
      method: "GET",
      path: `/sessions/${session}/changes?since=${since}&wait=${waitSeconds}`,
      timeoutMsec: CHANGES_TIMEOUT_MSEC,
      aborter,
    });
  }

  /** Takes an answer; null: nothing is new. */
  take(run, served) {
    if (served) {
      run.session = served.session ?? run.session;
      this.revision = run.revision = served.revision;
      this.entities.serve(served.states, served.session !== null);
      this.noteUnknown();
    }
    this.conclude("served", null);
  }

  /** Says why changes do not come through; what was served stays. */
  fail(reply) {
    this.conclude(this.state.status, failureOf(reply));
  }

  /** Whether nobody else can be here: in a page, in a test. */
  get alone() {
    return hasPage() || this.testing;
  }

  /** What this code cannot use is logged once, and told to the server when the next session starts. */
  noteUnknown() {
    const { unknown } = this.entities;
    const all = Array.from(new Set(this.untold.concat(unknown)));
    this.untold = all.slice(0, MOST_UNKNOWN);
    const news = unknown.filter((entry) => !this.logged.has(entry));
    if (news.length === 0 || this.logged.size > MOST_UNKNOWN_LOGGED) return;
    news.forEach((entry) => this.logged.add(entry));
    this.log(`not all that was served can be used here: ${news.join("; ")}`);
  }

  /** Whom an event is of: the person who is there now. */
  person() {
    const { run } = this;
    if (!run) return { anonymous_id: this.identity.current.id };
    const { anonymousId, userId, userSignature, session } = run;
    return {
      anonymous_id: anonymousId,
      ...(userId && { external_id: userId }),
      ...(userId && userSignature && { user_signature: userSignature }),
      ...(session && { session }),
    };
  }

  attempt({ name }, record) {
    try {
      record();
    } catch (cause) {
      this.log(`the event ${describe(name)} is not recorded`, cause);
    }
  }

  /** Whether this space already serves somebody else. Of two visitors on a server nobody knows that they are one. */
  isTaken(wanted) {
    if (!this.occupied || this.alone) return false;
    if (!this.run || !wanted) return true;
    const same = this.run.userId === wanted.userId;
    const known = wanted.userId !== null || this.client.storage !== null;
    return !same || !known;
  }

  refuse(caller) {
    if (!this.inUse) {
      this.log(
        "another person's session has not ended: until session.end() is called, fallbacks are served and nothing is tracked; on a server, make a Space for each request with createSpace()",
      );
    }
    for (const refused of [caller, this.caller]) {
      if (refused) refused.refused = true;
    }
    this.mute = this.inUse = true;
    this.stop();
    this.fallBack("in-use");
  }

  async begin(wanted, before, turn) {
    const { states, identity } = this;
    if (states) return this.take(this.enter(wanted, newId()), asTest(states));
    if (this.ended) identity.forget();
    this.ended = false;
    const ready = identity.ready();
    if (ready) {
      this.prepare(isSameUser(before, wanted, this.client));
      await ready;
      if (this.isOver(turn)) return;
    }
    const run = this.enter(wanted, identity.begin(wanted.userId).id);
    if (!ready) this.prepare(isSamePerson(before, run, this.client));
    if (this.isOver(turn)) return;
    if (this.transport.ready) return this.prime(run);
    this.log("client.apiKey is not set, so fallbacks are served");
    this.conclude("fallback", "missing-key");
  }

  enter(wanted, anonymousId) {
    return (this.run = this.newRun(wanted, anonymousId));
  }

  /** What the same person sees stays until there is something newer. */
  prepare(same) {
    if (same) this.entities.each((layers) => layers.keep());
    else this.reset();
    this.conclude("starting", null);
  }

  fallBack(failure) {
    this.reset();
    this.conclude("fallback", failure);
  }

  newRun(wanted, anonymousId) {
    return {
      ...wanted,
      anonymousId,
      key: this.client.apiKey,
      aborter: null,
      session: null,
      revision: "",
      failures: 0,
      cancelRetry: null,
    };
  }

  stop() {
    this.halt();
    this.run = null;
    this.turn += 1;
  }

  /** Ends all that is under way. */
  halt() {
    this.follower.stop();
    this.run?.aborter?.abort();
    this.run?.cancelRetry?.();
  }

  async shut() {
    this.halt();
    this.stopWatching?.();
    this.callers.close();
    if (this.state.status === "starting") this.conclude("idle", null);
    if (this.testing) return;
    await this.identity.ready();
    await this.events.close();
  }

  /** Whether all is over; who does not know it is told once. */
  isClosed() {
    if (this.closing && !this.closedLogged) {
      this.closedLogged = true;
      this.log("the Space was closed: it starts and tracks nothing any more");
    }
    return this.closing !== null;
  }

  isOver(turn) {
    return this.turn !== turn || this.closing !== null;
  }

  reset() {
    this.revision = null;
    this.entities.each((layers) => layers.reset());
  }

  /** Asks for the state of every entity at once, later again where that fails. An answer counts unless the run is over. */
  async prime(run) {
    const { turn } = this;
    // One of its own, since a request that took too long has cut the one before.
    run.aborter = newAborter();
    const reply = await this.ask(run, run.aborter);
    if (this.isOver(turn)) return;
    const served = readServed(reply);
    if (served && served.session !== null) {
      this.take(run, served);
      this.follow();
      return;
    }
    run.failures += 1;
    run.cancelRetry = this.pauses.afterFailure(
      run.failures,
      reply,
      () => void this.prime(run),
    );
    const failure = failureOf(reply);
    const telling = failure === "refused" || failure === "nonsense";
    if (telling && failure !== this.state.failure) {
      this.log(`no session, so fallbacks are served: ${failure}`, reply.status);
    }
    this.conclude("fallback", failure);
  }

  follow() {
    const { run } = this;
    const follows = run?.session && !this.client.sessionLock && !this.closing;
    if (run && follows) this.follower.follow(run);
  }

  /** From the first use on, the page's end and the network's return are known. */
  watch() {
    if (this.testing) return;
    this.stopWatching ??
      (this.stopWatching = watchPage({
        leave: () => this.events.leave(),
        hurry: () => this.pauses.hurry(),
      }));
  }

  /** Says how it stands now: all of that is there before anybody is told of any of it. */
  conclude(status, failure) {
    const { state, revision } = this;
    const same =
      state.status === status &&
      state.failure === failure &&
      state.revision === revision;
    if (!same) this.state = sessionState(status, failure, revision);
    this.entities.each((layers) => layers.announce());
    const news = this.state;
    if (news === this.told) return;
    this.told = news;
    this.listeners.tell(() => this.told === news);
  }
}

const watchers = new Set();

/** Tells of the page until the returned function is called; of no page there is nothing to tell. */
function watchPage(watcher) {
  if (!hasPage()) return () => {};
  if (watchers.size === 0) listenToPage("addEventListener");
  watchers.add(watcher);
  return () => {
    if (!watchers.delete(watcher) || watchers.size > 0) return;
    listenToPage("removeEventListener");
  };
}

/** One set of listeners, whatever the number of watchers. */
function listenToPage(how) {
  platform[how]?.("online", hurryPage);
  platform[how]?.("pagehide", leavePage);
  platform[how]?.("pageshow", lookAtPage);
  platform.document?.[how]?.("visibilitychange", lookAtPage);
  platform.document?.[how]?.("freeze", leavePage);
  platform.document?.[how]?.("resume", lookAtPage);
}

function lookAtPage() {
  if (isHidden()) return leavePage();
  hurryPage();
  watchers.forEach((watcher) => watcher.show?.());
}

function leavePage() {
  watchers.forEach((watcher) => {
    watcher.leave?.();
    watcher.hide?.();
  });
}

function hurryPage() {
  watchers.forEach((watcher) => watcher.hurry?.());
}

function isHidden() {
  return platform.document?.visibilityState === "hidden";
}

/** Hears what other tabs of the browser say under this name. Null where tabs cannot take turns: each is on its own. */
function openChannel(name, hear) {
  const Channels = platform.BroadcastChannel;
  if (!platform.document || !platform.navigator?.locks || !Channels)
    return null;
  try {
    const channel = new Channels(name);
    channel.onmessage = ({ data }) => hear(data);
    return channel;
  } catch {
    return null;
  }
}

/** Calls when no other tab is at its turn, which lasts until what is returned settles; at once where turns are forbidden. */
async function takeTurn(name, { signal }, call) {
  try {
    await platform.navigator?.locks?.request(name, { signal }, call);
  } catch {
    call();
  }
}

const CHANGES_WAIT_SECONDS = 25;
const CHANGES_TIMEOUT_MSEC = 40000;
/** Two answers never follow each other faster than that. */
const SHORTEST_REST_MSEC = 1000;
/** Who says sooner that nothing is new was to wait and did not, and is asked ever more rarely. */
const EARLY_MSEC = 10000;
const LONGEST_REST_MSEC = 25000;
/** For how long a tab waits for its turn before it asks without one: where it wants to know at once, and otherwise. */
const EAGER_MSEC = 100;
const PATIENT_MSEC = 60000;
/** The answer of a server that does not know the session, any more or yet. */
const UNKNOWN = 404;
/** A server that does not know the session that it has just begun is asked less often. */
const FAILURES_OF_A_NEW_SESSION = 4;

/**
 * Asks for changes of a session for as long as it runs unlocked and its page
 * is seen. Where the server no longer knows it, it is begun anew with what it
 * was begun with. Of a browser's tabs one at a time waits at the server; it
 * tells the others when it hears of a change.
 */
class Follower {
  constructor(runner, pauses) {
    this.run = null;
    /** Of what is asked, or is about to be. */
    this.aborter = null;
    /** Asks, while the turn to do so is waited for; 0: for an answer at once. */
    this.send = null;
    this.endTurn = null;
    this.cancelPause = null;
    this.stopWatching = null;
    this.channel = null;
    this.away = true;
    this.patience = 0;
    /** For how long the server was to wait with the latest answer. */
    this.waitSeconds = 0;
    /** When was asked or answered last. */
    this.last = -Infinity;
    this.lost = false;
    /** Whether the session was begun anew, and has not lasted yet. */
    this.isNew = false;
    this.failures = 0;
    this.runner = runner;
    this.pauses = pauses;
  }

  follow(run) {
    this.stop();
    this.run = run;
    this.stopWatching = watchPage({
      hide: () => this.hide(),
      show: () => this.show(),
    });
    if (!isHidden()) this.show();
  }

  stop() {
    this.hide();
    this.endPause();
    this.stopWatching?.();
    this.run = null;
    this.lost = this.isNew = false;
    this.failures = 0;
  }

  show() {
    if (!this.away) return;
    this.away = false;
    this.patience = EAGER_MSEC;
    const name = `${this.place}.${this.runner.client.apiKey}`;
    this.channel = openChannel(name, (revision) => this.hear(revision));
    this.go();
  }

  hide() {
    this.away = true;
    this.channel?.close();
    this.channel = null;
    if (!this.aborter) return;
    this.endPause();
    this.aborter.abort();
    this.aborter = this.send = null;
    this.endTurn?.(undefined);
  }

  /** The server, as the tabs call it that ask it. */
  get place() {
    const { host } = this.runner.client;
    return `mtribes.${host.replace(/^(\w+:\/+[^/]+).*/, "$1")}`;
  }

  /** Another tab has heard of a change. */
  hear(revision) {
    if (revision === this.run?.revision) return;
    this.patience = EAGER_MSEC;
    void this.send?.(0);
  }

  /** Asks, unless that is under way or has to wait. */
  go() {
    const { run } = this;
    if (!run || this.away || this.aborter || this.cancelPause) return;
    const rest = this.last + SHORTEST_REST_MSEC - clock.now();
    if (rest > 0) return this.pause(Math.min(rest, SHORTEST_REST_MSEC));
    const aborter = (this.aborter = newAborter());
    const reply = this.lost
      ? this.begin(run, aborter)
      : this.poll(run, aborter);
    void reply.then((reply) => {
      if (this.aborter !== aborter) return;
      this.aborter = null;
      this.settle(run, reply);
    });
  }

  begin(run, aborter) {
    this.last = clock.now();
    return this.runner.ask(run, aborter);
  }

  /** Waits for its turn and then at the server, or at neither. */
  poll(run, aborter) {
    return new Promise((resolve) => {
      const send = (waitSeconds) => {
        if (this.send !== send) return null;
        this.send = null;
        this.endPause();
        this.patience = PATIENT_MSEC;
        this.waitSeconds = waitSeconds;
        this.last = clock.now();
        const reply = this.runner.poll(run, aborter, waitSeconds);
        void reply.then(resolve);
        return new Promise((end) => {
          this.endTurn = end;
          void reply.then(() => end(undefined));
        });
      };
      this.send = send;
      const wait = () => send(CHANGES_WAIT_SECONDS);
      if (!this.channel) {
        void wait();
        return;
      }
      this.pause(this.patience, () => void send(0));
      void takeTurn(this.place, aborter, wait);
    });
  }

  settle(run, reply) {
    const served = readServed(reply);
    const passed = clock.now() - this.last;
    this.last = clock.now();
    if (this.lost ? served?.session : served || reply.status === 204) {
      this.take(run, served, passed);
    } else if (reply.status === UNKNOWN && !this.lost && !this.isNew) {
      this.lost = true;
      this.last = -Infinity;
      this.go();
    } else this.fail(reply);
  }

  take(run, served, passedMsec) {
    const { lost, waitSeconds } = this;
    const isNews = served !== null && served.revision !== run.revision;
    const isEarly = waitSeconds > 0 && passedMsec < EARLY_MSEC;
    let rest = SHORTEST_REST_MSEC;
    if (lost) this.isNew = true;
    else if (isNews || !isEarly) this.failures = 0;
    else rest = backOffMsec(++this.failures, LONGEST_REST_MSEC);
    if (!lost && waitSeconds && !isEarly) this.isNew = false;
    if (isNews && !lost && waitSeconds)
      this.channel?.postMessage(served.revision);
    this.lost = false;
    this.pause(rest);
    this.runner.take(run, served);
  }

  fail(reply) {
    const unknown = reply.status === UNKNOWN;
    const isNew = unknown && !this.lost;
    this.failures += isNew ? FAILURES_OF_A_NEW_SESSION : 1;
    this.lost = this.lost || unknown;
    this.cancelPause = this.pauses.afterFailure(this.failures, reply, () =>
      this.resume(),
    );
    this.runner.fail(reply);
  }

  pause(milliseconds, call = () => this.resume()) {
    const timer = afterIfStillThere(milliseconds, call);
    this.cancelPause = () => clock.clearTimeout(timer);
  }

  endPause() {
    this.cancelPause?.();
    this.cancelPause = null;
  }

  resume() {
    this.cancelPause = null;
    this.last = -Infinity;
    this.go();
  }
}

/** Makes a Space; nothing global is touched before its first use. */
export function makeSpace(blueprint) {
  return assemble(blueprint).space;
}

function assemble(blueprint) {
  const source = new EntitySource(blueprint);
  const { runner } = source;
  const space = Object.freeze({
    client: runner.client,
    session: sessionOf(runner),
    collections: blueprint.collect(source),
    close: () => runner.close(),
  });
  return { space, source };
}

/** Makes the entities of a Space, and takes their states. */
export class EntitySource {
  constructor({ key, host, fallbacks }) {
    this.entities = new Map();
    this.fallbacks = fallbacks;
    this.runner = new SessionRunner(key, host, this);
  }

  /** Whether there is such an entity. */
  has(entity) {
    return this.entities.has(entity);
  }

  /** The experience that is this child of a collection. */
  experience(entity, type) {
    const layers = this.layers(
      entity,
      (wire, otherwise, note) =>
        readExperience(type, wire, entity, otherwise, note),
      { enabled: false, properties: type.defaults },
    );
    return makeExperience(this.runner, entity, guarded(type), layers);
  }

  /** The section that is this child of a collection. */
  section(entity, supports) {
    supports.forEach(guarded);
    const layers = this.layers(
      entity,
      (wire, otherwise, note) =>
        readSection(this.runner, supports, wire, entity, otherwise, note),
      { enabled: false, items: [] },
    );
    return makeSection(layers);
  }

  get unknown() {
    const lists = Array.from(this.entities.values(), ({ unknown }) => unknown);
    const none = [];
    return none.concat(...lists).slice(0, MOST_UNKNOWN);
  }

  get wires() {
    const wires = {};
    this.entities.forEach(({ wire }, entity) => {
      if (wire !== undefined) wires[entity] = wire;
    });
    return wires;
  }

  each(call) {
    this.entities.forEach((layers) => call(layers));
  }

  serve(states, whole) {
    this.entities.forEach((layers, entity) => {
      const wire = own(states, entity);
      if (wire !== undefined) layers.serve(wire);
      else if (whole) layers.drop();
    });
  }

  layers(entity, parse, nothing) {
    const layers = new Layers(this.runner, entity, parse, () =>
      readOr(
        (wire) => parse(wire, nothing, () => {}),
        own(this.fallbacks, entity),
        Object.freeze(nothing),
        entity,
        () => {},
      ),
    );
    this.entities.set(entity, layers);
    return layers;
  }
}

/** What an app sees of the runner; its functions need no `this`. */
function sessionOf(runner) {
  const start = (options) => runner.start(options);
  const state = () => (runner.hidden ? REFUSED : runner.state);
  return {
    get initial() {
      return runner.initial;
    },
    get status() {
      return state().status;
    },
    get failure() {
      return state().failure;
    },
    get revision() {
      return state().revision;
    },
    get state() {
      return state();
    },
    get unknown() {
      return runner.hidden ? [] : runner.unknown;
    },
    start,
    track: (name, pairs) => runner.record({ name, pairs }),
    flush: () => runner.flush(),
    end: () => runner.end(),
    onChange: (listener) => runner.listeners.listen(listener),
    snapshot: () => runner.snapshot(),
    identify: (userId, fields) => start({ userId, fields }),
    anonymize: (fields) => start({ fields }),
  };
}

/** Makes a Space of its own. Apps that use the default Space alone leave this out of their bundle. */
export function makeSpaceWith(blueprint, options) {
  const { space, source } = assemble(blueprint);
  const { runner } = source;
  space.client.logger = options?.logger ?? null;
  if (options?.states) test(source, blueprint.fallbacks, options.states);
  for (const name of SETTABLE) {
    const value = options?.[name];
    if (value !== undefined) Object.assign(space.client, { [name]: value });
  }
  if (options?.bootstrap && !options.states) resume(runner, options.bootstrap);
  return space;
}

/** `apiKey` is the last, since all else is there when it is. */
const SETTABLE = [
  "tracking",
  "host",
  "storage",
  "fetch",
  "waitTimeMsec",
  "sessionLock",
  "apiKey",
];

/** Serves what a test says, filled in from the fallbacks. */
function test(source, fallbacks, states) {
  const complete = {};
  for (const [entity, given] of Object.entries(states)) {
    if (!source.has(entity)) {
      source.runner.log(`no entity ${describe(entity)}`);
    }
    complete[entity] = completeState(fallbacks[entity], given);
  }
  source.runner.test(complete);
}

function completeState(fallback, given) {
  const { properties, items } = given ?? {};
  return {
    ...fallback,
    enabled: true,
    ...given,
    ...(fallback?.properties && {
      properties: { ...fallback.properties, ...properties },
    }),
    ...(Array.isArray(items) && { items: items.map(completeItem) }),
  };
}

function completeItem(item, at) {
  return { id: String(at), enabled: true, properties: {}, ...item };
}

/** Goes on with a snapshot, which may come from anywhere. */
function resume(runner, snapshot) {
  let resumed;
  try {
    resumed = readSnapshot(snapshot);
  } catch (cause) {
    return runner.log("the bootstrap cannot be used", cause);
  }
  runner.resume(resumed);
}

function readSnapshot(snapshot) {
  const { anonymousId, userId } = asObject(asObject(snapshot)["person"]);
  const wanted = readOptions({ userId });
  return {
    ...asServed(snapshot),
    ...wanted,
    id: asAnonymousId(anonymousId),
    owner: wanted.userId,
  };
}

function asAnonymousId(value) {
  const id = asString(value);
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new Nonsense("no anonymous id");
  return id;
}
