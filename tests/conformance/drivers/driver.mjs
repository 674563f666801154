// Drives the TypeScript and JavaScript runtime through the conformance cases: templates_server/docs/development/conformance.md.
import process from "node:process";
import { createInterface } from "node:readline";
import { asynchronousStorage, clockOf, happen, immediate, moment, store, surround } from "./surroundings.mjs";

const [bundle, language, ...lacking] = process.argv.slice(2);
let FEATURES = ["page", "server", "default space", "created space", "async storage", "any value", "platform log"];
FEATURES.push("stable objects", "live changes", "kept events", "one session a space");
FEATURES = FEATURES.filter((feature) => !lacking.includes(feature));
let around, runtime, spaces, listeners, callers, known, pending, broken, calls;
let begun = 0;

/** Forgets everything and loads the runtime anew, as a process does that starts. */
async function begin(command) {
  if (around) around.isOver = true;
  around = surround(command);
  [spaces, listeners, callers, known, pending, broken, calls] = [{}, {}, {}, {}, [], [], []];
  runtime = await import(`${bundle}?begun=${(begun += 1)}`);
  Object.assign(runtime.clock, clockOf(around));
  return { language, features: FEATURES };
}

function create({ space, kind, options: { logger, ...options } }) {
  const { logs } = around;
  const storage = asynchronousStorage(around);
  if (storage) options.storage = storage;
  if (kind === "default") {
    spaces[space] = runtime;
    Object.assign(runtime.client, options);
    return;
  }
  const log = (message, cause) => void logs.push([message, cause].filter((part) => part !== undefined).join(": "));
  const loggers = { platform: {}, throws: { logger: () => failing("the logger") } };
  spaces[space] = runtime.createSpace({ ...options, ...(loggers[logger] ?? { logger: log }) });
}

function failing(what) {
  throw new Error(`${what} fails`);
}

/** Calls what may take time, and notes how that ends. */
function call(name, work) {
  const [own, faults] = [pending, broken];
  own.push(name);
  const done = () => void own.splice(own.indexOf(name), 1);
  const fail = (how, error) => (done(), faults.push(`${name} ${how}: ${error}`));
  try {
    Promise.resolve(work()).then(done, (error) => fail("rejected", error));
  } catch (error) {
    fail("threw", error);
  }
}

/** What runs for one caller does so in one asynchronous context, which goes on from call to call. */
async function caller(queue) {
  for (;;) (await new Promise((resolve) => (queue.next = resolve)))();
}

function as(name, job) {
  callers[name] ??= {};
  if (!callers[name].next) void caller(callers[name]);
  return new Promise((resolve) => setImmediate(() => callers[name].next(() => resolve(job()))));
}

const kebab = (member) => member.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const raw = (members) => Object.fromEntries(Object.entries(members ?? {}).map(([name, value]) => [kebab(name), value]));
const itemOf = ({ kind, id, enabled, properties }) => ({ kind, id, enabled, properties: raw(properties) });
const stateOf = (of) =>
  of && {
    enabled: of.enabled,
    ...("items" in of ? { items: of.items.map(itemOf) } : { properties: raw(of.properties) }),
  };
const sessionOf = ({ space }) => spaces[space].session;
/** A member that is a function, as apps pass it around: without its object. */
const member = (of, name) => of[name];
const ofSession = (name, argumentsOf) => (command) =>
  call(name, () => member(sessionOf(command), name)(...argumentsOf(command)));
const entityOf = (space, entity) => entity.split(".").reduce((of, name) => of[name], spaces[space].collections);

/** Whether this is the very object that stood there at the last look. */
function isKnown(place, object) {
  const before = known[place];
  known[place] = object;
  return before === object;
}

function read({ space, entity }) {
  const of = entityOf(space, entity);
  const unchanged = isKnown(`${space} ${entity}`, of.state);
  return {
    ...stateOf(of),
    unchanged,
    defaults: raw(of.defaults),
    fallback: stateOf(of.fallback),
    initial: stateOf(of.initial),
  };
}

function status({ space }) {
  const { status, failure, revision, unknown, state } = spaces[space].session;
  return { status, failure, revision, unknown, state, unchanged: isKnown(`${space} session`, state) };
}

/** A value that JSON has no way to write is `{ number: "NaN" }`. */
function valueOf(value) {
  return value?.number === undefined ? value : Number(value.number);
}

