/* The numbers that this file goes by: kept in one place, where minifiers write each where it is used. */

const MOST_UNKNOWN = 20;
const LONGEST_UNKNOWN = 200;
const REPORT = "unknown";

const LONGEST_TIMER_MSEC = 2147483647;

const MOST_SPACES_REMEMBERED = 100;

const LONGEST_NAME = 256;
const LONGEST_KEY = 64;
const LONGEST_METADATA_VALUE = 1024;
const LONGEST_FIELD_VALUE = 4096;
const MOST_FIELDS = 100;

const STORAGE_TIMEOUT_MSEC = 500;
const IDENTITY = "identity";
/** There are so many names for events that whoever comes later finds them all without a list, which tabs would overwrite. */
const EVENT_PLACES = 64;

const SHORTEST_PAUSE_MSEC = 1000;
const LONGEST_PAUSE_MSEC = 60000;
/** After an answer such as 404 or 500, which may last: the network's return does not end it. */
const LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC = 300000;
const LONGEST_RETRY_AFTER_MSEC = 3600000;

/** A record that has more is not written again for every further event. */
const MOST_CHARACTERS_AGAIN = 16384;

const MOST_EVENTS_QUEUED = 1000;
const MOST_EVENTS_AT_ONCE = 100;
const MOST_BYTES_AT_ONCE = 524288;
const MOST_EVENT_BYTES = 32768;
const COLLECTING_MSEC = 1000;
const EVENTS_ALONE_MSEC = 5000;
/** As many as it takes to find one bad event among the most that are sent at once, and more. */
const MOST_REFUSALS_AT_ONCE = 10;
/** Browsers refuse more than 64 KiB under way with keepalive. */
const KEEPALIVE_BYTES = 61440;
const TOO_LARGE = 413;

const TIMEOUT_MSEC = 30000;
const ALONE_MSEC = 1000;

const MOST_UNKNOWN_LOGGED = 200;

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

/** Thrown and caught in here, for a value that cannot be used. */
class Nonsense extends Error {}

/** The message is for what an app gives; that of a server's answer nobody reads. */
function ensure(holds, message) {
  if (!holds) throw new Nonsense(message);
}

function asObject(value) {
  ensure(
    value && typeof value === "object" && !Array.isArray(value),
    "not an object",
  );
  return value;
}

function asArray(value) {
  ensure(Array.isArray(value));
  return value;
}

function asString(value) {
  ensure(typeof value === "string", "not a text");
  return value;
}

function asBoolean(value) {
  ensure(typeof value === "boolean");
  return value;
}

function asNumber(value) {
  ensure(Number.isFinite(value), "not a number");
  return value;
}

function asColor(wire) {
  const color = asObject(wire);
  const value = own(color, "value") ?? null;
  const opacity = asNumber(own(color, "opacity") ?? 1);
  ensure(value === null || /^#[0-9a-f]{6}$/i.test(asString(value)));
  ensure(opacity >= 0 && opacity <= 1);
  return Object.freeze({ value, opacity });
}

function asDate(value) {
  const text = asString(value);
  const date = new Date(text);
  ensure(/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && !isNaN(+date));
  return date;
}

/** How the types of properties are read. */
const READERS = {
  text: asString,
  image: asString,
  number: asNumber,
  toggle: asBoolean,
  color: asColor,
  date: asDate,
  list: (value) => Object.freeze(asArray(value).map(asString)),
  select(value, options) {
    ensure(value === "" || options.includes(value));
    return value;
  },
};

function own(object, key) {
  return {}.hasOwnProperty.call(object, key) ? object[key] : undefined;
}

/** Such as `homepage.body[1].layout: "tall"`. */
function unknownEntry(place, value) {
  const write = (value) => JSON.stringify(value) ?? "missing";
  const text = readOr(write, value, "too deep", place, () => {});
  // Not what nobody sees, or what would be a line of its own in a log.
  return `${place}: ${text}`
    .slice(0, LONGEST_UNKNOWN)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
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
function readProperties({ rules, defaults }, wire, place, note) {
  const given = readOr(asObject, wire, null, `${place}.properties`, note);
  const properties = {};
  for (const [member, rule] of Object.entries(rules)) {
    const { key = member, type, options = [] } = rule;
    const value = given && own(given, key);
    const otherwise = defaults[member];
    properties[member] =
      value === null
        ? otherwise
        : readOr(
            (wire) => READERS[type](wire, options),
            value,
            otherwise,
            `${place}.${key}`,
            note,
          );
  }
  return Object.freeze(properties);
}

/** The type, its defaults guarded against change. */
function guarded(type) {
  Object.values(type.defaults).forEach(Object.freeze);
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

function after(milliseconds, call) {
  const msec = Math.min(Math.max(0, milliseconds), LONGEST_TIMER_MSEC);
  return clock.setTimeout(call, msec);
}

/** The same, but a program may end before it comes. */
function afterIfStillThere(milliseconds, call) {
  const timer = after(milliseconds, call);
  timer?.unref?.();
  if (typeof timer === "number") platform.Deno?.unrefTimer?.(timer);
  return timer;
}

/** Whether one person looks at what is shown here. Elsewhere, on a server, it may be many. */
function hasPage() {
  return !!platform.document || platform.navigator?.product === "ReactNative";
}

/** In Node: whether nothing but that many requests keeps the program running. */
function aloneWith(requests) {
  const kinds = platform.process?.getActiveResourcesInfo?.() ?? [];
  // Not the standard streams.
  const others = kinds.filter((kind) => !/^(Pipe|TTY)Wrap$/.test(kind));
  return (
    others.length > 0 &&
    others.length <= requests &&
    others.every((kind) => /^(TCPSocket|TLS|GetAddrInfoReq)Wrap$/.test(kind))
  );
}

/** Tells the developer; never throws, whatever the console and the cause are. */
function report(message, cause) {
  try {
    const text = `mtribes: ${message}`;
    if (cause === undefined) platform.console?.error(text);
    else platform.console?.error(`${text}:`, cause);
  } catch {
    // There is nobody left to tell.
  }
}

/** A random UUID, version 4. That of the platform is much faster; a page without TLS has none. */
function newId() {
  const crypto = platform.crypto;
  if (crypto?.randomUUID) return crypto.randomUUID();
  const bytes = crypto?.getRandomValues?.(new Uint8Array(36));
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, (_, at) =>
    ((bytes?.[at] ?? Math.random() * 256) & 15).toString(16),
  );
}

/** Where the platform has none, nothing that is under way can be cut, but its answer is not waited for. */
function newAborter() {
  return platform.AbortController ? new platform.AbortController() : {};
}

/** A worker forbids to cut what another request has begun; that its answer is not waited for is enough. */
function abort(aborter) {
  try {
    aborter?.abort?.();
  } catch {
    // It ends by itself.
  }
}

/** One for all Spaces, since each slows every asynchronous step of the program. */
let context;

/** The caller of this moment; all that they do from here on is theirs, where the platform has such: Node, Bun, Deno. */
function enterCaller(of) {
  const caller = { of };
  if (context === undefined) {
    const module = platform.process?.getBuiltinModule?.("node:async_hooks");
    context = module?.AsyncLocalStorage ? new module.AsyncLocalStorage() : null;
  }
  const others = callersHere().filter((other) => other.of !== of);
  context?.enterWith([...others.slice(-MOST_SPACES_REMEMBERED), caller]);
  return caller;
}

function callersHere() {
  return context?.getStore() ?? [];
}

/** The text as it can be sent and stored. */
function storable(text) {
  // NUL, and halves of surrogate pairs: no server stores them.
  return text.replace(/[\0\p{Cs}]/gu, "\ufffd");
}

/** The text of a scalar; an error for anything else, whatever it does when it is looked at. */
function scalarText(value) {
  if (typeof value === "number") return String(asNumber(value));
  const isScalar = /^(boolean|bigint)$/.test(typeof value);
  return isScalar ? String(value) : storable(asString(value));
}

function ensureLength(text, most) {
  ensure(text.length <= most, `longer than ${most} characters`);
  return text;
}

/** How a value is called in a message. */
function describe(value) {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, LONGEST_KEY))
    : typeof value;
}

