interface Identity {
  /** The anonymous id of the device's present person. */
  readonly id: string;
  /** The user that it belongs to, once they have signed in. */
  readonly owner: string | null;
}

/** Makes the anonymous id once and keeps it; a new person on the device gets a new one. */
class IdentityKeeper {
  private readonly store: Store;
  private inMemory: Identity | null = null;
  /** Whether the identity in memory could not be stored, so that what is stored is an older one. */
  private unsaved = false;
  reading: Promise<void> | null = null;
  /** The asynchronous storage that was read: once is enough, for no other page writes to it. */
  private source: unknown;

  constructor(store: Store) {
    this.store = store;
    store.resumed = () => {
      if (this.inMemory) this.save(this.inMemory);
    };
  }

  /** Null where `current` can be asked at once; else resolves, and never rejects, when asynchronous storage has answered. */
  ready(): Promise<void> | null {
    const { storage } = this.store;
    if (this.reading || this.unsaved || this.source === storage) {
      return this.reading;
    }
    const text = this.store.read(IDENTITY);
    if (text instanceof Promise) {
      this.reading = text.then((text) => {
        this.reading = null;
        this.source = storage;
        this.take(text);
      });
    } else this.take(text);
    return this.reading;
  }

  get current(): Identity {
    void this.ready();
    return this.inMemory ?? this.save({ id: newId(), owner: null });
  }

  /** The identity to go on with, now that this user, or a visitor, is there. */
  begin(userId: string | null): Identity {
    const { id, owner } = this.current;
    if (owner === userId) return { id, owner };
    return this.save({ id: owner === null ? id : newId(), owner: userId });
  }

  /** Goes on as the person whom a page was made for elsewhere. */
  adopt(identity: Identity): void {
    this.save(identity);
  }

  /** Whoever comes next is somebody else, unless storage knows better. */
  forget(): void {
    this.inMemory = null;
    this.source = undefined;
  }

  private take(text: string | null): void {
    const stored = text === null ? null : parseIdentity(text);
    if (stored) this.inMemory = stored;
    else if (this.inMemory) this.save(this.inMemory);
  }

  private save(identity: Identity): Identity {
    this.inMemory = identity;
    this.unsaved = true;
    const { store } = this;
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
      if (this.inMemory === identity) this.unsaved = !written;
    });
    return identity;
  }
}

/** Null for what is none. */
function parseIdentity(text: string): Identity | null {
  try {
    const { id, owner } = asObject(JSON.parse(text));
    if (!/^[0-9a-f-]{36}$/.test(asString(id))) return null;
    return { id: asString(id), owner: owner === null ? null : asString(owner) };
  } catch {
    return null;
  }
}
