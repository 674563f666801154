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
type Store = readonly [
  /** "" where there is nothing. */
  read: (name: string) => Soon<string>,
  /** False where it cannot be kept: storage is full, forbidden or silent, or nothing may be tracked. */
  write: (name: string, text: string) => Soon<unknown>,
  remove: (name: string) => Soon<unknown>,
  /** Consent is withdrawn: where a session or an event came before, what is stored goes. */
  clear: () => void,
];

/** So many names that whoever comes later finds all events without a list, which tabs would overwrite. */
const EVENTS_NAMES = /* @__PURE__ */ Array.from(
  { length: EVENT_PLACES },
  (_, place) => `events.${place}`,
);

const makeStore = (
  spaceKey: string,
  client: Client,
  logOnce: (message: string) => void,
): Store => {
  let used = false;

  /** Merely to ask for `localStorage` throws where it is forbidden. That of a server would be one for all people. */
  const attempt = (
    name: string,
    use: (place: SpaceStorage, key: string) => unknown,
  ): Soon<unknown> => {
    try {
      const place = client.storage ?? (hasPage() && platform.localStorage);
      const result: any = place ? use(place, `mtribes.${spaceKey}.${name}`) : 0;
      if (!result?.then) return result;
      const work = Promise.resolve(result);
      return sooner(
        work.catch(() => false),
        STORAGE_TIMEOUT_MSEC,
        () => {
          logOnce("storage does not answer");
          return false;
        },
      );
    } catch {
      return false;
    }
  };

  const read = (name: string) => {
    used ||= client.tracking && name === IDENTITY;
    return proceed(
      attempt(name, (place, key) => place.getItem(key)),
      (text) => (typeof text === "string" ? text : ""),
    );
  };

  const write = (name: string, text: string) => {
    used ||= client.tracking;
    return (
      client.tracking &&
      proceed(
        attempt(name, (place, key) => place.setItem(key, text)),
        // Consent may be withdrawn while asynchronous storage writes.
        (done) => (client.tracking ? done !== false : remove(name)),
      )
    );
  };

  const remove = (name: string): Soon<unknown> =>
    proceed(
      read(name),
      (text) =>
        text &&
        attempt(name, (place, key) =>
          place.removeItem ? place.removeItem(key) : place.setItem(key, ""),
        ),
    );

  const clear = () => {
    if (used) [IDENTITY, REPORT, ...EVENTS_NAMES].forEach(remove);
  };

  return [read, write, remove, clear];
};

/** Goes on with a value: at once, where it is there at once. */
const proceed = <T, R>(
  value: Soon<T>,
  call: (value: T) => Soon<R>,
): Soon<R> => {
  return value instanceof Promise ? value.then(call) : call(value);
};

/** Waits for the work, but no longer than that; a program may end sooner where `isAside`. */
const sooner = <T>(
  work: Promise<T>,
  milliseconds: number,
  otherwise: () => T,
  isAside?: boolean,
): Promise<T> => {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(
      milliseconds,
      () => resolve(otherwise()),
      !isAside,
    );
    void work.then(resolve, reject).then(cancel);
  });
};
