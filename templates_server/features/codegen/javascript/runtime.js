/* The numbers that this file goes by: kept in one place, where minifiers write each where it is used. */

const MOST_UNKNOWN = 20;
const LONGEST_UNKNOWN = 200;
const REPORT = "unknown";

const LONGEST_TIMER_MSEC = 2000000000;

const MOST_SPACES_REMEMBERED = 100;

const LONGEST_NAME = 256;
const LONGEST_KEY = 64;
const LONGEST_METADATA_VALUE = 1024;
const LONGEST_FIELD_VALUE = 4096;
const MOST_FIELDS = 100;

const STORAGE_TIMEOUT_MSEC = 500;
const IDENTITY = "identity";
const EVENT_PLACES = 64;

const SHORTEST_PAUSE_MSEC = 1000;
const LONGEST_PAUSE_MSEC = 60000;
/** After an answer such as 404 or 500, which may last: the network's return does not end it. */
const LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC = 300000;
const LONGEST_RETRY_AFTER_MSEC = 3600000;

/** A record that has more is not written again for every further event. */
const MOST_CHARACTERS_AGAIN = 16000;

const MOST_EVENTS_QUEUED = 1000;
const MOST_EVENTS_AT_ONCE = 100;
const MOST_BYTES_AT_ONCE = 500000;
const MOST_EVENT_BYTES = 32768;
const COLLECTING_MSEC = 1000;
const EVENTS_ALONE_MSEC = 5000;
/** As many as it takes to find one bad event among the most that are sent at once, and more. */
const MOST_REFUSALS_AT_ONCE = 10;
/** Browsers refuse more than 64 KiB under way with keepalive. */
const KEEPALIVE_BYTES = 60000;
const TOO_LARGE = 413;

const TIMEOUT_MSEC = 30000;
const ALONE_MSEC = 1000;

const MOST_LOGGED_ONCE = 200;

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
const FAILURES_OF_A_NEW_SESSION = 5;

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
  return visible(`${place}: ${text}`.slice(0, LONGEST_UNKNOWN));
}

/** Without what nobody sees, would be a line of its own in a log, or is an order to a terminal. */
function visible(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
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
  return clock.setTimeout(call, Math.min(milliseconds, LONGEST_TIMER_MSEC));
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
  return read[0] && read;
}

function isNothing(value) {
  return value === undefined || value === null;
}

