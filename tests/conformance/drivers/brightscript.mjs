// Drives the BrightScript runtime through the conformance cases: templates_server/docs/development/conformance.md.
// The interpreter has no platform: ./brightscript/platform.mjs is one. What an app does is in ./brightscript/Driver.brs.
import process from "node:process";
import { createInterface } from "node:readline";
import { begin as loadApp, fromBrs, toBrs } from "./brightscript/platform.mjs";

const [interpreterFolder, app] = process.argv.slice(2);
const FEATURES = ["page", "created space", "any value", "platform log", "live changes"];
FEATURES.push("kept events", "one session a space");
const immediate = () => new Promise((resolve) => setImmediate(resolve));
const moment = () => new Promise((resolve) => setTimeout(resolve, 1));
let platform, driver, broken;

/** Forgets everything, as a process does that starts. */
async function begin(command) {
  if (platform) platform.isOver = true;
  platform = await loadApp(interpreterFolder, app, command);
  driver = platform.create("ConformanceDriver");
  broken = [];
  return { language: "brightscript", features: FEATURES };
}

/** Has the driver's node do it; what the runtime throws is broken. */
function inNode(name, argument) {
  try {
    return fromBrs(platform.call(driver, name, toBrs(argument)));
  } catch (error) {
    broken.push(`${name} threw: ${error?.message ?? error}`);
    return null;
  }
}

const kebab = (member) => member.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const raw = (members) => members && Object.fromEntries(Object.entries(members).map(([name, value]) => [kebab(name), value]));
const itemOf = ({ kind, id, enabled, properties }) => ({ kind, id, enabled, properties: raw(properties) });
const stateOf = (of) =>
  of && {
    enabled: of.enabled,
    ...("entries" in of ? { items: of.entries.map(itemOf) } : { properties: raw(of.properties) }),
  };

function read(command) {
  const of = inNode("readEntity", command);
  const [{ read, fields }, sameText] = [of, JSON.stringify];
  if (sameText(read) !== sameText(fields)) throw new Error(`${sameText(read)} is read, and ${sameText(fields)} shown`);
  return { ...stateOf(read), defaults: raw(of.defaults), fallback: stateOf(of.fallback), initial: stateOf(of.initial) };
}

function status({ space }) {
  const state = inNode("status", { space });
  for (const name of ["failure", "revision"]) state[name] ||= null;
  const { status, failure, revision } = state;
  return { ...state, state: { status, failure, revision } };
}

function track({ name, pairs, metadata, of, times, ...rest }) {
  const [, entity, item] = /^(.+?)(?:\[(\d+)\])?$/.exec(of ?? "session");
  const named = [
    ...(pairs ?? []).map(([key, value], at) => [`pair${at + 1}`, { key, value }]),
    ...(metadata ?? []),
  ];
  const given = named.length > 0 ? Object.fromEntries(named) : null;
  for (let number = 0; number < times; number += 1) {
    const event = { ...rest, name: name.replace("#", number), metadata: given };
    inNode("trackEvent", { ...event, entity: of ? entity : "", item: item === undefined ? -1 : Number(item) });
  }
}

function odd({ space, calls, value, within }) {
  const odd = platform.odd(value);
  const given = within ? { [within]: odd } : odd;
  if (calls === "pairs") inNode("trackEvent", { space, name: "odd/pairs", metadata: { pair1: given }, entity: "", item: -1 });
  else inNode("odd", { space, calls, value: given });
}

async function advance({ to }) {
  for (let timer; (timer = platform.nextTimer(to)); await quiet()) {
    platform.now = Math.max(platform.now, timer.at);
    platform.timers.delete(timer.number);
    timer.fire();
  }
  platform.now = to;
}

const inApp = (name) => (command) => inNode(name, command);
const COMMANDS = {
  ...{ begin, read, status, track, odd, advance, settle: moment },
  create: ({ options: { logger = "driver", ...options }, ...rest }) => inNode("createSpace", { ...rest, options, logger }),
  set: inApp("setOption"),
  ...Object.fromEntries(["start", "end", "flush", "close", "identify", "anonymize"].map((do_) => [do_, inApp("callSpace")])),
  snapshot: inApp("takeSnapshot"),
  listen: inApp("listen"),
  stop: inApp("stopListener"),
  storage: ({ kind }) => void (platform.storage = kind),
  page: inApp("page"),
};

/** Until nothing runs that needs no time. */
async function quiet() {
  for (let turn = 0; turn < 3; turn += 1) await immediate();
}

async function answer(line) {
  const command = JSON.parse(line);
  const result = {};
  try {
    result.value = await COMMANDS[command.do](command);
  } catch (error) {
    result.error = `${error?.stack ?? error}`;
  }
  await quiet();
  platform.store();
  const { calls: taken, pending } = inNode("takeCalls", {});
  const calls = taken.map(({ entity, ...call }) => ({ ...call, ...(entity && { read: stateOf(entity) }) }));
  // What other languages' compilers say of what is deprecated, the console says here.
  const logs = platform.logs.splice(0).filter((line) => !line.includes("is deprecated"));
  const times = Array.from(platform.timers.values(), ({ at }) => at);
  const next = times.length > 0 ? Math.min(...times) : null;
  const lists = { open: [...platform.open], pending, calls, logs, broken: broken.splice(0) };
  process.stdout.write(`${JSON.stringify({ ...result, now: platform.now, next, watching: 0, ...lists })}\n`);
}

let last = Promise.resolve();
createInterface({ input: process.stdin }).on("line", (line) => (last = last.then(() => answer(line))));