function asEventName(name) {
  const text = ensureLength(asString(name), LONGEST_NAME);
  // Category and action; the prefixes are reserved.
  ensure(
    /^(?!(mtribes|___UI|sdk)\/)[^/\p{Cc}]+\/[^/\p{Cc}]+$/u.test(text),
    "not category/action, or reserved",
  );
  return storable(text);
}

/** What has a value, in order of key: by its own key, or as one of three pairs. */
function readMetadata(metadata) {
  const given = asObject(metadata || {});
  const read = [];
  for (const name of Object.keys(given).sort()) {
    const pair = /^pair[123]$/.test(name)
      ? given[name]
      : { key: name, value: given[name] };
    const { key, value } = pair ?? {};
    if (isNothing(value)) continue;
    const text = ensureLength(scalarText(key), LONGEST_KEY);
    ensure(
      text && read.length < 3 && !read.some((other) => other.key === text),
      "an empty or repeated key, or more than 3",
    );
    read.push({
      key: text,
      value: ensureLength(scalarText(value), LONGEST_METADATA_VALUE),
    });
  }
  return read.length > 0 ? read : undefined;
}

function isNothing(value) {
  return value === undefined || value === null;
}

function readOptions(options, attempt) {
  const { userId, userSignature, fields } = asObject(options ?? {});
  return {
    userId: (userId ?? "") === "" ? null : asUserId(userId),
    userSignature:
      (userSignature ?? "") === ""
        ? undefined
        : storable(asString(userSignature)),
    fields: readFields(fields, attempt),
  };
}

function asUserId(value) {
  const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
  const text = isWhole ? String(value) : asString(value);
  ensure(
    // Reserved ids, what cannot be stored, control characters, and what nobody sees at an edge.
    Array.from(text).length <= LONGEST_NAME &&
      !/^(|\.\.?|[a-z]{3}_[^\W_]{22})$|[\p{Cc}\p{Cs}]|^[\p{Z}\p{Cf}]|[\p{Z}\p{Cf}]$/u.test(
        text,
      ),
    "not a usable userId",
  );
  return text;
}

/** The fields that can be sent, if any; of the others a log line tells. */
function readFields(fields, attempt) {
  const read = [];
  attempt("all fields are left out", () => {
    const given = asObject(fields ?? {});
    for (const name of Object.keys(given)) {
      attempt(`the field ${describe(name)} is left out`, () => {
        const value = readField(given[name]);
        if (isNothing(value)) return;
        ensure(name && read.length < MOST_FIELDS, "no name, or too many");
        read.push([storable(ensureLength(name, LONGEST_KEY)), value]);
      });
    }
  });
  return read.length > 0 ? Object.fromEntries(read) : undefined;
}

function readField(value) {
  if (isNothing(value) || typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "bigint") {
    return asNumber(Number(value));
  }
  return ensureLength(storable(asString(value)), LONGEST_FIELD_VALUE);
}

/** What an app sees of the layers. */
function makeEntity(layers, content, rest) {
  const { read, fallback, initial, onChange } = layers;
  return Object.freeze({
    ...rest,
    get enabled() {
      return read().enabled;
    },
    get state() {
      return read();
    },
    get fallback() {
      return fallback();
    },
    get initial() {
      return initial();
    },
    onChange,
    get [content]() {
      return read()[content];
    },
  });
}

function readExperience(type, wire, place, otherwise, note) {
  const state = asObject(wire);
  return Object.freeze({
    enabled: readEnabled(state, otherwise, place, note),
    properties: readProperties(type, state["properties"], place, note),
  });
}

function readEnabled({ enabled }, otherwise, place, note) {
  return readOr(asBoolean, enabled, otherwise, `${place}.enabled`, note);
}

/** The items of a section; those of a kind that this code was generated without are left out. */
function readSection(space, supports, wire, entity, otherwise, note) {
  const state = asObject(wire);
  const list = readOr(asArray, state["items"], null, `${entity}.items`, note);
  const items = list?.map((item, at) =>
    readItem(space, entity, supports, item, `${entity}[${at}]`, note),
  );
  return Object.freeze({
    enabled: readEnabled(state, otherwise.enabled, entity, note),
    items: Object.freeze(items?.filter(Boolean) ?? otherwise.items),
  });
}

/** Null for an item that cannot be shown. */
function readItem(space, entity, supports, value, place, note) {
  const wire = readOr(asObject, value, null, place, note);
  if (!wire) return null;
  const { id, experience } = wire;
  const type = supports.find(({ kind }) => kind === experience);
  if (!type) note(`${place}.experience`, experience);
  else if (typeof id !== "string") note(`${place}.id`, id);
  else {
    const { kind, defaults } = type;
    const data = { item: id, experience };
    return Object.freeze({
      kind,
      id,
      ...readExperience(type, wire, place, false, note),
      defaults,
      track: (name, pairs) => space.record(name, pairs, { entity, data }),
    });
  }
  return null;
}

function makeListeners(name, attempt, first) {
  const failed = `a listener of ${name} failed`;
  const all = new Set();
  let told;
  return {
    onChange(call) {
      const listener = { call };
      attempt(failed, () => {
        ensure(typeof call === "function", "not a function");
        all.add(listener);
      });
      return () => void all.delete(listener);
    },
    announce(state) {
      const known = told ?? first();
      told = state;
      if (equal(state, known)) return;
      for (const listener of Array.from(all)) {
        if (told !== state) return;
        if (all.has(listener)) attempt(failed, listener.call);
      }
    },
  };
}