function readOptions(options, attempt) {
  const { userId, userSignature, fields } = asObject(options ?? {});
  const external_id =
    isNothing(userId) || userId === "" ? undefined : asUserId(userId);
  const signature = storable(asString(userSignature ?? ""));
  return {
    external_id,
    user_signature: (external_id && signature) || undefined,
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
    "not a userId",
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
  return read[0] && Object.fromEntries(read);
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

/** So many names that whoever comes later finds all events without a list, which tabs would overwrite. */
const EVENTS_NAMES = /* @__PURE__ */ Array.from(
  { length: EVENT_PLACES },
  (_, place) => `events.${place}`,
);

function makeStore(spaceKey, client, logOnce) {
  let used = false;

  /** Merely to ask for `localStorage` throws where it is forbidden. That of a server would be one for all people. */
  const attempt = (name, use) => {
    try {
      const place = client.storage ?? (hasPage() && platform.localStorage);
      const result = place ? use(place, `mtribes.${spaceKey}.${name}`) : 0;
      if (typeof result?.then !== "function") return result;
      const work = Promise.resolve(result);
      return sooner(
        work.catch(() => false),
        STORAGE_TIMEOUT_MSEC,
        () => {
          logOnce("storage does not answer");
          return false;
        },
      );
    } catch {
      return false;
    }
  };

  const read = (name) => {
    used || (used = client.tracking && name === IDENTITY);
    return proceed(
      attempt(name, (place, key) => place.getItem(key)),
      (text) => (text && typeof text === "string" ? text : null),
    );
  };

  const write = (name, text) => {
    used || (used = client.tracking);
    return (
      client.tracking &&
      proceed(
        attempt(name, (place, key) => place.setItem(key, text)),
        // Consent may be withdrawn while asynchronous storage writes.
        (done) => (client.tracking ? done !== false : remove(name)),
      )
    );
  };

  const remove = (name) =>
    proceed(
      read(name),
      (text) =>
        text &&
        attempt(name, (place, key) =>
          place.removeItem ? place.removeItem(key) : place.setItem(key, ""),
        ),
    );

  const clear = () => {
    if (used) [IDENTITY, REPORT, ...EVENTS_NAMES].forEach(remove);
  };

  return /** @type {const} */ ([read, write, remove, clear]);
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

/** Makes the anonymous id once and keeps it; a new person on the device gets a new one. */
function keepIdentity(store, client) {
  const [read, write, remove] = store;
  let identity;
  /** Whether the identity in memory could not be stored, so that what is stored is an older one. */
  let unsaved = false;
  let reading;
  /** The asynchronous storage that was read: once is enough, for no other page writes to it. */
  let source;

  /** Goes on as this person, or keeps the present one, since they may be stored from now on. */
  const save = (saved = identity) => {
    if (!saved) return;
    identity = saved;
    unsaved = true;
    const put = () => write(IDENTITY, JSON.stringify(saved));
    // What is stored of somebody else must go, even where there is no room for more.
    const done = proceed(
      put(),
      (written) => written || proceed(remove(IDENTITY), put),
    );
    void proceed(done, (written) => {
      if (identity === saved) unsaved = !written;
    });
  };

  const take = (text) => {
    const stored = text && parseIdentity(text);
    if (stored) identity = stored;
    else save();
  };

  /** Undefined where the id can be asked for at once; else resolves, and never rejects, when asynchronous storage has answered. */
  const ready = () => {
    const { storage } = client;
    if (reading || unsaved || source === storage) return reading;
    const text = read(IDENTITY);
    if (text instanceof Promise) {
      reading = text.then((text) => {
        reading = undefined;
        source = storage;
        take(text);
      });
    } else take(text);
    return reading;
  };

  /** The anonymous id to go on with, now that this person is there; undefined: whoever it is. */
  const idFor = (person) => {
    void ready();
    identity ?? save({ id: newId(), owner: null });
    const { id, owner } = identity;
    const next = person ? (person.external_id ?? null) : owner;
    if (next !== owner) {
      save({ id: owner === null ? id : newId(), owner: next });
    }
    return identity.id;
  };

  /** Whoever comes next is somebody else, unless storage knows better. */
  const forget = () => {
    identity = source = undefined;
  };

  return /** @type {const} */ ([ready, idFor, save, forget]);
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

/** Pauses before another attempt, and what is called when the network comes back: those that wait for it end. */
function makePauses() {
  const hurrying = new Set();
  const afterFailure = (failures, reply, call) => {
    const least = Math.max(SHORTEST_PAUSE_MSEC, reply.retryAfterMsec);
    const longest = reply.status
      ? LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC
      : LONGEST_PAUSE_MSEC;
    const began = clock.now();
    const cancel = () => {
      hurrying.delete(hurry);
      clock.clearTimeout(timer);
    };
    const wait = (milliseconds) =>
      afterIfStillThere(milliseconds, () => {
        cancel();
        call();
      });
    const hurry = () => {
      clock.clearTimeout(timer);
      timer = wait(least - Math.max(0, clock.now() - began));
    };
    let timer = wait(Math.max(least, backOffMsec(failures, longest)));
    hurrying.add(hurry);
    return cancel;
  };
  return /** @type {const} */ ([
    afterFailure,
    () => hurrying.forEach((hurry) => hurry()),
  ]);
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

/**
 * Keeps events in storage from the end of the task in which they are tracked
 * until they are dropped. Many pages may share the places: what another has
 * written is neither overwritten nor removed. `textsOf` lists what a record
 * holds at present.
 */
function keepEvents([read, write, remove], textsOf) {
  const changed = new Set();
  let open;
  let place = Math.floor(clock.random() * EVENT_PLACES);
  /** Whether asynchronous storage has not answered yet. */
  let busy = false;

  /** Writes what has changed. */
  const save = () => {
    const [record] = changed;
    if (busy || !record) return;
    changed.delete(record);
    busy = true;
    void proceed(put(record, EVENT_PLACES), () => {
      busy = false;
      save();
    });
  };

  const change = (record) => {
    if (changed.size === 0) void Promise.resolve().then(save);
    if (record) changed.add(record);
  };

  /** In its place if nobody else is there by now; else in the next that is free. */
  const put = (record, tries) => {
    const name = EVENTS_NAMES[record.place];
    return proceed(read(name), (found) => {
      const texts = textsOf(record);
      const { text, to } = record;
      if (found !== null && found !== text) {
        record.text = null;
        record.place = nextPlace(record.place);
        return texts.length > 0 && tries > 0 && put(record, tries - 1);
      }
      if (texts.length === 0) return remove(name);
      const news = [to, ...texts].join("\n");
      const written = news === found || write(name, news);
      return proceed(written, (done) => done && (record.text = news));
    });
  };

  /** What the event is kept in from now on. */
  const keep = (event, to) => {
    if (open?.to !== to || open.size > MOST_CHARACTERS_AGAIN) {
      open = { to, place: (place = nextPlace(place)), text: null, size: 0 };
    }
    open.size += event.length;
    change(open);
    return open;
  };

  /** What pages that have gone, and others, have kept for this destination, less what is known. */
  const adopt = async (to, known) => {
    const found = new Map();
    const texts = await Promise.all(EVENTS_NAMES.map(read));
    texts.forEach((text, place) => {
      const [whose, ...lines] = (text ?? "").split("\n");
      if (whose !== to) return;
      const record = { to, place, text, size: text.length };
      const events = lines.filter(isEvent);
      if (events.length === 0) change(record);
      for (const event of events) {
        if (known.has(event)) continue;
        found.set(event, record);
        if (!open || record.size < open.size) open = record;
      }
    });
    return found;
  };

  const forget = () => {
    changed.clear();
    open = undefined;
  };

  return /** @type {const} */ ([keep, change, save, adopt, forget]);
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

function nextPlace(place) {
  return (place + 1) % EVENT_PLACES;
}

/** In UTF-8, without what not every platform has. Throws for half a surrogate pair, which no JSON holds. */
function countBytes(text) {
  return encodeURIComponent(text).replace(/%../g, "x").length;
}

/** Collects events and sends them in batches until the server has them; the oldest go when there are too many. */
function makeEvents(
  { destination, send },
  afterFailure,
  store,
  client,
  log,
  logOnce,
) {
  let waiting = new Map();
  /** Those that a page sends which may be gone soon. */
  const leaving = new Set();
  let atOnce = MOST_EVENTS_AT_ONCE;
  let failures = 0;
  let refusals = 0;
  let closed = false;
  let cancel;
  let sending;
  /** Where the events of earlier pages belong that are here. */
  let restored = "";
  const [keep, change, saveChanged, adopt, forget] = keepEvents(
    store,
    (record) =>
      Array.from(waiting.keys()).filter(
        (event) => waiting.get(event) === record,
      ),
  );

  /** Events that were recorded before there was a key are for the first. */
  const claim = () => {
    const to = destination();
    waiting.forEach((record, event) => {
      if (to && !record) waiting.set(event, keep(event, to));
    });
  };

  /** Makes sure that everything is kept, whatever others have done to storage. */
  const save = () => {
    waiting.forEach(change);
    saveChanged();
  };

  const drop = (event) => {
    change(waiting.get(event));
    waiting.delete(event);
  };

  /** Ends a pause. */
  const wake = () => {
    cancel?.();
    cancel = undefined;
  };

  const finish = () => {
    save();
    if (failures === 0) void flush();
  };

  const collect = () => {
    const over = Array.from(waiting.keys()).slice(0, -MOST_EVENTS_QUEUED);
    if (over[0]) logOnce(`dropped events: more than ${MOST_EVENTS_QUEUED}`);
    over.forEach(drop);
    if (closed || waiting.size === 0) return;
    ending.add(finish);
    if (cancel || sending) return;
    listenForTheEnd();
    const timer = afterIfStillThere(COLLECTING_MSEC, () => void flush());
    cancel = () => clock.clearTimeout(timer);
  };

  /** Takes over what earlier pages and programs could not send to where this one sends. */
  const restore = async () => {
    await null; // An app may go on to say where the server is, or that nothing is tracked.
    const to = destination();
    if (!to || !client.tracking || restored === to) return;
    restored = to;
    claim();
    const found = await adopt(to, waiting);
    if (restored !== to) return;
    waiting = new Map([...found, ...waiting]);
    collect();
  };

  /** The oldest events that are for where it sends now, have not left yet, and fit. */
  const next = (most = atOnce, room = MOST_BYTES_AT_ONCE) => {
    const batch = [];
    for (const [event, record] of waiting) {
      const isHere = record?.to === destination() && !leaving.has(event);
      if (!isHere || batch.length === most || countBytes(event) >= room)
        continue;
      room -= countBytes(event) + 1;
      batch.push(event);
    }
    return batch;
  };

  const post = (batch, keepalive) =>
    send("/events", `[${batch.join()}]`, undefined, keepalive);

  /** Some bad events have a whole batch refused: drop those that are named, or find them by halves. */
  const refuse = (batch, text) => {
    const named = namedEvents(text);
    const bad = batch.filter((_, at) => named.has(at) || batch.length === 1);
    atOnce = Math.ceil(batch.length / 2);
    if (!bad[0]) return;
    atOnce = MOST_EVENTS_AT_ONCE;
    const names = bad.map(nameOf).join(", ").slice(0, LONGEST_UNKNOWN);
    const told = text.slice(0, LONGEST_UNKNOWN);
    log(`refused events: ${bad.length}, such as ${names}: ${told}`);
    bad.forEach(drop);
  };

  const sendAll = async () => {
    for (let batch = next(); batch[0] && !cancel; batch = next()) {
      const reply = await post(batch);
      if (succeeded(reply)) {
        batch.forEach(drop);
        // Where something in between takes no more, that is how many it takes.
        atOnce = Math.min(2 * atOnce, MOST_EVENTS_AT_ONCE);
        failures = refusals = 0;
        continue;
      }
      if (isRefusal(reply)) {
        refuse(batch, reply.text);
        failures = 0;
        refusals += 1;
        if (refusals <= MOST_REFUSALS_AT_ONCE) continue;
      }
      failures += 1;
      cancel = afterFailure(failures, reply, () => void flush());
    }
    sending = undefined;
    if (waiting.size === 0) ending.delete(finish);
  };

  /** Sends what is waiting; resolves when that is done or has failed, and never rejects. */
  const flush = async () => {
    wake();
    claim();
    if (sending) return sending;
    void restore();
    if (next()[0]) return (sending = sendAll());
  };

  /** Sends as much as the platform takes from a page that is about to go; the rest follows when that has arrived. */
  const leave = () => {
    save();
    const under = countBytes(Array.from(leaving).join());
    const batch = next(MOST_EVENTS_QUEUED, KEEPALIVE_BYTES - under);
    if (!batch[0]) return;
    batch.forEach((event) => leaving.add(event));
    void post(batch, true).then((reply) => {
      batch.forEach((event) => leaving.delete(event));
      if (succeeded(reply)) {
        batch.forEach(drop);
        leave();
      }
      collect();
    });
  };

  const add = (event) => {
    if (!client.tracking) return;
    const text = JSON.stringify(event);
    ensure(
      countBytes(text) <= MOST_EVENT_BYTES,
      `more than ${MOST_EVENT_BYTES} bytes`,
    );
    waiting.set(text, undefined);
    claim();
    collect();
  };

  /** Consent is withdrawn: what waits is dropped. */
  const dropAll = () => {
    wake();
    waiting.clear();
    restored = "";
    forget();
  };

  /** Sends what is waiting, and then no more. Never rejects. */
  const close = async () => {
    closed = true;
    await flush();
    wake();
    ending.delete(finish);
    if (waiting.size > 0) log(`events not sent: ${waiting.size}`);
  };

  return /** @type {const} */ ([add, flush, leave, restore, dropAll, close]);
}

/** What is to be done before a program ends: each is called when it has nothing more to do, and when it is about to end. */
const ending = new Set();
let isListening = false;

/** Where the platform tells before a program ends, as Node does. */
function listenForTheEnd() {
  if (isListening) return;
  isListening = true;
  const finish = () => ending.forEach((finish) => finish());
  platform.process?.on?.("beforeExit", finish);
  platform.process?.on?.("exit", finish);
}

/** Found only when it is needed: most events are never told of. */
function nameOf(event) {
  return /"name":"(.*?)"/.exec(event)?.[1] ?? "?";
}

/** The places in the batch that the server's problems name, such as `[3].name`. */
function namedEvents(text) {
  const paths = text.matchAll(/"path": *"\[?(\d+)/g);
  return new Set(Array.from(paths, ([, place]) => Number(place)));
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

/**
 * What could not be used and the server has not been told of: a line for whose
 * it is, and one an entry. It is one for all Spaces of the program, since a
 * server makes one for each request, which starts one session and no more.
 */
let untold = "";

/**
 * Keeps that in storage too, for the next program, until a start that carried
 * it was answered. `whose` names the code and the destination: others drop it.
 */
function keepReport(store, client, whose) {
  const [read, write, remove] = store;
  /** Only then has there been consent, and anything of this Space. */
  let isLoaded;

  /** What the next start carries. */
  const list = () => {
    if (!isLoaded && client.tracking) {
      isLoaded = true;
      void proceed(read(REPORT), (left) => {
        // Nothing of this kind is what others have written there.
        if (client.tracking && /\n/.test(left)) untold = untold || left;
      });
    }
    const [mark, ...entries] = untold.split("\n", MOST_UNKNOWN + 1);
    return mark === whose()
      ? entries.map((entry) => storable(entry.slice(0, LONGEST_UNKNOWN)))
      : [];
  };

  const put = (entries) => {
    const all = Array.from(new Set(entries)).slice(0, MOST_UNKNOWN);
    const text = all[0] ? [whose(), ...all].join("\n") : "";
    if (!isLoaded || text === untold) return;
    untold = text;
    void (text ? write(REPORT, text) : remove(REPORT));
  };

  return /** @type {const} */ ([list, put]);
}

function makeRunner(spaceKey, host, code, entities) {
  let state = IDLE;
  let initial = IDLE;
  let revision = IDLE.revision;
  /** Who was started last, and has not ended. */
  let person;
  /** Theirs; undefined while storage is read. */
  let anonymousId;
  /** What the server called their session. */
  let session;
  /** The key of the environment that it is of; "" before there is one. */
  let key = "";
  /** Another with each start and end, and each further attempt: whatever began before is over. */
  let turn = {};
  let cancelRetry;
  /** What a test says that is served; then there is no server. */
  let states;
  let hasEnded = false;
  /** Whose start the present session is. */
  let caller;
  /** The server has refused what sessions say besides: then they start without it. */
  let isBare;
  const logged = new Set();
  let stopWatching;
  let closing;

  /** The logger may start or end a session: all that goes with a message is done before, or is looked at after. */
  const log = (message, cause) => {
    // It may hold what an app or a server says.
    message = visible(message);
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

  /** Logs the message, unless it was logged before. */
  const logOnce = (message) => {
    if (logged.has(message) || logged.size > MOST_LOGGED_ONCE) return;
    logged.add(message);
    log(message);
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
  const [afterFailure, hurry] = makePauses();
  const { onChange, announce } = makeListeners("session", attempt, () => IDLE);

  /** Whether nobody else can be here: in a page, in a test. */
  const isAlone = () => hasPage() || !!states;

  /** Whether who looks now was refused, so that what is served is somebody else's. */
  const isHidden = () =>
    state.status !== "idle" &&
    callersHere().some(({ of, refused }) => of === self && refused);

  /** Nobody is served until the end of the session is declared. */
  const isInUse = () => state.failure === "in-use";

  /** Whether all is over; who does not know it is told once. */
  const isClosed = () => {
    if (closing) logOnce("the Space is closed");
    return closing;
  };

  /** Says how it stands now: all of that is there before anybody is told of any of it. */
  const conclude = (status, failure) => {
    const news = sessionState(status, failure ?? null, revision);
    if (!equal(news, state)) state = news;
    entities.forEach((layers) => layers.announce());
    announce(state);
  };

  const keyChanged = () => {
    if (closing) return;
    void flushEvents();
    key || (key = client.apiKey);
    if (state.failure === "missing-key" && sender.destination()) void prime();
  };

  const lockChanged = () => {
    const { status, failure } = state;
    stopFollowing();
    if (!client.sessionLock) entities.forEach((layers) => layers.unlock());
    conclude(status, status === "served" ? null : failure);
    follow();
  };

  const trackingChanged = () => {
    if (!client.tracking) {
      clearStore();
      dropEvents();
      putReport([]);
    } else if (!closing) {
      saveIdentity();
      reportUnknown();
      void restoreEvents();
    }
  };

  const client = makeClient(
    host,
    log,
    keyChanged,
    lockChanged,
    trackingChanged,
  );
  const store = makeStore(spaceKey, client, logOnce);
  const [, , , clearStore] = store;
  const [identityReady, idFor, saveIdentity, forgetIdentity] = keepIdentity(
    store,
    client,
  );
  const sender = makeSender(client);
  const [listReport, putReport] = keepReport(
    store,
    client,
    () => code.hash + sender.destination(),
  );
  const [addEvent, flushEvents, leave, restoreEvents, dropEvents, closeEvents] =
    makeEvents(sender, afterFailure, store, client, log, logOnce);

  /** Takes an answer; null: nothing is new. What a whole session's answer does not name falls back. */
  const take = (served) => {
    let unknown = [];
    if (served) {
      session = served.session ?? session;
      revision = served.revision;
      entities.forEach((layers, entity) => {
        const wire = own(served.states, entity);
        if (wire !== undefined) layers.serve(wire);
        else if (served.session !== null) layers.drop();
      });
      unknown = reportUnknown();
    }
    conclude("served");
    const news = unknown.filter((entry) => !logged.has(entry));
    if (!news[0] || logged.size > MOST_LOGGED_ONCE) return;
    news.forEach((entry) => logged.add(entry));
    log(`this code cannot use ${news.join("; ")}`);
  };

  const listUnknown = () => {
    const lists = Array.from(entities.values(), (layers) => layers.unknown());
    return lists.flat().slice(0, MOST_UNKNOWN);
  };

  /** What this code cannot use is told to the server when the next session starts. */
  const reportUnknown = () => {
    const unknown = listUnknown();
    if (client.tracking && !states) putReport([...listReport(), ...unknown]);
    return unknown;
  };

  /** Asks for the state of every entity at once, later again where that fails. An answer counts unless the session is over. */
  const prime = async (failures = 1) => {
    const mine = (turn = newAborter());
    const told = client.tracking ? listReport() : [];
    const unknown = told[0] && told;
    const app = readApp(client, attempt);
    if (turn !== mine) return;
    const body = JSON.stringify({
      ...person,
      anonymous_id: anonymousId,
      ...(!isBare && { code, app, unknown }),
    });
    const reply = await sender.send("/sessions", body, mine);
    const served = readServed(reply);
    const isRefused = isRefusal(reply);
    if (isRefused) isBare = !isBare;
    if (unknown && (isRefused || served)) putReport([]);
    if (turn !== mine) return;
    if (served?.session) {
      take(served);
      return follow();
    }
    cancelRetry = afterFailure(failures, reply, () => void prime(failures + 1));
    const failure = failureOf(reply);
    const isNew = failure !== state.failure;
    // Changes do not come through; what was served stays.
    conclude(session ? "served" : "fallback", failure);
    if (isNew && /refused|nonsense/.test(failure)) {
      log(`no session: ${failure}`, reply.status);
    }
  };

  const [startFollowing, stopFollowing, showPage, hidePage] = makeFollower(
    client,
    afterFailure,
    (waitSeconds, aborter) => {
      const path = `/sessions/${encodeURIComponent(session)}/changes`;
      const query = `since=${encodeURIComponent(revision)}&wait=${waitSeconds}`;
      return sender.send(`${path}?${query}`, undefined, aborter);
    },
    (other) => other !== revision,
    take,
    (reply) => conclude(state.status, failureOf(reply)),
    prime,
  );

  const follow = () => {
    if (session && !client.sessionLock && !closing) startFollowing();
  };

  /** From the first use on, the page's end and the network's return are known. */
  const watch = () => {
    if (states) return;
    listReport();
    stopWatching ??
      (stopWatching = watchPage((isGone) => {
        if (isGone) {
          leave();
          hidePage();
        } else {
          hurry();
          showPage();
        }
      }));
  };

  /** Ends all that is under way. */
  const halt = () => {
    abort(turn);
    turn = {};
    stopFollowing();
    cancelRetry?.();
  };

  const stop = () => {
    halt();
    person = anonymousId = session = undefined;
  };

  /** Shows fallbacks from here on. */
  const fallBack = (status, failure) => {
    revision = null;
    entities.forEach((layers) => {
      layers.unlock();
      layers.drop();
    });
    conclude(status, failure);
  };

  const isPerson = (next) =>
    person && next && person.external_id === next.external_id;

  /** Whether this Space already serves somebody else. Of two visitors on a server nobody knows that they are one. */
  const isTaken = (next) =>
    state.status !== "idle" &&
    !isAlone() &&
    !(isPerson(next) && (next?.external_id || client.storage));

  const refuse = (newcomer) => {
    const isNew = !isInUse();
    if (newcomer) newcomer.refused = true;
    if (caller) caller.refused = true;
    stop();
    fallBack("fallback", "in-use");
    if (isNew) {
      log(
        "another session has not ended: call session.end(), or createSpace() for each request",
      );
    }
  };

  /** What the same person sees stays until there is something newer; a visitor who has signed in is another person. */
  const begin = async (isSame, idBefore) => {
    const mine = turn;
    if (states) {
      anonymousId = newId();
      return take({ session: null, revision: "test", states });
    }
    if (hasEnded) forgetIdentity();
    hasEnded = false;
    if (isSame) {
      entities.forEach((layers) => layers.keep());
      conclude("starting");
    } else fallBack("starting");
    await identityReady();
    if (turn !== mine) return;
    anonymousId = idFor(person);
    if (!person?.external_id && idBefore !== anonymousId) fallBack("starting");
    if (turn !== mine) return;
    if (sender.destination()) return prime();
    conclude("fallback", "missing-key");
    log("client.apiKey is not set");
  };

  const start = async (options) => {
    if (isClosed()) return;
    watch();
    const newcomer = isAlone() ? undefined : enterCaller(self);
    const before = turn;
    const next = attempt("the session is not started", () =>
      readOptions(options, attempt),
    );
    if (turn !== before) return;
    if (isTaken(next)) return refuse(newcomer);
    const isSame = isPerson(next) && key === client.apiKey;
    const idBefore = anonymousId;
    stop();
    caller = newcomer;
    person = next;
    key = client.apiKey;
    if (!next) return fallBack("fallback", "refused");
    await sooner(begin(isSame, idBefore), client.waitTimeMsec, () => {
      const isWaiting = person === next && state.status === "starting";
      if (isWaiting) conclude("fallback", "timeout");
    });
  };

  const flush = async () => {
    if (closing) return closing;
    // Events that were tracked before it was known of whom come first.
    await identityReady();
    return flushEvents();
  };

  const end = async () => {
    if (closing) return closing;
    // Who was refused has no session to end, unless it is to have everybody served again.
    if (isHidden() && !isInUse()) return flush();
    stop();
    if (!hasPage()) {
      hasEnded = true;
      forgetIdentity();
    }
    fallBack("idle");
    return flush();
  };

  const close = async () => {
    halt();
    stopWatching?.();
    if (state.status === "starting") conclude("idle");
    await identityReady();
    await closeEvents();
  };

  const record = (name, pairs, place) => {
    // After a failure of nobody's it is not known who is there.
    const isMute = !person && state.status === "fallback";
    if (isClosed() || isMute || states || isHidden()) return;
    watch();
    const what = `the event ${describe(name)} is not recorded`;
    attempt(what, () => {
      const event = readEvent(name, pairs, place);
      const whose = person;
      const add = () => {
        const anonymous_id = anonymousId ?? idFor(whose);
        addEvent({
          ...event,
          ...whose,
          fields: undefined,
          anonymous_id,
          session,
        });
      };
      const reading = anonymousId ? undefined : identityReady();
      void proceed(reading, () => attempt(what, add));
    });
  };

  const snapshot = () => {
    if (!anonymousId || revision === null || isHidden()) return null;
    const states = {};
    entities.forEach((layers, entity) => {
      const wire = layers.wire();
      if (wire !== undefined) states[entity] = wire;
    });
    const userId = person?.external_id ?? null;
    return {
      session: session ?? null,
      revision,
      states,
      person: { anonymousId, userId },
    };
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
    resume(served, next, id) {
      person = next;
      anonymousId = id;
      key = client.apiKey;
      saveIdentity({ id, owner: next.external_id ?? null });
      take(served);
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
    if (watchers.delete(watcher) && watchers.size === 0) {
      listenToPage("removeEventListener");
    }
  };
}

/** One set of listeners, whatever the number of watchers. */
function listenToPage(how) {
  for (const type of ["online", "pagehide", "pageshow"]) {
    platform[how]?.(type, tellWatchers);
  }
  for (const type of ["visibilitychange", "freeze", "resume"]) {
    platform.document?.[how]?.(type, tellWatchers);
  }
}

function tellWatchers({ type }) {
  const isGone =
    /hide|freeze/.test(type) || (type !== "online" && isPageHidden());
  watchers.forEach((watcher) => watcher(isGone));
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

/**
 * Asks for changes of a session for as long as it runs unlocked and its page
 * is seen. Where the server no longer knows it, it is begun anew. Of a
 * browser's tabs one at a time waits at the server; it tells the others when it
 * hears of a change.
 *
 * `poll` asks, `isNews` compares a revision with what is served, `take` and
 * `fail` take answers, and `restart` begins the session anew.
 */
function makeFollower(client, afterFailure, poll, isNews, take, fail, restart) {
  let isFollowing = false;
  /** Whether the page is seen, and no failure has to be waited for. */
  let isHere = false;
  /** Of what is asked, or is about to be. */
  let asking;
  /** Asks, while the turn to do so is waited for; 0: for an answer at once. */
  let send;
  let endTurn;
  let timer;
  let cancelPause;
  let channel;
  let patience = 0;
  /** When was asked or answered last. */
  let last = -Infinity;
  let failures = 0;
  /** How many sessions were lost, one after the other, that had not lasted. */
  let lost = 0;

  /** The server, as the tabs call it that ask it. */
  const place = () => `mtribes.${client.host}`;

  const show = () => {
    if (!isFollowing || isHere || cancelPause || isPageHidden()) return;
    isHere = true;
    patience = EAGER_MSEC;
    channel = openChannel(`${place()}.${client.apiKey}`, (revision) => {
      // Another tab has heard of a change.
      if (!isNews(revision)) return;
      patience = EAGER_MSEC;
      send?.(0);
    });
    const rest = last + SHORTEST_REST_MSEC - clock.now();
    pause(Math.min(rest, SHORTEST_REST_MSEC), go);
  };

  const hide = () => {
    isHere = false;
    channel?.close();
    clock.clearTimeout(timer);
    abort(asking);
    asking = send = undefined;
    endTurn?.();
  };

  const pause = (milliseconds, call) => {
    if (milliseconds > 0) timer = afterIfStillThere(milliseconds, call);
    else call();
  };

  /** Waits for its turn and then at the server, or at neither. */
  const go = () => {
    const mine = (asking = newAborter());
    const ask = (send = async (waitSeconds) => {
      clock.clearTimeout(timer);
      send = undefined;
      patience = PATIENT_MSEC;
      last = clock.now();
      const reply = await poll(waitSeconds, mine);
      if (asking !== mine) return;
      asking = undefined;
      endTurn?.();
      settle(reply, waitSeconds);
    });
    const wait = () => {
      if (send !== ask) return undefined;
      void ask(CHANGES_WAIT_SECONDS);
      return new Promise((end) => (endTurn = end));
    };
    if (!channel) {
      wait();
      return;
    }
    pause(patience, () => void ask(0));
    void takeTurn(place(), mine, wait);
  };

  const settle = (reply, waited) => {
    const isEarly = clock.now() - last < EARLY_MSEC;
    last = clock.now();
    const served = readServed(reply);
    const isUnknown = reply.status === UNKNOWN;
    if (served || reply.status === 204) {
      const news = served && isNews(served.revision) && served.revision;
      if (waited && !isEarly) lost = 0;
      failures = waited && isEarly && !news ? failures + 1 : 0;
      if (waited && news) channel?.postMessage(news);
      const rest = backOffMsec(failures, LONGEST_REST_MSEC);
      pause(failures ? rest : SHORTEST_REST_MSEC, go);
      return take(served);
    }
    if (!isUnknown) hide();
    else {
      stop();
      lost += 1;
      if (lost === 1) return restart();
    }
    failures += isUnknown ? FAILURES_OF_A_NEW_SESSION : 1;
    cancelPause = afterFailure(failures, reply, () => {
      cancelPause = undefined;
      if (isUnknown) restart();
      else show();
    });
    fail(reply);
  };

  const stop = () => {
    hide();
    cancelPause?.();
    cancelPause = undefined;
    isFollowing = false;
  };

  const follow = () => {
    stop();
    isFollowing = true;
    show();
  };

  return /** @type {const} */ ([follow, stop, show, hide]);
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
    if (resumed) runner.resume(...resumed);
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

/** A session that was started elsewhere, of whom, and their anonymous id. The snapshot may come from anywhere. */
function readSnapshot(snapshot, attempt) {
  const { anonymousId, userId } = asObject(asObject(snapshot)["person"]);
  const served = asServed(snapshot);
  return [
    // Whatever looking at the states does, it is to be done before anybody is told.
    { ...served, states: { ...served.states } },
    readOptions({ userId }, attempt),
    asAnonymousId(anonymousId),
  ];
}
