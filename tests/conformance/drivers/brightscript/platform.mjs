// What the runtime finds on a Roku and the interpreter does not have: a clock that a case moves, timers, the registry,
// and roUrlTransfer with the thread of the Task, whose functions are called here as that thread calls them.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { quicken } from "./quicken.mjs";

const require = createRequire(import.meta.url);
let brs, loaded, around;
const load = (folder, name) => require(path.join(folder, "lib", name));

/** The app is loaded once; its functions hold nothing. */
async function loadOnce(folder, root) {
  brs = { ...load(folder, "brsTypes"), ...load(folder, "interpreter"), ...load(folder, "parser"), ...load(folder, "Error"), ...load(folder, "brsTypes/components/RoSGNode") };
  const { RoDateTime } = load(folder, "brsTypes/components/RoDateTime");
  const { NodeFactory } = load(folder, "brsTypes/nodes/NodeFactory");
  const { extendBrsObjects } = load(folder, "brsTypes/components/BrsObjects");
  const classes = platformClasses();
  const dateTime = () => Object.assign(new RoDateTime(), { markTime: around.now });
  extendBrsObjects([["roDateTime", dateTime], ["roUrlTransfer", () => new classes.UrlTransfer()]]);

  load(folder, "brsTypes/components/BrsObjects").BrsObjects.set("roRegistrySection", extendedRegistry(classes), 1);
  NodeFactory.addNodeTypes([["Timer", (name) => new classes.VirtualTimer(name)], ["Task", (name) => new classes.VirtualTask(name)]]);
  Math.random = () => around.chance;
  quicken(load(folder, "interpreter/Environment").Environment);
  const components = await load(folder, "scenegraph").getComponentDefinitionMap(root, []);
  for (const { scripts } of components.values()) {
    for (const script of scripts) if (script.uri) script.uri = path.join(root, new URL(script.uri).pathname);
  }
  const stdout = { write: (text) => void around.print(text) };
  const options = { ...brs.defaultExecutionOptions, root, stdout, stderr: process.stderr };
  return brs.Interpreter.withSubEnvsFromComponents(components, new Map(), options);
}

const extendedRegistry = ({ Registry }) => () => (around.hasRegistry() ? new Registry() : brs.BrsInvalid.Instance);

/** Another process: nothing of an earlier case goes on. */
export async function begin(folder, root, { now, chance, storage, file }) {
  const kept = new Map(Object.entries(JSON.parse(readFileSync(file, "utf8"))));
  around = { now, chance, storage, file, kept, timers: new Map(), open: new Set(), logs: [], sent: 0, line: "" };
  loaded ??= await loadOnce(folder, root);
  const own = around;
  brs.mGlobal.fields.delete("mtribesuntold");
  return Object.assign(own, {
    create: (name) => brs.createNodeByType(loaded, new brs.BrsString(name)),
    call: (node, name, ...given) => node.getMethod("callfunc").call(loaded, new brs.BrsString(name), ...given),
    hasRegistry: () => ["working", "full", "failing"].includes(own.storage),
    odd: oddValue,
    nextTimer: (to) =>
      [...own.timers.values()].filter(({ at }) => at <= to).sort((a, b) => a.at - b.at || a.number - b.number)[0],
    print(text) {
      const lines = (own.line + text).split("\n");
      own.line = lines.pop();
      own.logs.push(...lines.map((line) => line.trimEnd()));
    },
    store() {
      if (own.isStored === false) writeFileSync(own.file, JSON.stringify(Object.fromEntries(own.kept)));
      own.isStored = true;
    },
  });
}

