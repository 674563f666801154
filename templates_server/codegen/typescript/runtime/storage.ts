/** Where an app keeps texts between visits: `localStorage`, React Native's AsyncStorage, a file of your own. */
export interface SpaceStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
  removeItem?(key: string): unknown;
}

/** @deprecated Until 1.0. Use `SpaceStorage`. */
export type IdentityStorage = SpaceStorage;

/** Takes what a developer should know: a message, and what was thrown or answered if anything was. */
export type Logger = (message: string, cause?: unknown) => void;

/** A value that may take its time, because storage may be asynchronous. */
type Soon<T> = T | Promise<T>;

const STORAGE_TIMEOUT_MSEC = 500;
const IDENTITY = "identity";
/** There are so many names for events that whoever comes later finds them all without a list, which tabs would overwrite. */
const EVENT_PLACES = 64;

/** Keeps texts of a Space by name. Never throws or rejects, and waits for nothing longer than half a second. */
class Store {
  storage: SpaceStorage | null = null;
  /** Called when texts may be written again. */
  resumed: () => void = () => {};
  private readonly prefix: string;
  private readonly log: Logger;
  private on = true;
  private used = false;
  private late = false;

  constructor(spaceKey: string, log: Logger = report) {
    this.prefix = `mtribes.${spaceKey}.`;
    this.log = log;
  }

  /**
   * While false nothing is written. Where a session or an event came before,
   * setting it to false removes what is stored: consent is withdrawn.
   */
  get enabled(): boolean {
    return this.on;
  }

  set enabled(on: boolean) {
    if (on === this.on) return;
    this.on = on;
    if (on) this.resumed();
    else if (this.used) this.clear();
  }

  read(name: string): Soon<string | null> {
    this.used ||= this.on && name === IDENTITY;
    return this.attempt<string | null>(
      (place) => place.getItem(this.prefix + name),
      (text) => (typeof text === "string" && text ? text : null),
      null,
    );
  }

  /** False where it cannot be kept: storage is full, forbidden or silent. */
  write(name: string, text: string): Soon<boolean> {
    if (!this.on) return false;
    this.used = true;
    return this.attempt(
      (place) => place.setItem(this.prefix + name, text),
      () => true,
      false,
    );
  }

  remove(name: string): Soon<boolean> {
    const key = this.prefix + name;
    return this.attempt(
      (place) =>
        place.removeItem ? place.removeItem(key) : place.setItem(key, ""),
      () => true,
      false,
    );
  }

  private clear(): void {
    for (let at = -1; at < EVENT_PLACES; at += 1) {
      const name = at < 0 ? IDENTITY : eventsName(at);
      void proceed(this.read(name), (text) => text && this.remove(name));
    }
  }

  /** Merely to ask for `localStorage` throws where it is forbidden. That of a server would be one for all people. */
  private attempt<T>(
    use: (place: SpaceStorage) => unknown,
    take: (result: unknown) => T,
    failed: T,
  ): Soon<T> {
    try {
      const place =
        this.storage ?? (hasPage() ? platform.localStorage : undefined);
      const result = place ? use(place) : null;
      const then: unknown = (result as { then?: unknown } | null)?.then;
      return typeof then === "function"
        ? this.bound(Promise.resolve(result).then(take), failed)
        : take(result);
    } catch {
      return failed;
    }
  }

  private bound<T>(work: Promise<T>, failed: T): Promise<T> {
    return new Promise((resolve) => {
      const timer = after(STORAGE_TIMEOUT_MSEC, () => {
        if (!this.late) this.log("storage does not answer in time");
        this.late = true;
        resolve(failed);
      });
      work
        .catch(() => failed)
        .then((result) => {
          clock.clearTimeout(timer);
          resolve(result);
        });
    });
  }
}

function eventsName(place: number): string {
  return `events.${place}`;
}

/** Goes on with a value: at once, where it is there at once. */
function proceed<T, R>(value: Soon<T>, call: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(call) : call(value);
}
