/* What this file goes by: kept at its beginning, from where minifiers write each where it is used. */

/**
 * Whether this code is to run wherever JavaScript does, on servers too, or in
 * pages of browsers alone: the target's option `platform`. Where it is false,
 * minifiers leave out all that no page needs.
 */
const EVERYWHERE = true;

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

/** Two attempts, and two answers, never follow each other faster than that. */
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

/** One for all Spaces, since each slows every asynchronous step of the program. */
let context;

/** The caller of this moment; all that they do from here on is theirs, where the platform has such: Node, Bun, Deno. */
const enterCaller = (of) => {
  const caller = { of };
  if (context === undefined) {
    const module = platform.process?.getBuiltinModule?.("node:async_hooks");
    context = module?.AsyncLocalStorage ? new module.AsyncLocalStorage() : null;
  }
  const others = callersHere().filter((other) => other.of !== of);
  context?.enterWith([...others.slice(-MOST_SPACES_REMEMBERED), caller]);
  return caller;
};

const callersHere = () => {
  return context?.getStore() ?? [];
};

const refuse = (caller) => {
  if (caller) caller.refused = true;
};

/** Whether a Space already serves somebody else. Of two visitors on a server nobody knows that they are one. */
const isTakenBy = (person, next, { status }, { storage }) =>
  status !== "idle" &&
  !(areSame(person, next) && (next?.external_id || storage));

/** Whether nobody is served until the end of the session is declared. */
const isInUse = ({ failure }) => failure === "in-use";

const IN_USE =
  "another session has not ended: call session.end(), or createSpace() for each request";

/**
 * For a value that cannot be used: what is thrown is caught in here, and all
 * that a log line needs is why. Of a server's answer nobody reads that.
 */
function ensure(holds, why) {
  if (!holds) throw why;
}

/** Guards what apps get against change. */
const freeze = (value) => Object.freeze(value);

const asObject = (value) => {
  ensure(
    value && typeof value === "object" && !Array.isArray(value),
    "not an object",
  );
  return value;
};

/** What is read of JSON that holds an object; null where that fails. */
const readJson = (text, read) => {
  try {
    return read(asObject(JSON.parse(text)));
  } catch {
    return null;
  }
};

const asArray = (value) => {
  ensure(Array.isArray(value));
  return value;
};

export const asString = (value) => {
  ensure(typeof value === "string", "not a text");
  return value;
};

export const asBoolean = (value) => {
  ensure(typeof value === "boolean");
  return value;
};

export const asNumber = (value) => {
  ensure(Number.isFinite(value), "not a number");
  return value;
};