function platformClasses() {
  const { BrsComponent, Callable, StdlibArgument, ValueKind, BrsString, BrsBoolean, BrsInvalid, Int32, RoSGNode } = brs;
  const { Timer, RoAssociativeArray, RoMessagePort } = brs;
  const method = (name, argumentCount, call) => {
    const args = Array.from({ length: argumentCount }, (_, at) => new StdlibArgument(`a${at}`, ValueKind.Dynamic));
    const impl = (_, ...given) => toBrs(call(...given.map((value) => value.value ?? value)) ?? null);
    return new Callable(name, { signature: { args, returns: ValueKind.Dynamic }, impl });
  };
  const component = (name, methods) =>
    class extends BrsComponent {
      kind = ValueKind.Object;
      constructor() {
        super(name);
        const made = Object.entries(methods(this)).map(([key, call]) => method(key, call.length, call));
        this.registerMethods({ [`if${name}`]: made });
      }
      toString = () => `<Component: ${name}>`;
      equalTo = () => BrsBoolean.False;
    };

  const check = (isLonger) => {
    if (around.storage === "failing") throw new brs.BrsError("the registry fails", loaded.location);
    if (around.storage === "full" && isLonger) return false;
    around.isStored = false;
    return true;
  };
  const Registry = component("roRegistrySection", () => ({
    read: (key) => (check(false), around.kept.get(key) ?? ""),
    write: (key, text) => check(text.length > (around.kept.get(key) ?? "").length) && !!around.kept.set(key, text),
    delete: (key) => check(false) && around.kept.delete(key),
    flush: () => check(false),
  }));

  class VirtualTimer extends Timer {
    constructor(name) {
      super([], name);
    }
    set(index, value, ...rest) {
      const result = super.set(index, value, ...rest);
      if (index.value.toLowerCase() !== "control") return result;
      around.timers.delete(this.number);
      if (value.value !== "start") return result;
      const at = around.now + Math.round(this.get(new BrsString("duration")).getValue() * 1000);
      this.number = around.lastTimer = (around.lastTimer ?? 0) + 1;
      const fire = () => this.getFields().get("fire").setValue(new BrsString("fired"));
      around.timers.set(this.number, { at, number: this.number, fire });
      return result;
    }
  }

  /** The thread of a Task: what a loop would wait for is handed to its functions. */
  class VirtualTask extends RoSGNode {
    constructor(name) {
      super([], name);
      this.registerDefaultFields([
        { name: "control", type: "string" },
        { name: "functionName", type: "string" },
      ]);
      this.appendMethod("observefield", method("observefield", 2, () => true));
      this.transfers = new RoAssociativeArray([]);
    }
    set(index, value, ...rest) {
      const result = super.set(index, value, ...rest);
      if (index.value.toLowerCase() === "request" && this.get(new BrsString("control")).value === "RUN") {
        around.task = this;
        this.call("mtTakeRequest", value, this.transfers, new RoMessagePort());
      }
      return result;
    }
    call(name, ...given) {
      loaded.inSubEnv((inTask) => {
        try {
          inTask.getCallableFunction(name).call(inTask, ...given);
        } catch (reason) {
          if (!(reason instanceof brs.Stmt.BlockEnd)) throw reason; // a `return` is no error
        }
        return BrsInvalid.Instance;
      }, loaded.environment.nodeDefMap.get(this.nodeSubtype.toLowerCase()).environment);
    }
  }

  const UrlEvent = component("roUrlEvent", (self) => ({
    getInt: () => 1,
    getSourceIdentity: () => self.identity,
    getResponseCode: () => self.status,
    getString: () => self.text,
    getResponseHeaders: () => self.headers,
  }));
  const UrlTransfer = component("roUrlTransfer", (self) => {
    const [own, headers, aborter] = [around, {}, new AbortController()];
    const { task } = own;
    const number = (own.sent += 1);
    const send = (method, body) => {
      own.open.add(number);
      void request(method, body).then((answer) => {
        if (own.isOver) return;
        if (!aborter.signal.aborted) task.call("mtTakeEvent", task, task.transfers, Object.assign(new UrlEvent(), answer));
        own.open.delete(number);
      });
      return true;
    };
    const request = async (method, body) => {
      try {
        const all = { ...headers, "Conformance-Request": `${number}` };
        const answer = await fetch(self.url, { method, headers: all, body, signal: aborter.signal });
        const text = await answer.text();
        return { identity: number, status: answer.status, text, headers: Object.fromEntries(answer.headers) };
      } catch {
        return { identity: number, status: -1, text: "", headers: {} };
      }
    };
    return {
      getIdentity: () => number,
      setUrl: (url) => void (self.url = url),
      setMessagePort: (_) => true,
      setCertificatesFile: (_) => true,
      initClientCertificates: () => true,
      retainBodyOnError: (_) => true,
      addHeader: (name, value) => void (headers[name] = value),
      asyncGetToString: () => send("GET"),
      asyncPostFromString: (body) => send("POST", body),
      asyncCancel: () => (own.open.delete(number), aborter.abort(), true),
    };
  });
  return { Registry, VirtualTimer, VirtualTask, UrlTransfer };
}

/** What no type allows, as far as BrightScript has it. */
function oddValue(name) {
  const { RoAssociativeArray, BrsString, Int64, RoSGNode } = brs;
  const cycle = new RoAssociativeArray([]);
  cycle.set(new BrsString("of"), cycle);
  const odd = { nothing: null, null: null, number: 5, text: "x", list: [], true: true, bigint: new Int64(10), bare: {} };
  const things = { symbol: brs.BrsObjects.get("roDateTime")(loaded), function: brs.Callable && loaded.getCallableFunction("Chr") };
  return { ...odd, ...things, "half a pair": "\ud83d", cycle, trap: new RoSGNode([]) }[name];
}

/** JSON as BrightScript has it; `{ number: "NaN" }` is what the language makes of that text. */
export function toBrs(value) {
  const { RoArray, RoAssociativeArray, BrsString, Int32, Double } = brs;
  if (value?.kind !== undefined && typeof value.kind === "number") return value;
  if (typeof value === "number") {
    return Number.isInteger(value) && Math.abs(value) < 2 ** 31 && !Object.is(value, -0) ? new Int32(value) : new Double(value);
  }
  if (Array.isArray(value)) return new RoArray(value.map(toBrs));
  if (typeof value?.number === "string") return new Double(Number(value.number));
  if (value !== null && typeof value === "object") {
    const made = new RoAssociativeArray([]);
    made.modeCaseSensitive = true;
    for (const [key, member] of Object.entries(value)) made.set(new BrsString(key), toBrs(member), true);
    return made;
  }
  return brs.brsValueOf(value);
}

/** A value of BrightScript as JSON. */
export function fromBrs(value) {
  if (value instanceof brs.RoArray) return value.getValue().map(fromBrs);
  if (value instanceof brs.RoAssociativeArray) {
    return Object.fromEntries([...value.getValue()].map(([key, member]) => [key, fromBrs(member)]));
  }
  if (value instanceof brs.BrsInvalid || value instanceof brs.RoSGNode) return null;
  const plain = value.unbox?.() ?? value;
  if (plain instanceof brs.BrsBoolean) return plain.toBoolean();
  return plain instanceof brs.BrsString ? plain.value : Number(plain.getValue());
}