function makeLayers(space, entity, parse, readFallback) {
  /** What the server sent for a state. */
  const wires = new WeakMap();
  let made;
  let first;
  let locked;
  let latest;
  let before;
  let unknown = [];

  const fallback = () => made ?? (made = readFallback());
  const current = () => locked ?? latest ?? before ?? fallback();
  const note = (place, value) => {
    if (value === undefined && space.isTest()) return;
    if (unknown.length < MOST_UNKNOWN) unknown.push(unknownEntry(place, value));
  };
  const { onChange, announce } = makeListeners(entity, space.attempt, fallback);
  return {
    fallback,
    initial: () => (!space.isHidden() && first) || fallback(),
    read() {
      if (space.isHidden()) return fallback();
      const state = current();
      if (space.isLocking()) locked = state;
      return state;
    },
    onChange,
    unknown: () => unknown,
    wire: () => wires.get(current()),
    serve(wire) {
      unknown = [];
      const read = (value) => parse(value, fallback(), note);
      const state = readOr(read, wire, null, entity, note);
      const shown = current();
      latest = equal(state, shown) ? shown : state;
      before = null;
      if (latest) wires.set(latest, wire);
    },
    begin() {
      first = current();
    },
    keep() {
      before = locked ?? latest ?? before;
      locked = latest = null;
    },
    unlock() {
      locked = null;
    },
    drop() {
      latest = before = null;
      // Who was served the same may have had more than this code knows.
      if (made) wires.delete(made);
      unknown = [];
    },
    announce: () => announce(current()),
  };
}

function equal(one, other) {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function makeStore(spaceKey, client, log) {
  let used = false;
  let isLate = false;

  /** Merely to ask for `localStorage` throws where it is forbidden. That of a server would be one for all people. */
  const attempt = (name, use, take, failed) => {
    try {
      const place = client.storage ?? (hasPage() && platform.localStorage);
      const result = place && use(place, `mtribes.${spaceKey}.${name}`);
      if (typeof result?.then !== "function") return take(result);
      const work = Promise.resolve(result).then(take);
      return sooner(
        work.catch(() => failed),
        STORAGE_TIMEOUT_MSEC,
        () => {
          if (!isLate) log("storage does not answer");
          isLate = true;
          return failed;
        },
      );
    } catch {
      return failed;
    }
  };
  const done = () => true;

  const store = {
    read(name) {
      used || (used = client.tracking && name === IDENTITY);
      return attempt(
        name,
        (place, key) => place.getItem(key),
        (text) => (text && typeof text === "string" ? text : null),
        null,
      );
    },
    write(name, text) {
      used || (used = client.tracking);
      const use = (place, key) => place.setItem(key, text);
      if (!client.tracking) return false;
      // Consent may be withdrawn while asynchronous storage writes.
      return proceed(attempt(name, use, done, false), (written) =>
        client.tracking ? written : store.remove(name),
      );
    },
    remove(name) {
      const use = (place, key) =>
        place.removeItem ? place.removeItem(key) : place.setItem(key, "");
      return attempt(name, use, done, false);
    },
    clear() {
      for (let at = -1; used && at < EVENT_PLACES; at += 1) {
        const name = at < 0 ? IDENTITY : eventsName(at);
        void proceed(store.read(name), (text) => text && store.remove(name));
      }
    },
  };
  return store;
}

function eventsName(place) {
  return `events.${place}`;
}

/** Goes on with a value: at once, where it is there at once. */
function proceed(value, call) {
  return value instanceof Promise ? value.then(call) : call(value);
}

/** Waits for the work, but no longer than that. */
function sooner(work, milliseconds, otherwise) {
  return new Promise((resolve, reject) => {
    const timer = after(milliseconds, () => resolve(otherwise()));
    void work.then(resolve, reject).then(() => clock.clearTimeout(timer));
  });
}

function keepIdentity(store, client) {
  let inMemory;
  /** Whether the identity in memory could not be stored, so that what is stored is an older one. */
  let unsaved = false;
  let reading;
  /** The asynchronous storage that was read: once is enough, for no other page writes to it. */
  let source;

  const save = (identity) => {
    inMemory = identity;
    unsaved = true;
    const text = JSON.stringify(identity);
    const write = () => store.write(IDENTITY, text);
    // What is stored of somebody else must go, even where there is no room for more.
    const again = (removed) => removed && write();
    const saved = proceed(
      write(),
      (written) =>
        written ||
        proceed(
          store.read(IDENTITY),
          (found) => found !== null && proceed(store.remove(IDENTITY), again),
        ),
    );
    void proceed(saved, (written) => {
      if (inMemory === identity) unsaved = !written;
    });
    return identity;
  };

  const keep = () => inMemory && save(inMemory);

  const take = (text) => {
    const stored = text && parseIdentity(text);
    if (stored) inMemory = stored;
    else keep();
  };

  const ready = () => {
    const { storage } = client;
    if (reading || unsaved || source === storage) return reading;
    const text = store.read(IDENTITY);
    if (text instanceof Promise) {
      reading = text.then((text) => {
        reading = undefined;
        source = storage;
        take(text);
      });
    } else take(text);
    return reading;
  };

  const current = () => {
    void ready();
    return inMemory ?? save({ id: newId(), owner: null });
  };

  return {
    ready,
    current,
    begin(userId) {
      const { id, owner } = current();
      if (owner === userId) return { id, owner };
      return save({ id: owner === null ? id : newId(), owner: userId });
    },
    adopt: save,
    keep,
    forget() {
      inMemory = undefined;
      source = undefined;
    },
  };
}

/** Null for what is none. */
function parseIdentity(text) {
  try {
    const { id, owner } = asObject(JSON.parse(text));
    return {
      id: asAnonymousId(id),
      owner: owner === null ? null : asString(owner),
    };
  } catch {
    return null;
  }
}

function asAnonymousId(value) {
  ensure(/^[0-9a-f-]{36}$/.test(asString(value)));
  return value;
}

function makePauses() {
  const hurrying = new Set();
  return {
    afterFailure(failures, { status, retryAfterMsec }, call) {
      const least = Math.max(SHORTEST_PAUSE_MSEC, retryAfterMsec);
      const longest = status
        ? LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC
        : LONGEST_PAUSE_MSEC;
      const most = Math.max(least, backOffMsec(failures, longest));
      const began = clock.now();
      const cancel = () => {
        hurrying.delete(hurry);
        clock.clearTimeout(timer);
      };
      const end = () => {
        cancel();
        call();
      };
      const hurry = () => {
        clock.clearTimeout(timer);
        const passed = Math.max(0, clock.now() - began);
        timer = afterIfStillThere(least - passed, end);
      };
      let timer = afterIfStillThere(most, end);
      hurrying.add(hurry);
      return cancel;
    },
    hurry: () => hurrying.forEach((hurry) => hurry()),
  };
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

function keepEvents(store) {
  const changed = new Set();
  let open;
  let place = Math.floor(clock.random() * EVENT_PLACES);
  /** Whether asynchronous storage has not answered yet. */
  let busy = false;

  const save = () => {
    const [record] = changed;
    if (busy || !record) return;
    changed.delete(record);
    busy = true;
    void proceed(keep(record, EVENT_PLACES), () => {
      busy = false;
      save();
    });
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
        if (whose !== destination) return;
        const events = kept.filter(isEvent);
        const news = events.filter((line) => !lines.has(line));
        const record = newRecord(destination, at, text);
        if (events.length === 0) change(record);
        if (news.length === 0) return;
        for (const line of news) found.push(join(record, newQueued(line)));
        if (!open || record.characters < open.characters) open = record;
      });
      return found;
    },
  };
}

