/** Reads a state that the server sent; `otherwise` stands in for what cannot be used. */
type Parse<State> = (wire: unknown, otherwise: State, note: Note) => State;

/** Holds the layers of an entity's state, highest first: session lock, latest, fallback. */
class Layers<State> {
  private readonly space: Surroundings;
  private readonly entity: string;
  private readonly parse: Parse<State>;
  private readonly fallback: State;
  /** What could not be used of the latest state. */
  unknown: readonly string[] = [];
  private readonly listeners = new Set<{ call: () => void }>();
  private locked: State | null = null;
  private latest: State | null = null;
  private announced: State;

  constructor(
    space: Surroundings,
    entity: string,
    parse: Parse<State>,
    fallback: State,
  ) {
    this.space = space;
    this.entity = entity;
    this.parse = parse;
    this.fallback = fallback;
    this.announced = fallback;
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
    this.latest = equal(state, this.current()) ? this.current() : state;
  }

  unlock(): void {
    this.locked = null;
  }

  reset(): void {
    this.locked = null;
    this.latest = null;
    this.unknown = [];
  }

  /** Calls the listeners if what they were told of last is no longer what is shown. */
  announce(): void {
    const state = this.current();
    const known = this.announced;
    this.announced = state;
    if (equal(state, known)) return;
    for (const listener of Array.from(this.listeners)) {
      if (!this.listeners.has(listener)) continue;
      try {
        listener.call();
      } catch (cause) {
        report(`a listener of ${this.entity} failed`, cause);
      }
    }
  }

  listen(call: () => void): Stop {
    if (typeof call !== "function") {
      report(`a listener of ${this.entity} must be a function`);
      return () => {};
    }
    const listener = { call };
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  private current(): State {
    return this.locked ?? this.latest ?? this.fallback;
  }
}

function equal(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
