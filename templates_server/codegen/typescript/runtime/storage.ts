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

/** Keeps texts of a Space by name. Never throws or rejects, and waits for nothing longer than half a second. */
interface Store {
  read(name: string): Soon<string | null>;
  /** False where it cannot be kept: storage is full, forbidden or silent, or nothing may be tracked. */
  write(name: string, text: string): Soon<boolean>;
  remove(name: string): Soon<boolean>;
  /** Consent is withdrawn: where a session or an event came before, what is stored goes. */
  clear(): void;
}

function makeStore(spaceKey: string, client: Client, log: Logger): Store {
  let used = false;
  let isLate = false;

  /** Merely to ask for `localStorage` throws where it is forbidden. That of a server would be one for all people. */
  const attempt = <T>(
    name: string,
    use: (place: SpaceStorage, key: string) => unknown,
    take: (result: unknown) => T,
    failed: T,
  ): Soon<T> => {
    try {
      const place = client.storage ?? (hasPage() && platform.localStorage);
      const result: any = place && use(place, `mtribes.${spaceKey}.${name}`);
      if (typeof result?.then !== "function") return take(result);
      const work = Promise.resolve(result).then(take);
      return sooner(
        work.catch(() => failed),
        STORAGE_TIMEOUT_MSEC,
        () => {
          if (!isLate) log("storage does not answer");
          isLate = true;
          return failed;
        },
      );
    } catch {
      return failed;
    }
  };
  const done = () => true;

  const store: Store = {
    read(name) {
      used ||= client.tracking && name === IDENTITY;
      return attempt<string | null>(
        name,
        (place, key) => place.getItem(key),
        (text) => (text && typeof text === "string" ? text : null),
        null,
      );
    },
    write(name, text) {
      used ||= client.tracking;
      const use = (place: SpaceStorage, key: string) =>
        place.setItem(key, text);
      if (!client.tracking) return false;
      // Consent may be withdrawn while asynchronous storage writes.
      return proceed(attempt(name, use, done, false), (written) =>
        client.tracking ? written : store.remove(name),
      );
    },
    remove(name) {
      const use = (place: SpaceStorage, key: string) =>
        place.removeItem ? place.removeItem(key) : place.setItem(key, "");
      return attempt(name, use, done, false);
    },
    clear() {
      for (let at = -1; used && at < EVENT_PLACES; at += 1) {
        const name = at < 0 ? IDENTITY : eventsName(at);
        void proceed(store.read(name), (text) => text && store.remove(name));
      }
    },
  };
  return store;
}

function eventsName(place: number): string {
  return `events.${place}`;
}

/** Goes on with a value: at once, where it is there at once. */
function proceed<T, R>(value: Soon<T>, call: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(call) : call(value);
}

/** Waits for the work, but no longer than that. */
function sooner<T>(
  work: Promise<T>,
  milliseconds: number,
  otherwise: () => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = after(milliseconds, () => resolve(otherwise()));
    void work.then(resolve, reject).then(() => clock.clearTimeout(timer));
  });
}
