/** Those who want to be told when something has changed. */
class Listeners {
  private readonly name: string;
  private readonly log: Logger;
  private readonly all = new Set<{ call: () => void }>();

  constructor(name: string, log: Logger) {
    this.name = name;
    this.log = log;
  }

  listen(call: () => void): Stop {
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
  tell(isNews: () => boolean): void {
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

/** Reads a state that the server sent; `otherwise` stands in for what cannot be used. */
type Parse<State> = (wire: unknown, otherwise: State, note: Note) => State;

/** Holds the layers of an entity's state, highest first: session lock, latest, the session before, fallback. */
class Layers<State extends object> {
  readonly listeners: Listeners;
  /** What could not be used of the latest state. */
  unknown: readonly string[] = [];
  private readonly space: Surroundings;
  private readonly entity: string;
  private readonly parse: Parse<State>;
  private readonly readFallback: () => State;
  private made: State | null = null;
  private first: State | null = null;
  private locked: State | null = null;
  private latest: State | null = null;
  private before: State | null = null;
  private told: State | null = null;
  /** What the server sent for a state. */
  private readonly wires = new WeakMap<State, unknown>();

  constructor(
    space: Surroundings,
    entity: string,
    parse: Parse<State>,
    readFallback: () => State,
  ) {
    this.space = space;
    this.entity = entity;
    this.parse = parse;
    this.readFallback = readFallback;
    this.listeners = new Listeners(entity, space.log);
  }

  /** What this code holds itself; it is read when it is first needed. */
  get fallback(): State {
    return (this.made ??= this.readFallback());
  }

  get initial(): State {
    return this.space.hidden ? this.fallback : (this.first ?? this.fallback);
  }

  /** What the server sent for what is shown; undefined: the fallback is shown. */
  get wire(): unknown {
    return this.wires.get(this.current());
  }

  /** The state to show. While the session locks, it stays what it was when it was first read. */
  read(): State {
    if (this.space.hidden) return this.fallback;
    const state = this.current();
    if (this.space.locking) this.locked = state;
    return state;
  }

  /** Takes a new state; one that is none at all is as good as no answer. */
  serve(wire: unknown): void {
    const unknown: string[] = [];
    const note: Note = (place, value) => {
      if (value === undefined && this.space.testing) return;
      if (unknown.length >= MOST_UNKNOWN) return;
      unknown.push(unknownEntry(place, value));
    };
    const state = readOr<State | null>(
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
  begin(): void {
    this.first = this.current();
  }

  /** The same person starts again: what is shown stays until there is something newer. */
  keep(): void {
    this.before = this.locked ?? this.latest ?? this.before;
    this.locked = this.latest = null;
  }

  unlock(): void {
    this.locked = null;
  }

  /** Nothing is served any more. What was read stays while the session locks. */
  drop(): void {
    this.latest = this.before = null;
    // Who was served the same may have had more than this code knows.
    this.wires.delete(this.fallback);
    this.unknown = [];
  }

  reset(): void {
    this.unlock();
    this.drop();
  }

  /** Calls the listeners if what they were told of last is no longer what is shown. */
  announce(): void {
    const state = this.current();
    const known = this.told ?? this.fallback;
    this.told = state;
    if (!equal(state, known)) this.listeners.tell(() => this.told === state);
  }

  private current(): State {
    return this.locked ?? this.latest ?? this.before ?? this.fallback;
  }
}

function equal(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