export const asColor = (wire) => {
  const color = asObject(wire);
  const value = color["value"] ?? null;
  const opacity = asNumber(color["opacity"] ?? 1);
  ensure(value === null || /^#[0-9a-f]{6}$/i.test(asString(value)));
  ensure(opacity >= 0 && opacity <= 1);
  return freeze({ value, opacity });
};

export const asDate = (value) => {
  const text = asString(value);
  const date = new Date(text);
  ensure(/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && !isNaN(+date));
  return date;
};

export const asTexts = (value) => {
  return freeze(asArray(value).map(asString));
};

export const asOption = (value, options) => {
  const text = asString(value);
  ensure(text === "" || options.includes(text));
  return text;
};

/** Such as `homepage.body[1].layout: "tall"`. */
const unknownEntry = (place, value) => {
  const write = (value) => JSON.stringify(value) ?? "missing";
  const text = readOr(write, value, "too deep", place, () => {});
  return visible(`${place}: ${text}`.slice(0, LONGEST_UNKNOWN));
};

/** Without what nobody sees, would be a line of its own in a log, or is an order to a terminal. */
const visible = (text) => {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
};

/** The value as it is read, or else the other one. */
const readOr = (read, value, otherwise, place, note) => {
  try {
    return read(value);
  } catch {
    note(place, value);
    return otherwise;
  }
};

/** The properties by member name; the default for what is not given, and for what cannot be used. */
const readProperties = ({ properties }, wire, place, note) => {
  const given = readOr(asObject, wire, null, `${place}.properties`, note);
  return mapped(properties, ([read, initial, key, options = []], member) => {
    const name = key ?? member;
    // What every object inherits, such as `constructor`, is no more of use than nothing.
    const value = given && given[name];
    return value === null
      ? initial
      : readOr(
          (wire) => read(wire, options),
          value,
          initial,
          `${place}.${name}`,
          note,
        );
  });
};

const described = (type) => {
  const initialOf = ([, initial]) => freeze(initial);
  return { ...type, defaults: mapped(type.properties, initialOf) };
};

/** An object, guarded against change, with what the call makes of each member. */
const mapped = (object, call) => {
  const entries = Object.entries(object);
  return freeze(
    Object.fromEntries(
      entries.map(([member, value]) => [member, call(value, member)]),
    ),
  );
};

const readExperience = (type, wire, place, otherwise, note) => {
  const state = asObject(wire);
  return freeze({
    enabled: readEnabled(state, otherwise, place, note),
    properties: readProperties(type, state["properties"], place, note),
  });
};

const readEnabled = ({ enabled }, otherwise, place, note) => {
  return readOr(asBoolean, enabled, otherwise, `${place}.enabled`, note);
};

/** Reads a section; items of a kind that this code was generated without are left out. */
const sectionReader =
  (trackerOf, supports, entity) => (wire, otherwise, note) => {
    const state = asObject(wire);
    const list = readOr(asArray, state["items"], null, `${entity}.items`, note);
    const items = list?.map((item, at) =>
      readItem(trackerOf, entity, supports, item, `${entity}[${at}]`, note),
    );
    return freeze({
      enabled: readEnabled(state, otherwise.enabled, entity, note),
      items: freeze(items?.filter(Boolean) ?? otherwise.items),
    });
  };

/** Null for an item that cannot be shown. */
const readItem = (trackerOf, entity, supports, value, place, note) => {
  const wire = readOr(asObject, value, null, place, note);
  if (!wire) return null;
  const { id, experience } = wire;
  const type = supports.find(({ kind }) => kind === experience);
  if (!type) note(`${place}.experience`, experience);
  else if (typeof id !== "string") note(`${place}.id`, id);
  else {
    const { kind, defaults } = type;
    return freeze({
      kind,
      id,
      ...readExperience(type, wire, place, false, note),
      defaults,
      track: trackerOf({ entity, data: { item: id, experience } }),
    });
  }
  return null;
};

/** So many names that whoever comes later finds all events without a list, which tabs would overwrite. */
const EVENTS_NAMES = /* @__PURE__ */ Array.from(
  { length: EVENT_PLACES },
  (_, place) => `events.${place}`,
);

const makeStore = (spaceKey, client, logOnce) => {
  let used = false;

  /** Merely to ask for `localStorage` throws where it is forbidden. That of a server would be one for all people. */
  const attempt = (name, use) => {
    try {
      const place = client.storage ?? (hasPage() && platform.localStorage);
      const result = place ? use(place, `mtribes.${spaceKey}.${name}`) : 0;
      if (!result?.then) return result;
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
      (text) => (typeof text === "string" ? text : ""),
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
};

/** Goes on with a value: at once, where it is there at once. */
const proceed = (value, call) => {
  return value instanceof Promise ? value.then(call) : call(value);
};

/** Waits for the work, but no longer than that; a program may end sooner where `isAside`. */
const sooner = (work, milliseconds, otherwise, isAside) => {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(
      milliseconds,
      () => resolve(otherwise()),
      !isAside,
    );
    void work.then(resolve, reject).then(cancel);
  });
};

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
const keepReport = (store, client, whose) => {
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
    const all = [...new Set(entries)].slice(0, MOST_UNKNOWN);
    const text = all[0] ? [whose(), ...all].join("\n") : "";
    if (!isLoaded || text === untold) return;
    untold = text;
    void (text ? write(REPORT, text) : remove(REPORT));
  };

  return /** @type {const} */ ([list, put]);
};

/** Makes the anonymous id once and keeps it; a new person on the device gets a new one. */
const keepIdentity = (store, client) => {
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
    const stored = readJson(text, asIdentity);
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
};

const asIdentity = ({ id, owner }) => {
  return {
    id: asAnonymousId(id),
    owner: owner === null ? null : asString(owner),
  };
};

const asAnonymousId = (value) => {
  ensure(/^[0-9a-f-]{36}$/.test(asString(value)));
  return value;
};

/** Whether both are one person, as far as is known: all visitors are. */
const areSame = (one, other) =>
  one && other && one.external_id === other.external_id;

/** The text as it can be sent and stored. */
const storable = (text) => {
  // NUL, and halves of surrogate pairs: no server stores them.
  return text.replace(/[\0\p{Cs}]/gu, "\ufffd");
};

/** The text of a scalar; an error for anything else, whatever it does when it is looked at. */
const scalarText = (value) => {
  if (typeof value === "number") return String(asNumber(value));
  const isScalar = /^(boolean|bigint)$/.test(typeof value);
  return isScalar ? String(value) : storable(asString(value));
};

const ensureLength = (text, most) => {
  ensure(text.length <= most, `longer than ${most} characters`);
  return text;
};

/** How a value is called in a message. */
const describe = (value) => {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, LONGEST_KEY))
    : typeof value;
};

const asEventName = (name) => {
  const text = ensureLength(asString(name), LONGEST_NAME);
  // Category and action; the prefixes are reserved.
  ensure(
    /^(?!(mtribes|___UI|sdk)\/)[^/\p{Cc}]+\/[^/\p{Cc}]+$/u.test(text),
    "not category/action, or reserved",
  );
  return storable(text);
};

/** What has a value, in order of key: by its own key, or as one of three pairs. */
const readMetadata = (metadata) => {
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
};

const isNothing = (value) => {
  return value === undefined || value === null;
};