/** Not of what others have written there, which would be in the way of events. */
function isEvent(line) {
  try {
    return (
      countBytes(line) <= MOST_EVENT_BYTES && !!asObject(JSON.parse(line))["id"]
    );
  } catch {
    return false;
  }
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

/** In UTF-8, without what not every platform has. */
function countBytes(text) {
  const halfway = text.replace(/[\u0080-\u07ff\ud800-\udfff]/g, "xx");
  return halfway.replace(/[\u0800-\uffff]/g, "xxx").length;
}

function makeEvents(sender, pauses, store, client, log) {
  const kept = keepEvents(store);
  const leaving = new Set();
  let waiting = [];
  let atOnce = MOST_EVENTS_AT_ONCE;
  let failures = 0;
  let refusals = 0;
  let overflows = false;
  let closed = false;
  let cancel;
  let sending;
  /** Where the events of earlier pages belong that are here. */
  let restored = "";
  const queue = {
    finish: () => failures || void flush(),
    save: () => kept.save(),
  };

  /** Events that were recorded before there was a key are for the first. */
  const claim = () => {
    const destination = sender.destination();
    for (const event of waiting) {
      if (destination && !event.record) kept.add(event, destination);
    }
  };

  /** Ends a pause. */
  const wake = () => {
    cancel?.();
    cancel = undefined;
  };

  const collect = () => {
    const over = waiting.length - MOST_EVENTS_QUEUED;
    if (over > 0) {
      waiting.splice(0, over).forEach(kept.drop);
      if (!overflows) {
        log(`dropped events: more than ${MOST_EVENTS_QUEUED} wait`);
      }
      overflows = true;
    }
    if (closed || waiting.length === 0) return;
    ending.add(queue);
    if (cancel || sending) return;
    const wait = listenForTheEnd() ? afterIfStillThere : after;
    const timer = wait(COLLECTING_MSEC, () => void flush());
    cancel = () => clock.clearTimeout(timer);
  };

  /** Takes over what earlier pages and programs could not send to where this one sends. */
  const restore = async () => {
    await null; // An app may go on to say where the server is, or that nothing is tracked.
    const destination = sender.destination();
    if (!destination || !client.tracking || restored === destination) return;
    restored = destination;
    claim();
    const texts = await kept.read();
    if (restored !== destination) return;
    waiting = [...kept.adopt(texts, destination, waiting), ...waiting];
    collect();
  };

  /** The oldest events that are for where it sends now, have not left yet, and fit. */
  const next = (most = atOnce, room = MOST_BYTES_AT_ONCE) => {
    const destination = sender.destination();
    return waiting.filter((event) => {
      const isHere = destination && event.record?.destination === destination;
      const size = event.bytes + 1;
      if (!isHere || leaving.has(event) || size > room || most < 1)
        return false;
      room -= size;
      most -= 1;
      return true;
    });
  };

  const post = (batch, keepalive = false) => {
    const body = `[${batch.map(({ text }) => text).join(",")}]`;
    return sender.send("/events", body, undefined, keepalive);
  };

  const forget = (events) => {
    const gone = new Set(events);
    events.forEach(kept.drop);
    waiting = waiting.filter((event) => !gone.has(event));
  };

  /** Some bad events have a whole batch refused: drop those that are named, or find them by halves. */
  const refuse = (batch, { text }) => {
    const named = namedEvents(text);
    const bad = batch.filter((_, at) => named.has(at) || batch.length === 1);
    if (bad.length === 0) {
      atOnce = Math.ceil(batch.length / 2);
      return;
    }
    const names = bad.map(nameOf).join(", ").slice(0, LONGEST_UNKNOWN);
    const told = text.slice(0, LONGEST_UNKNOWN);
    log(`refused events: ${bad.length}, such as ${names}: ${told}`);
    forget(bad);
  };

  const send = async () => {
    for (let batch = next(); batch.length > 0 && !cancel; batch = next()) {
      const reply = await post(batch);
      let failed = 0;
      if (succeeded(reply)) {
        forget(batch);
        atOnce = MOST_EVENTS_AT_ONCE;
        refusals = 0;
        overflows = false;
      } else if (isRefusal(reply)) {
        refuse(batch, reply);
        failed = ++refusals > MOST_REFUSALS_AT_ONCE ? 1 : 0;
      } else failed = failures + 1;
      failures = failed;
      if (failed)
        cancel = pauses.afterFailure(failed, reply, () => void flush());
    }
    sending = undefined;
    if (waiting.length === 0) ending.delete(queue);
  };

  const flush = async () => {
    wake();
    claim();
    if (sending) return sending;
    void restore();
    if (next().length > 0) return (sending = send());
  };

  const leave = () => {
    kept.save(waiting);
    const under = sizeOf(leaving);
    const batch = next(MOST_EVENTS_QUEUED, KEEPALIVE_BYTES - under);
    if (batch.length === 0) return;
    batch.forEach((event) => leaving.add(event));
    void post(batch, true).then((reply) => {
      batch.forEach((event) => leaving.delete(event));
      if (succeeded(reply)) {
        forget(batch);
        leave();
      }
      collect();
    });
  };

  return {
    flush,
    leave,
    add(event) {
      if (!client.tracking) return;
      const queued = newQueued(JSON.stringify(event));
      ensure(
        queued.bytes <= MOST_EVENT_BYTES,
        `more than ${MOST_EVENT_BYTES} bytes`,
      );
      waiting.push(queued);
      claim();
      collect();
    },
    restore,
    drop() {
      wake();
      waiting = [];
      restored = "";
      kept.clear();
    },
    async close() {
      closed = true;
      await flush();
      wake();
      ending.delete(queue);
      const left = waiting.length;
      if (left > 0) log(`${left} event(s) could not be sent`);
    },
  };
}

const ending = new Set();
let isTold;

/** Whether the platform tells before a program ends, as Node does: then no timer need keep it running. */
function listenForTheEnd() {
  const process = platform.process;
  if (isTold === undefined && process?.on) {
    process.on("beforeExit", () => ending.forEach(({ finish }) => finish()));
    process.on("exit", () => ending.forEach(({ save }) => save()));
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
    for (const { path } of JSON.parse(text).errors) {
      const place = /^\[?(\d+)/.exec(path);
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

/** The last three are called after their part of it was changed. */
function makeClient(host, log, keyChanged, lockChanged, trackingChanged) {
  let apiKey = "";
  let waitTimeMsec = 1200;
  let sessionLock = true;
  let tracking = true;
  return {
    appVersion: "",
    appBuild: "",
    fetch: null,
    logger: null,
    storage: null,
    get host() {
      return host;
    },
    set host(url) {
      if (typeof url === "string") host = url.replace(/\/+$/, "");
      else log("client.host must be a URL");
    },
    get waitTimeMsec() {
      return waitTimeMsec;
    },
    set waitTimeMsec(milliseconds) {
      if (typeof milliseconds === "number" && milliseconds >= 0) {
        waitTimeMsec = milliseconds;
      } else log("client.waitTimeMsec must be a number of milliseconds");
    },
    get sessionLock() {
      return sessionLock;
    },
    set sessionLock(lock) {
      sessionLock = Boolean(lock);
      lockChanged();
    },
    get tracking() {
      return tracking;
    },
    set tracking(on) {
      if (tracking === Boolean(on)) return;
      tracking = !tracking;
      trackingChanged();
    },
    // The last, since options are taken in this order: all else is there when the key is.
    get apiKey() {
      return apiKey;
    },
    set apiKey(key) {
      apiKey = typeof key === "string" ? key.trim() : "";
      keyChanged();
    },
  };
}

/** What an app says of itself, as far as that can be sent. On which system React Native runs, only modules of its own tell. */
function readApp(client, attempt) {
  const read = (name) =>
    attempt(
      `client.${name} is left out`,
      () => ensureLength(scalarText(client[name]), LONGEST_KEY) || undefined,
    );
  return {
    version: read("appVersion"),
    build: read("appBuild"),
    platform: platform.document ? "browser" : hasPage() ? "other" : "server",
  };
}

const NO_ANSWER = { status: 0, text: "", retryAfterMsec: 0 };

function makeSender(client) {
  let underWay = 0;

  const ask = async (path, options) => {
    const fetch = client.fetch ?? platform.fetch;
    if (!fetch) return NO_ANSWER;
    const answer = await fetch(`${client.host}/api/client${path}`, options);
    return {
      text: asString(await answer.text()),
      status: asNumber(answer.status),
      retryAfterMsec: readRetryAfterMsec(answer.headers?.get("Retry-After")),
    };
  };

  return {
    destination: () =>
      client.apiKey && JSON.stringify([client.apiKey, client.host]),
    send: (path, body, aborter, keepalive = false) =>
      new Promise((resolve) => {
        underWay += 1;
        const cutter = aborter ?? newAborter();
        const finish = (reply) => {
          clock.clearTimeout(timer);
          clock.clearTimeout(watching);
          resolve(reply);
        };
        const cut = (reply) => {
          finish(reply);
          abort(cutter);
        };
        // Once requests are all that keeps a program of Node's running.
        const look = () => {
          if (!aloneWith(underWay))
            watching = afterIfStillThere(ALONE_MSEC, look);
          else cut(body ? NO_ANSWER : { ...NO_ANSWER, status: 204 });
        };
        const timer = afterIfStillThere(
          Math.max(
            body ? TIMEOUT_MSEC : CHANGES_TIMEOUT_MSEC,
            client.waitTimeMsec,
          ),
          () => cut(NO_ANSWER),
        );
        let watching =
          platform.process?.getActiveResourcesInfo &&
          afterIfStillThere(aborter ? ALONE_MSEC : EVENTS_ALONE_MSEC, look);
        void ask(path, {
          method: body ? "POST" : "GET",
          headers: {
            Accept: "application/json",
            Authorization: `Bearer ${client.apiKey}`,
            ...(body && { "Content-Type": "application/json" }),
          },
          ...(body && { body }),
          // What outlives its page is not cut.
          ...(keepalive ? { keepalive } : { signal: cutter.signal }),
        })
          .catch(() => NO_ANSWER)
          .then((reply) => {
            underWay -= 1;
            finish(reply);
          });
      }),
  };
}

function sessionState(status, failure, revision) {
  return Object.freeze({ status, failure, revision });
}

const IDLE = /* @__PURE__ */ sessionState("idle", null, null);
/** What is told to those who were refused. */
const REFUSED = /* @__PURE__ */ sessionState("fallback", "in-use", null);

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
    revision: scalarText(revision),
    states: asObject(states),
  };
}

function failureOf(reply) {
  if (reply.status === 0) return "network";
  if (reply.status >= 500) return "server";
  return reply.status >= 400 ? "refused" : "nonsense";
}

/** All of an event but whom it is of. */
function readEvent(name, metadata, place) {
  const timestamp = new Date(clock.now()).toISOString();
  return {
    id: newId(),
    name: asEventName(name),
    // A clock that was never set: the time of arrival is nearer.
    timestamp: /^2\d{3}-/.test(timestamp) ? timestamp : undefined,
    ...place,
    metadata: readMetadata(metadata),
  };
}

/** Whom the server is told of. */
function personOf({ anonymousId, userId, userSignature }) {
  return {
    anonymous_id: anonymousId,
    ...(userId && { external_id: userId, user_signature: userSignature }),
  };
}

/**
 * What could not be used and the server has not been told of: a line for whose
 * it is, and one an entry. It is one for all Spaces of the program, since a
 * server makes one for each request, which starts one session and no more.
 */
let untold = "";

/** `whose` names the code and the destination: others drop it. */
function keepReport(store, client, whose) {
  /** Only then has there been consent, and anything of this Space. */
  let isLoaded;
  return {
    list() {
      if (!isLoaded && client.tracking) {
        isLoaded = true;
        void proceed(store.read(REPORT), (left) => {
          // Nothing of this kind is what others have written there.
          if (/\n/.test(left)) untold = untold || left;
        });
      }
      const [mark, ...entries] = untold.split("\n");
      return mark === whose() ? entries : [];
    },
    put(entries) {
      const all = Array.from(new Set(entries)).slice(0, MOST_UNKNOWN);
      const text = all[0] ? [whose(), ...all].join("\n") : "";
      if (!isLoaded || text === untold) return;
      untold = text;
      void (text ? store.write(REPORT, text) : store.remove(REPORT));
    },
  };
}

function makeRunner(spaceKey, host, code, entities) {
  let state = IDLE;
  let initial = IDLE;
  let revision = null;
  let run;
  /** Who was started last, and has not ended: there is no run yet while storage is read. */
  let expected;
  /** Grows with each start and end: whatever began before is over. */
  let turn = 0;
  let aborter;
  let cancelRetry;
  /** What a test says that is served; then there is no server. */
  let states;
  /** Nobody is known to be there, so nothing may be tracked. */
  let mute = false;
  /** Nobody is served until the end of the session is declared. */
  let inUse = false;
  /** On a server: somebody has started and not ended. */
  let occupied = false;
  let ended = false;
  /** Whose start the present run is. */
  let caller;
  /** The server has refused what sessions say besides: then they start without it. */
  let isBare;
  const logged = new Set();
  let stopWatching;
  let closing;
  let closedLogged = false;

  const log = (message, cause) => {
    // Of an error of our own the message is enough.
    if (cause instanceof Nonsense) cause = cause.message;
    try {
      const told = (client.logger ?? report)(message, cause);
      // One that sends messages elsewhere may fail later.
      void Promise.resolve(told).catch(() => {});
    } catch {
      report(message, cause);
    }
  };

  const attempt = (what, call) => {
    try {
      return call();
    } catch (cause) {
      return void log(what, cause);
    }
  };

  /** Stands for this Space among its callers. */
  const self = {};
  const pauses = makePauses();
  const { onChange, announce } = makeListeners("session", attempt, () => IDLE);

  /** Whether nobody else can be here: in a page, in a test. */
  const isAlone = () => hasPage() || !!states;

  /** Whether who looks now was refused, so that what is served is somebody else's. */
  const isHidden = () =>
    occupied && callersHere().some(({ of, refused }) => of === self && refused);

  /** Whether all is over; who does not know it is told once. */
  const isClosed = () => {
    if (closing && !closedLogged) {
      closedLogged = true;
      log("the Space is closed");
    }
    return closing;
  };

  /** Says how it stands now: all of that is there before anybody is told of any of it. */
  const conclude = (status, failure) => {
    const news = sessionState(status, failure, revision);
    if (!equal(news, state)) state = news;
    entities.forEach((layers) => layers.announce());
    announce(state);
  };

  const keyChanged = () => {
    if (closing) return;
    void events.flush();
    if (run?.key === "") run.key = client.apiKey;
    const waits = state.failure === "missing-key" && sender.destination();
    if (run && waits) void prime(run);
  };

  const lockChanged = () => {
    const { status, failure } = state;
    follower.stop();
    if (!client.sessionLock) entities.forEach((layers) => layers.unlock());
    conclude(status, status === "served" ? null : failure);
    follow();
  };

  const trackingChanged = () => {
    if (client.tracking) {
      if (closing) return;
      identity.keep();
      noteUnknown();
      void events.restore();
    } else {
      store.clear();
      events.drop();
      unknownReport.put([]);
    }
  };

  const client = makeClient(
    host,
    log,
    keyChanged,
    lockChanged,
    trackingChanged,
  );
  const store = makeStore(spaceKey, client, log);
  const identity = keepIdentity(store, client);
  const sender = makeSender(client);
  const unknownReport = keepReport(
    store,
    client,
    () => code.hash + sender.destination(),
  );
  const events = makeEvents(sender, pauses, store, client, log);

  /** Asks for a session for the run. */
  const ask = async (run, aborter) => {
    const { fields } = run;
    const told = client.tracking ? unknownReport.list() : [];
    const unknown = told[0] && told;
    const app = readApp(client, attempt);
    const body = JSON.stringify({
      ...personOf(run),
      fields,
      ...(!isBare && { code, app, unknown }),
    });
    const reply = await sender.send("/sessions", body, aborter);
    const isRefused = [400, 413, 422].includes(reply.status);
    if (isRefused) isBare = !isBare;
    if (unknown && (isRefused || readServed(reply))) unknownReport.put([]);
    return reply;
  };

  /** Takes an answer; null: nothing is new. What a whole session's answer does not name falls back. */
  const take = (run, served) => {
    if (served) {
      const { session, states } = served;
      run.session = session ?? run.session;
      revision = run.revision = served.revision;
      entities.forEach((layers, entity) => {
        const wire = own(states, entity);
        if (wire !== undefined) layers.serve(wire);
        else if (session !== null) layers.drop();
      });
      noteUnknown();
    }
    conclude("served", null);
  };

  /** Says why changes do not come through; what was served stays. */
  const fail = (reply) => conclude(state.status, failureOf(reply));

  const follower = makeFollower(client, sender, pauses, ask, take, fail);

  const listUnknown = () => {
    const lists = Array.from(entities.values(), (layers) => layers.unknown());
    return lists.flat().slice(0, MOST_UNKNOWN);
  };

  /** What this code cannot use is logged once, and told to the server when the next session starts. */
  const noteUnknown = () => {
    const unknown = listUnknown();
    if (client.tracking && !states)
      unknownReport.put([...unknownReport.list(), ...unknown]);
    const news = unknown.filter((entry) => !logged.has(entry));
    if (news.length === 0 || logged.size > MOST_UNKNOWN_LOGGED) return;
    news.forEach((entry) => logged.add(entry));
    log(`this code cannot use ${news.join("; ")}`);
  };

  const follow = () => {
    if (run?.session && !client.sessionLock && !closing) follower.follow(run);
  };

  /** From the first use on, the page's end and the network's return are known. */
  const watch = () => {
    if (states) return;
    unknownReport.list();
    stopWatching ??
      (stopWatching = watchPage({ leave: events.leave, hurry: pauses.hurry }));
  };

  /** Asks for the state of every entity at once, later again where that fails. An answer counts unless the run is over. */
  const prime = async (run, failures = 1) => {
    const mine = turn;
    // One of its own, since a request that took too long has cut the one before.
    aborter = newAborter();
    const reply = await ask(run, aborter);
    if (turn !== mine) return;
    const served = readServed(reply);
    if (served?.session) {
      take(run, served);
      return follow();
    }
    const again = () => void prime(run, failures + 1);
    cancelRetry = pauses.afterFailure(failures, reply, again);
    const failure = failureOf(reply);
    const telling = failure === "refused" || failure === "nonsense";
    if (telling && failure !== state.failure) {
      log(`no session: ${failure}`, reply.status);
    }
    conclude("fallback", failure);
  };

  /** Ends all that is under way. */
  const halt = () => {
    turn += 1;
    follower.stop();
    abort(aborter);
    cancelRetry?.();
  };

  const reset = () => {
    revision = null;
    entities.forEach((layers) => {
      layers.unlock();
      layers.drop();
    });
  };

  const fallBack = (failure) => {
    reset();
    conclude("fallback", failure);
  };

  /** Whether this Space already serves somebody else. Of two visitors on a server nobody knows that they are one. */
  const isTaken = (wanted) => {
    if (!occupied || isAlone()) return false;
    const same = wanted && run?.userId === wanted.userId;
    return !same || (run?.userId === null && !client.storage);
  };

  const refuse = (newcomer) => {
    if (!inUse) {
      log(
        "another person's session has not ended: call session.end() first, or createSpace() for each request",
      );
    }
    if (newcomer) newcomer.refused = true;
    if (caller) caller.refused = true;
    mute = inUse = true;
    stop();
    fallBack("in-use");
  };

  const stop = () => {
    halt();
    run = expected = undefined;
  };

  const enter = (wanted, anonymousId) =>
    (run = {
      ...wanted,
      anonymousId,
      key: client.apiKey,
      session: null,
      revision: "",
    });

  /** What the same person sees stays until there is something newer. */
  const prepare = (isSame) => {
    if (isSame) entities.forEach((layers) => layers.keep());
    else reset();
    conclude("starting", null);
  };

  /** A visitor who has signed in is another person; so is everybody in another environment. */
  const begin = async (wanted, before) => {
    const mine = turn;
    const { userId } = wanted;
    if (states) {
      const served = { session: null, revision: "test", states };
      return take(enter(wanted, newId()), served);
    }
    if (ended) identity.forget();
    ended = false;
    const isSameUser =
      before?.userId === userId && before.key === client.apiKey;
    const ready = identity.ready();
    if (ready) {
      prepare(isSameUser);
      await ready;
      if (turn !== mine) return;
    }
    const { id } = identity.begin(userId);
    const entered = enter(wanted, id);
    if (!ready) {
      prepare(isSameUser && (userId !== null || before.anonymousId === id));
    }
    if (turn !== mine) return;
    if (sender.destination()) return prime(entered);
    log("client.apiKey is not set, so fallbacks are served");
    conclude("fallback", "missing-key");
  };

  const start = async (options) => {
    if (isClosed()) return;
    watch();
    const newcomer = isAlone() ? undefined : enterCaller(self);
    const wanted = attempt("a session cannot be started with that", () =>
      readOptions(options, attempt),
    );
    if (isTaken(wanted)) return refuse(newcomer);
    const before = run;
    stop();
    caller = newcomer;
    occupied = !isAlone();
    mute = !wanted;
    expected = wanted;
    if (!wanted) return fallBack("refused");
    const mine = turn;
    await sooner(begin(wanted, before), client.waitTimeMsec, () => {
      const isWaiting = turn === mine && state.status === "starting";
      if (isWaiting) conclude("fallback", "timeout");
    });
  };

  const flush = async () => {
    if (closing) return closing;
    // Events that were tracked before it was known of whom come first.
    await identity.ready();
    return events.flush();
  };

  const end = async () => {
    if (closing) return closing;
    // Who was refused has no session to end, unless it is to have everybody served again.
    if (isHidden() && !inUse) return flush();
    stop();
    reset();
    mute = inUse = occupied = false;
    if (!hasPage()) {
      ended = true;
      identity.forget();
    }
    conclude("idle", null);
    return flush();
  };

  const close = async () => {
    halt();
    stopWatching?.();
    if (state.status === "starting") conclude("idle", null);
    await identity.ready();
    await events.close();
  };

  /** The person who is there now, or who was to be while storage was read. */
  const person = (wanted) => {
    if (run) return { ...personOf(run), session: run.session ?? undefined };
    if (!wanted) return { anonymous_id: identity.current().id };
    const { id } = identity.begin(wanted.userId);
    return personOf({ ...wanted, anonymousId: id });
  };

  const record = (name, pairs, place) => {
    if (isClosed() || mute || states || isHidden()) return;
    watch();
    const what = `the event ${describe(name)} is not recorded`;
    attempt(what, () => {
      const event = readEvent(name, pairs, place);
      const whose = expected;
      const add = () => events.add({ ...event, ...person(whose) });
      const ready = run ? null : identity.ready();
      if (ready) void ready.then(() => attempt(what, add));
      else add();
    });
  };

  const snapshot = () => {
    if (!run || revision === null || isHidden()) return null;
    const states = {};
    entities.forEach((layers, entity) => {
      const wire = layers.wire();
      if (wire !== undefined) states[entity] = wire;
    });
    const { session, anonymousId, userId } = run;
    return { session, revision, states, person: { anonymousId, userId } };
  };

  /** What is shown now is what the first rendering shows. */
  const settle = () => {
    initial = state;
    entities.forEach((layers) => layers.begin());
  };

  const shown = () => (isHidden() ? REFUSED : state);

  return {
    client,
    log,
    attempt,
    record,
    isHidden,
    isTest: () => !!states,
    isLocking: () => client.sessionLock && /served|fallback/.test(state.status),
    // Nothing may begin from here on, so this is set before anybody is told.
    close: () => closing ?? (closing = Promise.resolve().then(close)),
    session: {
      get status() {
        return shown().status;
      },
      get failure() {
        return shown().failure;
      },
      get revision() {
        return shown().revision;
      },
      get state() {
        return shown();
      },
      get initial() {
        return initial;
      },
      get unknown() {
        return isHidden() ? [] : listUnknown();
      },
      start,
      track: (name, pairs) => record(name, pairs),
      flush,
      end,
      onChange,
      snapshot,
      identify: (userId, fields) => start({ userId, fields }),
      anonymize: (fields) => start({ fields }),
    },
    resume({ id, owner, ...wanted }) {
      occupied = !isAlone();
      identity.adopt({ id, owner });
      take(enter(wanted, id), wanted);
      settle();
      watch();
      follow();
    },
    test(given) {
      states = given;
      sender.destination = () => "";
      void start();
      settle();
    },
  };
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
  if (isPageHidden()) return leavePage();
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

function isPageHidden() {
  return platform.document?.visibilityState === "hidden";
}

/** Hears what other tabs of the browser say under this name. Undefined where tabs cannot take turns: each is on its own. */
function openChannel(name, hear) {
  const Channels = platform.BroadcastChannel;
  if (!platform.document || !platform.navigator?.locks || !Channels)
    return undefined;
  try {
    const channel = new Channels(name);
    channel.onmessage = ({ data }) => hear(data);
    return channel;
  } catch {
    return undefined;
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

/** `begin` begins a session anew. */
function makeFollower(client, sender, pauses, begin, serve, fail) {
  let run;
  /** Of what is asked, or is about to be. */
  let aborter;
  /** Asks, while the turn to do so is waited for; 0: for an answer at once. */
  let send;
  let endTurn;
  let cancelPause;
  let stopWatching;
  let channel;
  let isAway = true;
  let patience = 0;
  /** For how long the server was to wait with the latest answer. */
  let waited = 0;
  /** When was asked or answered last. */
  let last = -Infinity;
  let isLost = false;
  /** Whether the session was begun anew, and has not lasted yet. */
  let isNew = false;
  let failures = 0;

  /** The server, as the tabs call it that ask it. */
  const place = () =>
    `mtribes.${client.host.replace(/^(\w+:\/+[^/]+).*/, "$1")}`;

  const endPause = () => {
    cancelPause?.();
    cancelPause = undefined;
  };

  const resume = () => {
    cancelPause = undefined;
    last = -Infinity;
    go();
  };

  const pause = (milliseconds, call = resume) => {
    const timer = afterIfStillThere(milliseconds, call);
    cancelPause = () => clock.clearTimeout(timer);
  };

  const show = () => {
    if (!isAway) return;
    isAway = false;
    patience = EAGER_MSEC;
    channel = openChannel(`${place()}.${client.apiKey}`, (revision) => {
      // Another tab has heard of a change.
      if (revision === run?.revision) return;
      patience = EAGER_MSEC;
      void send?.(0);
    });
    go();
  };

  const hide = () => {
    isAway = true;
    channel?.close();
    channel = undefined;
    if (!aborter) return;
    endPause();
    abort(aborter);
    aborter = send = undefined;
    endTurn?.(undefined);
  };

  /** Asks, unless that is under way or has to wait. */
  const go = () => {
    if (!run || isAway || aborter || cancelPause) return;
    const rest = last + SHORTEST_REST_MSEC - clock.now();
    if (rest > 0) return pause(Math.min(rest, SHORTEST_REST_MSEC));
    const [asked, mine] = [run, newAborter()];
    aborter = mine;
    if (isLost) last = clock.now();
    void (isLost ? begin(run, mine) : poll(run, mine)).then((reply) => {
      if (aborter !== mine) return;
      aborter = undefined;
      settle(asked, reply);
    });
  };

  /** Waits for its turn and then at the server, or at neither. */
  const poll = ({ session, revision }, aborter) =>
    new Promise((resolve) => {
      const ask = (waitSeconds) => {
        if (send !== ask) return undefined;
        send = undefined;
        endPause();
        patience = PATIENT_MSEC;
        waited = waitSeconds;
        last = clock.now();
        const path = `/sessions/${encodeURIComponent(session ?? "")}/changes`;
        const query = `since=${encodeURIComponent(revision)}&wait=${waitSeconds}`;
        const reply = sender.send(`${path}?${query}`, undefined, aborter);
        void reply.then(resolve);
        return new Promise((end) => {
          endTurn = end;
          void reply.then(() => end(undefined));
        });
      };
      const wait = () => ask(CHANGES_WAIT_SECONDS);
      send = ask;
      if (!channel) {
        void wait();
        return;
      }
      pause(patience, () => void ask(0));
      void takeTurn(place(), aborter, wait);
    });

  const settle = (run, reply) => {
    const served = readServed(reply);
    const passed = clock.now() - last;
    last = clock.now();
    if (isLost ? served?.session : served || reply.status === 204) {
      take(run, served, passed);
    } else if (reply.status === UNKNOWN && !isLost && !isNew) {
      isLost = true;
      last = -Infinity;
      go();
    } else {
      const isUnknown = reply.status === UNKNOWN;
      failures += isUnknown && !isLost ? FAILURES_OF_A_NEW_SESSION : 1;
      isLost || (isLost = isUnknown);
      cancelPause = pauses.afterFailure(failures, reply, resume);
      fail(reply);
    }
  };

  const take = (run, served, passedMsec) => {
    const isNews = served && served.revision !== run.revision;
    const isEarly = waited > 0 && passedMsec < EARLY_MSEC;
    let rest = SHORTEST_REST_MSEC;
    if (isLost) isNew = true;
    else {
      if (isNews || !isEarly) failures = 0;
      else rest = backOffMsec(++failures, LONGEST_REST_MSEC);
      if (waited && !isEarly) isNew = false;
      if (waited && isNews) channel?.postMessage(served.revision);
    }
    isLost = false;
    pause(rest);
    serve(run, served);
  };

  const stop = () => {
    hide();
    endPause();
    stopWatching?.();
    run = undefined;
    isLost = isNew = false;
    failures = 0;
  };

  return {
    stop,
    follow(next) {
      stop();
      run = next;
      stopWatching = watchPage({ hide, show });
      if (!isPageHidden()) show();
    },
  };
}

/** Makes a Space; nothing global is touched before its first use. */
export function makeSpace(blueprint) {
  return assemble(blueprint).space;
}

function assemble({ key, host, code, fallbacks, collect }) {
  const entities = new Map();
  const runner = makeRunner(key, host, code, entities);

  const layersOf = (entity, nothing, parse) => {
    const note = () => {};
    const read = (wire) => parse(wire, nothing, note);
    const layers = makeLayers(runner, entity, parse, () =>
      readOr(read, own(fallbacks, entity), nothing, entity, note),
    );
    entities.set(entity, layers);
    return layers;
  };

  const collections = collect({
    experience(entity, type) {
      const { kind, defaults } = guarded(type);
      const nothing = Object.freeze({ enabled: false, properties: defaults });
      const layers = layersOf(entity, nothing, (wire, { enabled }, note) =>
        readExperience(type, wire, entity, enabled, note),
      );
      const track = (name, pairs) => runner.record(name, pairs, { entity });
      return makeEntity(layers, "properties", { kind, defaults, track });
    },
    section(entity, supports) {
      supports.forEach(guarded);
      const nothing = Object.freeze({
        enabled: false,
        items: [],
      });
      const layers = layersOf(entity, nothing, (wire, otherwise, note) =>
        readSection(runner, supports, wire, entity, otherwise, note),
      );
      return makeEntity(layers, "items", {});
    },
  });
  const { client, session, close } = runner;
  const space = Object.freeze({ client, session, collections, close });
  return { space, runner, entities };
}

/** Makes a Space of its own. Apps that use the default Space alone leave this out of their bundle. */
export function makeSpaceWith(blueprint, options) {
  const assembled = assemble(blueprint);
  assembled.runner.attempt("the options cannot be used", () =>
    apply(options ?? {}, blueprint.fallbacks, assembled),
  );
  return assembled.space;
}

function apply(options, fallbacks, { runner, entities }) {
  const { states, bootstrap, logger = null } = options;
  const { client } = runner;
  client.logger = logger;
  if (states)
    runner.test(completeStates(fallbacks, states, entities, runner.log));
  for (const name of Object.keys(client)) {
    const value = options[name];
    if (value !== undefined) client[name] = value;
  }
  if (bootstrap && !states) {
    const resumed = runner.attempt("the bootstrap cannot be used", () =>
      readSnapshot(bootstrap, runner.attempt),
    );
    if (resumed) runner.resume(resumed);
  }
}

/** What a test says, filled in from the fallbacks. */
function completeStates(fallbacks, states, entities, log) {
  const complete = {};
  for (const [entity, given] of Object.entries(states)) {
    if (!entities.has(entity)) log(`no entity ${describe(entity)}`);
    complete[entity] = completeState(fallbacks[entity], given);
  }
  return complete;
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
    ...(Array.isArray(items) && {
      items: items.map((item, at) => ({
        id: String(at),
        enabled: true,
        properties: {},
        ...item,
      })),
    }),
  };
}

/** A snapshot may come from anywhere. */
function readSnapshot(snapshot, attempt) {
  const { anonymousId, userId } = asObject(asObject(snapshot)["person"]);
  const wanted = readOptions({ userId }, attempt);
  const served = asServed(snapshot);
  return {
    ...served,
    // Whatever looking at them does, it is to be done before anybody is told.
    states: { ...served.states },
    ...wanted,
    id: asAnonymousId(anonymousId),
    owner: wanted.userId,
  };
}