function track({ space, name, pairs, metadata, of, times }) {
  const [, entity, item] = /^(.+?)(?:\[(\d+)\])?$/.exec(of ?? "session");
  const target = of ? entityOf(space, entity) : spaces[space].session;
  const named = [
    ...(pairs ?? []).map(([key, value], at) => [`pair${at + 1}`, { key, value: valueOf(value) }]),
    ...(metadata ?? []).map(([key, value]) => [key, valueOf(value)]),
  ];
  const given = named.length > 0 ? Object.fromEntries(named) : undefined;
  for (let number = 0; number < times; number += 1) {
    member(item ? target.items[item] : target, "track")(name.replace("#", number), given);
  }
}

function listen({ space, to, name, reads, throws, starts, stops }) {
  const of = to === "session" ? sessionOf({ space }) : entityOf(space, to);
  const [own, { session }] = [calls, spaces[space]];
  listeners[name] = member(
    of,
    "onChange",
  )(() => {
    const { status, failure } = session;
    own.push({ by: name, at: around.now, status, failure, ...(reads ? { read: stateOf(of) } : {}) });
    if (stops) listeners[stops]();
    if (starts) call("start", () => session.start(starts));
    if (throws) failing(`the listener ${name}`);
  });
}

/** What no type allows, and callers without types pass all the same. */
const ODD = {
  ...{ nothing: undefined, null: null, number: 5, text: "x", list: [], true: true, bigint: 10n, symbol: Symbol("x") },
  ...{ function: () => {}, bare: Object.create(null), "half a pair": "\ud83d", cycle: {} },
  trap: new Proxy({}, { get: () => failing("the trap") }),
};
ODD.cycle.of = ODD.cycle;

function odd({ space, calls: name, value, within }) {
  const given = within ? { [within]: ODD[value] } : ODD[value];
  const { session, collections } = spaces[space];
  if (name === "pairs") call(name, () => session.track("odd/pairs", { pair1: given }));
  else if (name === "onChange") call(name, () => void collections.homepage.header.onChange(given));
  else call(name, () => session[name](given));
}

async function advance({ to }) {
  for (;;) {
    const due = [...around.timers.values()]
      .filter(({ at }) => at <= to)
      .sort((a, b) => a.at - b.at || a.timer - b.timer);
    if (due.length === 0) break;
    around.now = Math.max(around.now, due[0].at);
    around.timers.delete(due[0].timer);
    due[0].call();
    await quiet();
  }
  around.now = to;
}

const COMMANDS = {
  ...{ begin, create, read, status, track, listen, odd, advance, settle: moment },
  set: ({ space, name, value }) => void (spaces[space].client[name] = value),
  start: ofSession("start", ({ options }) => [options]),
  end: ofSession("end", () => []),
  flush: ofSession("flush", () => []),
  identify: ofSession("identify", ({ userId, fields }) => [userId, fields]),
  anonymize: ofSession("anonymize", ({ fields }) => [fields]),
  close: ({ space }) => call("close", () => member(spaces[space], "close")()),
  snapshot: (command) => member(sessionOf(command), "snapshot")(),
  stop: ({ name }) => listeners[name](),
  storage: ({ kind }) => void (around.storage = kind),
  page: ({ event }) => happen(around, event),
};

/** Until nothing runs that needs no time: promises, and storage that answers in a moment. */
async function quiet() {
  do for (let turn = 0; turn < 3; turn += 1) await immediate();
  while (around.busy > 0);
}

async function answer(line) {
  const command = JSON.parse(line);
  const result = {};
  try {
    const run = async () => COMMANDS[command.do](command);
    result.value = await (command.as ? as(command.as, run) : run());
  } catch (error) {
    result.error = `${error?.stack ?? error}`;
  }
  await quiet();
  store(around);
  const { now, watching, open, timers, logs } = around;
  const next = timers.size > 0 ? Math.min(...Array.from(timers.values(), ({ at }) => at)) : null;
  const lists = { broken: broken.splice(0), calls: calls.splice(0), logs: logs.splice(0) };
  process.stdout.write(`${JSON.stringify({ ...result, now, watching, next, open: [...open], pending, ...lists })}\n`);
}

createInterface({ input: process.stdin }).on("line", (line) => void answer(line));