const readOptions = (options, attempt) => {
  const { userId, userSignature, fields } = asObject(options ?? {});
  const external_id =
    isNothing(userId) || userId === "" ? undefined : asUserId(userId);
  const signature = storable(asString(userSignature ?? ""));
  return {
    external_id,
    user_signature: (external_id && signature) || undefined,
    fields: readFields(fields, attempt),
  };
};

const asUserId = (value) => {
  const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
  const text = isWhole ? String(value) : asString(value);
  ensure(
    // Reserved ids, what cannot be stored, control characters, and what nobody sees at an edge.
    [...text].length <= LONGEST_NAME &&
      !/^(|\.\.?|[a-z]{3}_[^\W_]{22})$|[\p{Cc}\p{Cs}]|^[\p{Z}\p{Cf}]|[\p{Z}\p{Cf}]$/u.test(
        text,
      ),
    "not a userId",
  );
  return text;
};

/** The fields that can be sent, if any; of the others a log line tells. */
const readFields = (fields, attempt) => {
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
};

const readField = (value) => {
  if (isNothing(value) || typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "bigint") {
    return asNumber(Number(value));
  }
  return ensureLength(storable(asString(value)), LONGEST_FIELD_VALUE);
};

/** Makes a Space of its own. Apps that use the default Space alone leave this out of their bundle. */
export const makeSpaceWith = (blueprint, options) => {
  const [space, runner, entities] = assemble(blueprint);
  const [, , , , [attempt]] = runner;
  attempt("the options are left out", () =>
    apply(options ?? {}, blueprint.fallbacks, runner, entities),
  );
  return space;
};

const apply = (
  options,
  fallbacks,
  [client, , , log, [attempt], resume, test],
  entities,
) => {
  const { states, bootstrap, logger = null } = options;
  client.logger = logger;
  if (states) test(completeStates(fallbacks, states, entities, log));
  for (const name of Object.keys(client)) {
    const value = options[name];
    if (value !== undefined) client[name] = value;
  }
  if (bootstrap && !states) {
    const resumed = attempt("the bootstrap is left out", () =>
      readSnapshot(bootstrap, attempt),
    );
    if (resumed) resume(...resumed);
  }
};

/** What a test says, filled in from the fallbacks. */
const completeStates = (fallbacks, states, entities, log) =>
  mapped(states, (given, entity) => {
    if (!entities.has(entity)) log(`no entity ${describe(entity)}`);
    return completeState(fallbacks[entity], given);
  });

const completeState = (fallback, given) => {
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
        ...item,
      })),
    }),
  };
};

/** A session that was started elsewhere, of whom, and their anonymous id. The snapshot may come from anywhere. */
const readSnapshot = (value, attempt) => {
  const snapshot = asObject(value);
  const { anonymousId, userId } = asObject(snapshot["person"]);
  const served = asServed(snapshot);
  return /** @type {any} */ ([
    // Whatever looking at the states does, it is to be done before anybody is told.
    { ...served, states: { ...served.states } },
    readOptions({ userId }, attempt),
    asAnonymousId(anonymousId),
  ]);
};

/** Makes a Space; nothing global is touched before its first use. */
export const makeSpace = (blueprint) => assemble(blueprint)[0];

const assemble = (blueprint) => {
  const { key, host, code, fallbacks } = blueprint;
  const entities = new Map();
  const runner = makeRunner(key, host, code, entities);
  const [client, session, close, , surroundings] = runner;
  const [, trackerOf] = surroundings;

  const add = (entity, content, nothing, parse, rest) => {
    const [shown, layers] = makeLayers(
      surroundings,
      entity,
      content,
      nothing,
      fallbacks[entity],
      parse,
      rest,
    );
    entities.set(entity, layers);
    return shown;
  };

  const addChild = ([entity, type]) => {
    if (!("kind" in type)) {
      const supports = type.map(described);
      return add(
        entity,
        "items",
        freeze({ enabled: false, items: [] }),
        sectionReader(trackerOf, supports, entity),
      );
    }
    const { kind, defaults } = described(type);
    return add(
      entity,
      "properties",
      freeze({ enabled: false, properties: defaults }),
      (wire, { enabled }, note) =>
        readExperience(type, wire, entity, enabled, note),
      { kind, defaults, track: trackerOf({ entity }) },
    );
  };

  const collections = mapped(blueprint.collections, (children) =>
    mapped(children, addChild),
  );
  const space = freeze({ client, session, collections, close });
  return /** @type {const} */ ([space, runner, entities]);
};

/**
 * Keeps events in storage from the end of the task in which they are tracked
 * until they are dropped. Many pages may share the places: what another has
 * written is neither overwritten nor removed. `textsOf` lists what a record
 * holds at present.
 */
