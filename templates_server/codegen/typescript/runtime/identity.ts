interface Identity {
  /** The anonymous id of the device's present person. */
  readonly id: string;
  /** The user that it belongs to, once they have signed in. */
  readonly owner: string | null;
}

/** Makes the anonymous id once and keeps it; a new person on the device gets a new one. */
interface IdentityKeeper {
  /** Undefined where `current` can be asked at once; else resolves, and never rejects, when asynchronous storage has answered. */
  ready(): Promise<void> | undefined;
  current(): Identity;
  /** The identity to go on with, now that this user, or a visitor, is there. */
  begin(userId: string | null): Identity;
  /** Goes on as the person whom a page was made for elsewhere. */
  adopt(identity: Identity): void;
  /** It may be stored from now on. */
  keep(): void;
  /** Whoever comes next is somebody else, unless storage knows better. */
  forget(): void;
}

function keepIdentity(store: Store, client: Client): IdentityKeeper {
  let inMemory: Identity | undefined;
  /** Whether the identity in memory could not be stored, so that what is stored is an older one. */
  let unsaved = false;
  let reading: Promise<void> | undefined;
  /** The asynchronous storage that was read: once is enough, for no other page writes to it. */
  let source: unknown;

  const save = (identity: Identity) => {
    inMemory = identity;
    unsaved = true;
    const text = JSON.stringify(identity);
    const write = () => store.write(IDENTITY, text);
    // What is stored of somebody else must go, even where there is no room for more.
    const again = (removed: boolean) => removed && write();
    const saved = proceed(
      write(),
      (written) =>
        written ||
        proceed(
          store.read(IDENTITY),
          (found) => found !== null && proceed(store.remove(IDENTITY), again),
        ),
    );
    void proceed(saved, (written) => {
      if (inMemory === identity) unsaved = !written;
    });
    return identity;
  };

  const keep = () => inMemory && save(inMemory);

  const take = (text: string | null) => {
    const stored = text && parseIdentity(text);
    if (stored) inMemory = stored;
    else keep();
  };

  const ready = () => {
    const { storage } = client;
    if (reading || unsaved || source === storage) return reading;
    const text = store.read(IDENTITY);
    if (text instanceof Promise) {
      reading = text.then((text) => {
        reading = undefined;
        source = storage;
        take(text);
      });
    } else take(text);
    return reading;
  };

  const current = () => {
    void ready();
    return inMemory ?? save({ id: newId(), owner: null });
  };

  return {
    ready,
    current,
    begin(userId) {
      const { id, owner } = current();
      if (owner === userId) return { id, owner };
      return save({ id: owner === null ? id : newId(), owner: userId });
    },
    adopt: save,
    keep,
    forget() {
      inMemory = undefined;
      source = undefined;
    },
  };
}

/** Null for what is none. */
function parseIdentity(text: string): Identity | null {
  try {
    const { id, owner } = asObject(JSON.parse(text));
    return {
      id: asAnonymousId(id),
      owner: owner === null ? null : asString(owner),
    };
  } catch {
    return null;
  }
}

function asAnonymousId(value: unknown): string {
  ensure(/^[0-9a-f-]{36}$/.test(asString(value)));
  return value as string;
}
