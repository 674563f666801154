/** Those who want to be told when a state has changed. */
interface Listeners<State> {
  readonly onChange: (listener: () => void) => Stop;
  /** Calls them if that is not what they were told of last, until one of them changes it: then all were told of that. */
  announce(state: State): void;
}

const makeListeners = <State>(
  name: string,
  attempt: Attempt,
  first: () => State,
): Listeners<State> => {
  const failed = `a listener of ${name} failed`;
  const all = new Set<{ call: () => void }>();
  let told: State | undefined;
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
      for (const listener of [...all]) {
        if (told !== state) return;
        if (all.has(listener)) attempt(failed, listener.call);
      }
    },
  };
};

/** Reads a state that the server sent; `otherwise` stands in for what cannot be used. */
type Parse<State> = (wire: unknown, otherwise: State, note: Note) => State;

/** Holds the layers of an entity's state, highest first: session lock, latest, the session before, fallback. */
interface Layers<State> {
  /** What this code holds itself; it is read when it is first needed. */
  fallback(): State;
  /** What the first rendering shows. */
  initial(): State;
  /** The state to show. While the session locks, it stays what it was when it was first read. */
  read(): State;
  readonly onChange: (listener: () => void) => Stop;
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

const makeLayers = <State extends object>(
  [attempt, , isTest, isLocking, isHidden]: Surroundings,
  entity: string,
  parse: Parse<State>,
  nothing: State,
  fallbackWire: unknown,
): Layers<State> => {
  /** What the server sent for a state. */
  const wires = new WeakMap<State, unknown>();
  let made: State | undefined;
  let first: State | undefined;
  let locked: State | null | undefined;
  let latest: State | null | undefined;
  let before: State | null | undefined;
  let unknown: string[] = [];

  const fallback = () => {
    const read = (wire: unknown) => parse(wire, nothing, () => {});
    return (made ??= readOr(read, fallbackWire, nothing, entity, () => {}));
  };
  const current = () => locked ?? latest ?? before ?? fallback();
  const note: Note = (place, value) => {
    if (value === undefined && isTest()) return;
    if (unknown.length < MOST_UNKNOWN) unknown.push(unknownEntry(place, value));
  };
  const { onChange, announce } = makeListeners(entity, attempt, fallback);
  return {
    fallback,
    initial: () =>
      EVERYWHERE && isHidden() ? fallback() : (first ?? fallback()),
    read() {
      if (EVERYWHERE && isHidden()) return fallback();
      const state = current();
      if (isLocking()) locked = state;
      return state;
    },
    onChange,
    unknown: () => unknown,
    wire: () => wires.get(current()),
    serve(wire) {
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
};

const equal = (one: unknown, other: unknown): boolean => {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
};