const keepEvents = ([read, write, remove], textsOf) => {
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
      if (found && found !== text) {
        record.text = "";
        record.place = nextPlace(record.place);
        return texts[0] && tries && put(record, tries - 1);
      }
      if (!texts[0]) return remove(name);
      const news = [to, ...texts].join("\n");
      const written = news === found || write(name, news);
      return proceed(written, (done) => done && (record.text = news));
    });
  };

  /** What the event is kept in from now on. */
  const keep = (event, to) => {
    if (open?.to !== to || open.size > MOST_CHARACTERS_AGAIN) {
      open = { to, place: (place = nextPlace(place)), text: "", size: 0 };
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
      const [whose, ...lines] = text.split("\n");
      if (whose !== to) return;
      const record = { to, place, text, size: text.length };
      const events = lines.filter(isEvent);
      if (!events[0]) change(record);
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
};

/** Not of what others have written there, which would be in the way of events. */
const isEvent = (line) =>
  readJson(line, ({ id }) => id && countBytes(line) <= MOST_EVENT_BYTES);

const nextPlace = (place) => {
  return (place + 1) % EVENT_PLACES;
};

/** In UTF-8, without what not every platform has. Throws for half a surrogate pair, which no JSON holds. */
const countBytes = (text) => {
  return encodeURIComponent(text).replace(/%../g, "x").length;
};

const makeListeners = (name, attempt, first) => {
  const failed = `a listener of ${name} failed`;
  const all = new Set();
  let told;
  const onChange = (call) => {
    const listener = { call };
    attempt(failed, () => {
      ensure(typeof call === "function", "not a function");
      all.add(listener);
    });
    return () => void all.delete(listener);
  };
  const announce = (state) => {
    const known = told ?? first();
    told = state;
    if (equal(state, known)) return;
    for (const listener of [...all]) {
      if (told !== state) return;
      if (all.has(listener)) attempt(failed, listener.call);
    }
  };
  return /** @type {const} */ ([onChange, announce]);
};

/** What an app sees of an entity, beside `rest`, and the layers that decide it. */
const makeLayers = (
  [attempt, , isTest, isLocking, isHidden],
  entity,
  content,
  nothing,
  fallbackWire,
  parse,
  rest,
) => {
  /** What the server sent for a state. */
  const wires = new WeakMap();
  let made;
  let first;
  let locked;
  let latest;
  let before;
  let unknown = [];

  const fallback = () =>
    made ?? (made = parse(fallbackWire ?? {}, nothing, () => {}));
  const current = () => locked ?? latest ?? before ?? fallback();
  const note = (place, value) => {
    const isNone = /undefined|function/.test(typeof value);
    if (isNone && isTest()) return;
    if (unknown.length < MOST_UNKNOWN) unknown.push(unknownEntry(place, value));
  };
  const [onChange, announce] = makeListeners(entity, attempt, fallback);

  /** The state to show. While the session locks, it stays what it was when it was first read. */
  const read = () => {
    if (EVERYWHERE && isHidden()) return fallback();
    const state = current();
    if (isLocking()) locked = state;
    return state;
  };

  const shown = freeze({
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
      return EVERYWHERE && isHidden() ? fallback() : (first ?? fallback());
    },
    onChange,
    get [content]() {
      return read()[content];
    },
  });

  const layers = {
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
  return /** @type {const} */ ([shown, layers]);
};

const equal = (one, other) => {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
};

const makeRunner = (spaceKey, host, code, entities) => {
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
  let hasEnded;
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
    try {
      const told = (client.logger ?? report)(message, cause);
      // One that sends messages elsewhere may fail later.
      void Promise.resolve(told).catch(() => {});
    } catch {
      report(message, cause);
    }
  };

  /** Whether the message is to be logged, and was not before. */
  const isNews = (message) =>
    !logged.has(message) &&
    logged.size <= MOST_LOGGED_ONCE &&
    logged.add(message);

  const logOnce = (message) => {
    if (isNews(message)) log(message);
  };

  const attempt = (what, call) => {
    try {
      return call();
    } catch (cause) {
      return void log(what, cause);
    }
  };

  const [afterFailure, hurry] = makePauses();
  const [onChange, announce] = makeListeners("session", attempt, () => IDLE);

  const isTest = () => !!states;

  /** Whether who looks now was refused, so that what is served is somebody else's. */
  const isHidden = () =>
    EVERYWHERE &&
    state.status !== "idle" &&
    callersHere().some(({ of, refused }) => of === client && refused);

  /** Whether all is over, or may not begin here; who does not know it is told once. */
  const isClosed = () => {
    const why = closing
      ? "the Space is closed"
      : !EVERYWHERE && !hasPage() && !states && "this code is for pages alone";
    if (why) logOnce(why);
    return why;
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
    if (state.failure === "missing-key" && destination()) void prime();
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
  const [destination, send] = makeSender(client, isTest);
  const [listReport, putReport] = keepReport(
    store,
    client,
    () => code.hash + destination(),
  );
  const [addEvent, flushEvents, leave, restoreEvents, dropEvents, closeEvents] =
    makeEvents(destination, send, afterFailure, store, client, log, logOnce);

  /** Takes an answer; null: nothing is new. What a whole session's answer does not name falls back. */
  const take = (served) => {
    let unknown = [];
    if (served) {
      session = served.session ?? session;
      revision = served.revision;
      entities.forEach((layers, entity) => {
        const wire = served.states[entity];
        if (wire !== undefined) layers.serve(wire);
        else if (served.session !== null) layers.drop();
      });
      unknown = reportUnknown();
    }
    conclude("served");
    const news = unknown.filter(isNews);
    if (news[0]) log(`this code cannot use ${news.join("; ")}`);
  };

  const listUnknown = () => {
    const all = [...entities.values()].flatMap((layers) => layers.unknown());
    return all.slice(0, MOST_UNKNOWN);
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
    const reply = await send("/sessions", body, mine);
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
      const id = encodeURIComponent(session);
      const since = encodeURIComponent(revision);
      const path = `/sessions/${id}/changes?since=${since}&wait=${waitSeconds}`;
      return send(path, undefined, aborter);
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

  /** What the same person sees stays until there is something newer; a visitor who has signed in is another person. */
  const begin = async (isSame, idBefore) => {
    const mine = turn;
    if (states) {
      anonymousId = newId();
      return take({ session: null, revision: "test", states });
    }
    if (EVERYWHERE && hasEnded) {
      forgetIdentity();
      hasEnded = false;
    }
    if (isSame) {
      entities.forEach((layers) => layers.keep());
      conclude("starting");
    } else fallBack("starting");
    await identityReady();
    if (turn !== mine) return;
    anonymousId = idFor(person);
    if (!person?.external_id && idBefore !== anonymousId) fallBack("starting");
    if (turn !== mine) return;
    if (destination()) return prime();
    conclude("fallback", "missing-key");
    log("client.apiKey is not set");
  };

  const start = async (options) => {
    if (isClosed()) return;
    watch();
    let newcomer;
    if (EVERYWHERE && !hasPage() && !states) newcomer = enterCaller(client);
    const before = turn;
    const next = attempt("the session is not started", () =>
      readOptions(options, attempt),
    );
    if (turn !== before) return;
    if (EVERYWHERE && newcomer && isTakenBy(person, next, state, client)) {
      const isNew = !isInUse(state);
      refuse(caller);
      refuse(newcomer);
      stop();
      fallBack("fallback", "in-use");
      return isNew ? log(IN_USE) : undefined;
    }
    const isSame = areSame(person, next) && key === client.apiKey;
    const idBefore = anonymousId;
    stop();
    if (EVERYWHERE) caller = newcomer;
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
    if (EVERYWHERE && isHidden() && !isInUse(state)) return flush();
    stop();
    if (EVERYWHERE && !hasPage()) {
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

  const trackerOf = (place) => (name, pairs) => {
    // After a failure of nobody's it is not known who is there.
    const isMute = !person && state.status === "fallback";
    if (isClosed() || isMute || states) return;
    if (EVERYWHERE && isHidden()) return;
    watch();
    const what = `the event ${describe(name)} is left out`;
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
      void proceed(anonymousId ?? identityReady(), () => attempt(what, add));
    });
  };

  const snapshot = () => {
    if (!anonymousId || revision === null) return null;
    if (EVERYWHERE && isHidden()) return null;
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

  const shown = () => (EVERYWHERE && isHidden() ? REFUSED : state);

  const isLocking = () =>
    client.sessionLock && /served|fallback/.test(state.status);

  const resume = (served, next, id) => {
    person = next;
    anonymousId = id;
    key = client.apiKey;
    saveIdentity({ id, owner: next.external_id ?? null });
    take(served);
    settle();
    watch();
    follow();
  };

  const test = (given) => {
    states = given;
    void start();
    settle();
  };

  return /** @type {any} */ ([
    client,
    {
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
        return EVERYWHERE && isHidden() ? [] : listUnknown();
      },
      start,
      track: trackerOf(),
      flush,
      end,
      onChange,
      snapshot,
      identify: (userId, fields) => start({ userId, fields }),
      anonymize: (fields) => start({ fields }),
    },
    // Nothing may begin from here on, so this is set before anybody is told.
    () => closing ?? (closing = Promise.resolve().then(close)),
    log,
    [attempt, trackerOf, isTest, isLocking, isHidden],
    resume,
    test,
  ]);
};

const watchers = new Set();

/** Tells of the page until the returned function is called; of no page there is nothing to tell. */
const watchPage = (watcher) => {
  if (EVERYWHERE && !hasPage()) return () => {};
  if (watchers.size === 0) listenToPage("addEventListener");
  watchers.add(watcher);
  return () => {
    if (watchers.delete(watcher) && watchers.size === 0) {
      listenToPage("removeEventListener");
    }
  };
};

/** One set of listeners, whatever the number of watchers. */
const listenToPage = (how) => {
  for (const type of ["online", "pagehide", "pageshow"]) {
    platform[how]?.(type, tellWatchers);
  }
  for (const type of ["visibilitychange", "freeze", "resume"]) {
    platform.document?.[how]?.(type, tellWatchers);
  }
};

const tellWatchers = ({ type }) => {
  const isGone =
    /hide|freeze/.test(type) || (type !== "online" && isPageHidden());
  watchers.forEach((watcher) => watcher(isGone));
};

const isPageHidden = () => {
  return platform.document?.visibilityState === "hidden";
};

/** Hears what other tabs of the browser say under this name. Undefined where tabs cannot take turns: each is on its own. */
const openChannel = (name, hear) => {
  if (EVERYWHERE && !platform.document) return undefined;
  if (!platform.navigator?.locks) return undefined;
  try {
    // Throws where there are none, and where they are forbidden.
    const channel = new platform.BroadcastChannel(name);
    channel.onmessage = ({ data }) => hear(data);
    return channel;
  } catch {
    return undefined;
  }
};

/** Calls when no other tab is at its turn, which lasts until what is returned settles; at once where turns are forbidden. */
const takeTurn = async (name, { signal }, call) => {
  try {
    await platform.navigator.locks.request(name, { signal }, call);
  } catch {
    call();
  }
};

/**
 * Asks for changes of a session for as long as it runs unlocked and its page
 * is seen. Where the server no longer knows it, it is begun anew. Of a
 * browser's tabs one at a time waits at the server; it tells the others when it
 * hears of a change.
 *
 * `poll` asks, `isNews` compares a revision with what is served, `take` and
 * `fail` take answers, and `restart` begins the session anew.
 */
const makeFollower = (
  client,
  afterFailure,
  poll,
  isNews,
  take,
  fail,
  restart,
) => {
  let isFollowing = false;
  /** Whether the page is seen, and no failure has to be waited for. */
  let isHere = false;
  /** Of what is asked, or is about to be. */
  let asking;
  /** Asks, while the turn to do so is waited for; 0: for an answer at once. */
  let send;
  let endTurn;
  let cancelTimer;
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
    const rest = last + SHORTEST_PAUSE_MSEC - clock.now();
    pause(Math.min(rest, SHORTEST_PAUSE_MSEC), go);
  };

  const hide = () => {
    isHere = false;
    channel?.close();
    cancelTimer?.();
    abort(asking);
    asking = send = undefined;
    endTurn?.();
  };

  const pause = (milliseconds, call) => {
    if (milliseconds > 0) cancelTimer = clock.after(milliseconds, call);
    else call();
  };

  /** Waits for its turn and then at the server, or at neither. */
  const go = () => {
    const mine = (asking = newAborter());
    const ask = (send = async (waitSeconds) => {
      cancelTimer?.();
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
    if (channel) {
      pause(patience, () => void ask(0));
      void takeTurn(place(), mine, wait);
    } else void wait();
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
      pause(failures ? rest : SHORTEST_PAUSE_MSEC, go);
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
};

/** Collects events and sends them in batches until the server has them; the oldest go when there are too many. */
const makeEvents = (
  destination,
  send,
  afterFailure,
  store,
  client,
  log,
  logOnce,
) => {
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
      [...waiting.keys()].filter((event) => waiting.get(event) === record),
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

  const collect = () => {
    const over = [...waiting.keys()].slice(0, -MOST_EVENTS_QUEUED);
    if (over[0]) logOnce(`dropped events: more than ${MOST_EVENTS_QUEUED}`);
    over.forEach(drop);
    if (closed || waiting.size === 0) return;
    if (EVERYWHERE) {
      listenForTheEnd(leaving, () => {
        save();
        if (failures === 0) void flush();
      });
    }
    if (cancel || sending) return;
    cancel = clock.after(COLLECTING_MSEC, () => void flush());
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
      if (isHere && batch.length < most && countBytes(event) < room) {
        room -= countBytes(event) + 1;
        batch.push(event);
      }
    }
    return batch;
  };

  const post = (batch, keepalive) =>
    send("/events", `[${batch.join()}]`, undefined, keepalive);

  /** Some bad events have a whole batch refused: drop those that are named, or find them by halves. */
  const refuse = (batch, text) => {
    // The server's problems name places in the batch, such as `[3].name`.
    const isNamed = (at) => new RegExp(`"path": *"\\[?${at}\\b`).test(text);
    const bad = batch.filter((_, at) => isNamed(at) || batch.length === 1);
    atOnce = Math.ceil(batch.length / 2);
    if (!bad[0]) return;
    atOnce = MOST_EVENTS_AT_ONCE;
    // Found only when it is needed: most events are never told of.
    const names = bad.map((event) => /"name":"(.*?)"/.exec(event)?.[1]);
    const such = names.join(", ").slice(0, LONGEST_UNKNOWN);
    const told = text.slice(0, LONGEST_UNKNOWN);
    log(`refused events: ${bad.length}, such as ${such}: ${told}`);
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
    if (EVERYWHERE && waiting.size === 0) ending.delete(leaving);
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
    const under = countBytes([...leaving].join());
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
    if (EVERYWHERE) ending.delete(leaving);
    if (waiting.size > 0) log(`events not sent: ${waiting.size}`);
  };

  return /** @type {const} */ ([add, flush, leave, restore, dropAll, close]);
};

/** The answer of the server to events of which some are bad; not of what is in between, such as a network's sign-in. */
const isRefusal = ({ status, text }) => {
  return (
    status === TOO_LARGE ||
    ((status === 400 || status === 422) && /^\s*{/.test(text))
  );
};

/** A page of HTML comes from something in between, such as a network's sign-in. */
const succeeded = ({ status, text }) => {
  return status >= 200 && status < 300 && !/^\s*</.test(text);
};

const NO_ANSWER = { status: 0, text: "", pauseMsec: 0 };

const makeSender = (client, isTest) => {
  const underWay = new Set();

  const ask = async (path, options) => {
    const fetch = client.fetch ?? platform.fetch;
    const answer = await fetch(`${client.host}/api/client${path}`, options);
    return {
      text: asString(await answer.text()),
      status: asNumber(answer.status),
      pauseMsec: readRetryAfterMsec(answer.headers?.get("Retry-After")),
    };
  };

  const destination = () =>
    isTest()
      ? ""
      : client.apiKey && JSON.stringify([client.apiKey, client.host]);

  const send = (path, body, aborter, keepalive = false) => {
    const cutter = aborter ?? newAborter();
    const work = ask(path, {
      method: body ? "POST" : "GET",
      headers: {
        Accept: "application/json",
        Authorization: `Bearer ${client.apiKey}`,
        ...(body && { "Content-Type": "application/json" }),
      },
      ...(body && { body }),
      // What outlives its page is not cut.
      ...(keepalive ? { keepalive } : { signal: cutter.signal }),
    }).catch(() => NO_ANSWER);
    const longest = body ? TIMEOUT_MSEC : CHANGES_TIMEOUT_MSEC;
    const reply = sooner(
      work,
      Math.max(longest, client.waitTimeMsec),
      () => {
        abort(cutter);
        return NO_ANSWER;
      },
      true,
    );
    if (EVERYWHERE) {
      underWay.add(work);
      void work.then(() => underWay.delete(work));
      return unlessAlone(
        reply,
        aborter ? ALONE_MSEC : EVENTS_ALONE_MSEC,
        underWay,
        () => {
          abort(cutter);
          return body ? NO_ANSWER : { ...NO_ANSWER, status: 204 };
        },
      );
    }
    return reply;
  };

  return /** @type {const} */ ([destination, send]);
};

/** Pauses before another attempt, and what is called when the network comes back: those that wait for it end. */
const makePauses = () => {
  const hurrying = new Set();
  const afterFailure = (failures, reply, call) => {
    const least = Math.max(SHORTEST_PAUSE_MSEC, reply.pauseMsec);
    const longest = reply.status
      ? LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC
      : LONGEST_PAUSE_MSEC;
    const began = clock.now();
    const cancel = () => {
      hurrying.delete(hurry);
      cancelTimer();
    };
    const wait = (milliseconds) =>
      clock.after(milliseconds, () => {
        cancel();
        call();
      });
    const hurry = () => {
      cancelTimer();
      cancelTimer = wait(least - Math.max(0, clock.now() - began));
    };
    let cancelTimer = wait(Math.max(least, backOffMsec(failures, longest)));
    hurrying.add(hurry);
    return cancel;
  };
  return /** @type {const} */ ([
    afterFailure,
    () => hurrying.forEach((hurry) => hurry()),
  ]);
};

/** 1 s, 1 to 2 s, 2 to 4 s ... up to the longest, at random so that many apps do not come back at once. */
const backOffMsec = (failures, longest) => {
  const most = Math.min(longest, 500 * 2 ** failures);
  const shortest = SHORTEST_PAUSE_MSEC * (1 + clock.random() / 5);
  return Math.max(shortest, most * (0.5 + clock.random() / 2));
};

/** Seconds or a date, as HTTP has it; 0 where nothing usable is said. */
const readRetryAfterMsec = (text) => {
  const seconds = Number(text);
  const wait = isNaN(seconds) ? Date.parse(text) - clock.now() : seconds * 1000;
  return wait > 0 ? Math.min(wait, LONGEST_RETRY_AFTER_MSEC) : 0;
};

const platform = globalThis;

/** @internal The time, timers and chance of this file, in one place so that a test can set its own. */
export const clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  /**
   * Calls after that time, unless what is returned is called before. A program
   * may end sooner, but for what is awaited.
   */
  after(milliseconds, call, isAwaited) {
    const wait = Math.min(milliseconds, LONGEST_TIMER_MSEC);
    const timer = platform.setTimeout(call, wait);
    if (EVERYWHERE && !isAwaited) {
      timer?.unref?.();
      if (typeof timer === "number") platform.Deno?.unrefTimer?.(timer);
    }
    return () => platform.clearTimeout(timer);
  },
};

/** Whether one person looks at what is shown here. Elsewhere, on a server, it may be many. */
const hasPage = () =>
  EVERYWHERE
    ? !!platform.document || platform.navigator?.product === "ReactNative"
    : !!platform.document;

/** Tells the developer; never throws, whatever the console and the cause are. */
const report = (message, cause) => {
  try {
    const causes = cause === undefined ? [] : [cause];
    platform.console?.error(`mtribes: ${message}`, ...causes);
  } catch {
    // There is nobody left to tell.
  }
};

/** A random UUID, version 4. A page without TLS has no `randomUUID`, and a program may have nothing but chance. */
const newId = () => {
  const bytes = new Uint8Array(36);
  if (EVERYWHERE && !platform.crypto?.getRandomValues) {
    bytes.forEach((_, at) => (bytes[at] = Math.random() * 256));
  } else platform.crypto.getRandomValues(bytes);
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, (_, at) =>
    ((bytes[at] ?? 0) & 15).toString(16),
  );
};

/** Where the platform has none, nothing that is under way can be cut, but its answer is not waited for. */
const newAborter = () =>
  EVERYWHERE && !platform.AbortController ? {} : new platform.AbortController();

/** A worker forbids to cut what another request has begun; that its answer is not waited for is enough. */
const abort = (aborter) => {
  if (EVERYWHERE) {
    try {
      aborter?.abort?.();
    } catch {
      // It ends by itself.
    }
  } else aborter?.abort?.();
};

/** All of an event but whom it is of. */
const readEvent = (name, metadata, place) => {
  const timestamp = new Date(clock.now()).toISOString();
  return {
    id: newId(),
    name: asEventName(name),
    // A clock that was never set: the time of arrival is nearer.
    timestamp: /^2\d{3}-/.test(timestamp) ? timestamp : undefined,
    ...place,
    metadata: readMetadata(metadata),
  };
};

const sessionState = (status, failure, revision) => {
  return freeze({ status, failure, revision });
};

const IDLE = /* @__PURE__ */ sessionState("idle", null, null);
/** What is told to those who were refused. */
const REFUSED = /* @__PURE__ */ sessionState("fallback", "in-use", null);

/** Null for an answer that is none. */
const readServed = ({ status, text }) =>
  status === 200 ? readJson(text, asServed) : null;

const asServed = ({ session, revision, states }) => {
  return {
    session: typeof session === "string" && session ? storable(session) : null,
    revision: scalarText(revision),
    states: asObject(states),
  };
};

const failureOf = ({ status }) => {
  if (status === 0) return "network";
  if (status >= 500) return "server";
  return status >= 400 ? "refused" : "nonsense";
};

/** The last three are called after their part of it was changed. */
const makeClient = (host, log, keyChanged, lockChanged, trackingChanged) => {
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
      } else log("client.waitTimeMsec must be a number");
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
};

const kindOfPlatform = () =>
  hasPage() ? (platform.document ? "browser" : "other") : "server";

/** What an app says of itself, as far as that can be sent. On which system React Native runs, only modules of its own tell. */
const readApp = (client, attempt) => {
  const read = (name) =>
    attempt(
      `client.${name} is left out`,
      () => ensureLength(scalarText(client[name]), LONGEST_KEY) || undefined,
    );
  return {
    version: read("appVersion"),
    build: read("appBuild"),
    platform: EVERYWHERE ? kindOfPlatform() : "browser",
  };
};

/** What is to be done before a program ends, by whose it is: called when it has nothing more to do, and when it is about to end. */
const ending = new Map();
let isListening = false;

/** Calls where the platform tells before a program ends, as Node does. */
const listenForTheEnd = (whose, finish) => {
  ending.set(whose, finish);
  if (isListening) return;
  isListening = true;
  const finishAll = () => ending.forEach((finish) => finish());
  platform.process?.on?.("beforeExit", finishAll);
  platform.process?.on?.("exit", finishAll);
};

/** What the work gives; in Node something else, once requests that are under way are all that keeps the program running. */
const unlessAlone = (work, firstLookMsec, underWay, otherwise) => {
  if (!platform.process?.getActiveResourcesInfo) return work;
  return new Promise((resolve) => {
    const look = () => {
      if (isAloneWith(underWay.size)) resolve(otherwise());
      else cancel = clock.after(ALONE_MSEC, look);
    };
    let cancel = clock.after(firstLookMsec, look);
    void work.then((done) => {
      cancel();
      resolve(done);
    });
  });
};

const isAloneWith = (requests) => {
  const kinds = platform.process?.getActiveResourcesInfo?.() ?? [];
  // Not the standard streams.
  const others = kinds.filter((kind) => !/^(Pipe|TTY)Wrap$/.test(kind));
  return (
    others.length > 0 &&
    others.length <= requests &&
    others.every((kind) => /^(TCPSocket|TLS|GetAddrInfoReq)Wrap$/.test(kind))
  );
};
