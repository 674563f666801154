/** Those who want to be told when a state has changed. */
type Listeners<State> = readonly [
  onChange: (listener: () => void) => Stop,
  /** Calls them if that is not what they were told of last, until one of them changes it: then all were told of that. */
  announce: (state: State) => void,
];

const makeListeners = <State>(
  name: string,
  attempt: Attempt,
  first: () => State,
): Listeners<State> => {
  const failed = `a listener of ${name} failed`;
  const all = new Set<{ call: () => void }>();
  let told: State | undefined;
  const onChange = (call: () => void) => {
    const listener = { call };
    attempt(failed, () => {
      ensure(typeof call === "function", "not a function");
      all.add(listener);
    });
    return () => void all.delete(listener);
  };
  const announce = (state: State) => {
    const known = told ?? first();
    told = state;
    if (equal(state, known)) return;
    for (const listener of [...all]) {
      if (told !== state) return;
      if (all.has(listener)) attempt(failed, listener.call);
    }
  };
  return [onChange, announce];
};

/** Reads a state that the server sent; `otherwise` stands in for what cannot be used. */
type Parse<State> = (wire: unknown, otherwise: State, note: Note) => State;

/** Holds the layers of an entity's state, highest first: session lock, latest, the session before, fallback. */
interface Layers {
  /** What could not be used of the latest state. */
  unknown(): readonly string[];
  /** What the server sent for what is shown; undefined: the fallback is shown. */
  wire(): unknown;
  /** Takes a new state; one that is none at all is as good as no answer. */
  serve(wire: unknown): void;
  /** What is shown now is what the first rendering shows. */
  begin(): void;
  /** The same person starts again: what is shown stays until there is something newer. */
  keep(): void;
  unlock(): void;
  /** Nothing is served any more. What was read stays while the session locks. */
  drop(): void;
  /** Calls the listeners if what they were told of last is no longer what is shown. */
  announce(): void;
}

/** What an app sees of an entity, beside `rest`, and the layers that decide it. */
const makeLayers = <Content extends string, State extends StateOf<Content>>(
  [attempt, , isTest, isLocking, isHidden]: Surroundings,
  entity: string,
  content: Content,
  nothing: State,
  fallbackWire: unknown,
  parse: Parse<State>,
  rest?: object,
): readonly [shown: any, layers: Layers] => {
  /** What the server sent for a state. */
  const wires = new WeakMap<State, unknown>();
  let made: State | undefined;
  let first: State | undefined;
  let locked: State | null | undefined;
  let latest: State | null | undefined;
  let before: State | null | undefined;
  let unknown: string[] = [];

  const fallback = () =>
    (made ??= parse(fallbackWire ?? {}, nothing, () => {}));
  const current = () => locked ?? latest ?? before ?? fallback();
  const note: Note = (place, value) => {
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
    serve(wire: unknown) {
      unknown = [];
      const read = (value: unknown) => parse(value, fallback(), note);
      const state = readOr<State | null>(read, wire, null, entity, note);
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
  return [shown, layers];
};

const equal = (one: unknown, other: unknown): boolean => {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
};
