/** Holds the layers of an entity's state, highest first: session lock, latest, fallback. */
class Layers<State> {
  private readonly space: Surroundings;
  private readonly entity: string;
  private readonly parse: (wire: unknown) => State;
  private readonly fallback: State;
  private readonly listeners = new Set<{ call: () => void }>();
  private locked: State | null = null;
  private latest: State | null = null;
  private announced: State;

  constructor(
    space: Surroundings,
    entity: string,
    parse: (wire: unknown) => State,
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
    const state = this.current();
    if (this.space.locking) this.locked = state;
    return state;
  }

  /** Takes a new state; one that cannot be is as good as none. */
  serve(wire: unknown): void {
    try {
      const state = this.parse(wire);
      this.latest = equal(state, this.current()) ? this.current() : state;
    } catch (cause) {
      report(`the state of ${this.entity} is not usable`, cause);
      this.latest = null;
    }
  }

  unlock(): void {
    this.locked = null;
  }

  reset(): void {
    this.locked = null;
    this.latest = null;
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
