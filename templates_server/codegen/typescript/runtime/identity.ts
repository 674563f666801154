interface Identity {
  /** The anonymous id of the device's present person. */
  readonly id: string;
  /** The user that it belongs to, once they have signed in. */
  readonly owner: string | null;
}

/** Makes the anonymous id once and keeps it; a new person on the device gets a new one. */
class IdentityKeeper {
  storage: IdentityStorage | null = null;
  private readonly storageKey: string;
  private inMemory: Identity | null = null;
  /** Whether the identity in memory could not be stored, so that what is stored is an older one. */
  private unsaved = false;

  constructor(spaceKey: string) {
    this.storageKey = `mtribes.${spaceKey}.identity`;
  }

  get current(): Identity {
    return this.load() ?? this.save({ id: newId(), owner: null });
  }

  /** The identity to go on with, now that this user, or a visitor, is there. */
  begin(userId: string | null): Identity {
    const { id, owner } = this.current;
    if (owner === userId) return { id, owner };
    return this.save({ id: owner === null ? id : newId(), owner: userId });
  }

  /** Whoever comes next is somebody else, unless storage knows better. */
  forget(): void {
    this.inMemory = null;
  }

  private load(): Identity | null {
    if (this.unsaved) return this.inMemory;
    try {
      const text: unknown = this.place()?.getItem(this.storageKey);
      ignoreRejection(text);
      if (text) return this.parse(text) ?? this.inMemory;
    } catch {
      // Storage that may not be read is as good as none.
    }
    return this.inMemory;
  }

  private parse(text: unknown): Identity | null {
    const { id, owner } = asObject(JSON.parse(asString(text)));
    if (typeof id !== "string" || !/^[0-9a-f-]{36}$/.test(id)) return null;
    return { id, owner: typeof owner === "string" ? owner : null };
  }

  private save(identity: Identity): Identity {
    this.inMemory = identity;
    const text = JSON.stringify(identity);
    // What is stored of somebody else must go, even where there is no room for more.
    this.unsaved = !this.store(text) && !(this.clear() && this.store(text));
    return identity;
  }

  private clear(): boolean {
    try {
      const place = this.place();
      if (place?.removeItem) place.removeItem(this.storageKey);
      else return this.store("");
      return true;
    } catch {
      return false;
    }
  }

  /** False where storage is full or forbidden. */
  private store(text: string): boolean {
    try {
      ignoreRejection(this.place()?.setItem(this.storageKey, text));
      return true;
    } catch {
      return false;
    }
  }

  /** Merely to ask for `localStorage` throws where it is forbidden. That of a server would be one for all people. */
  private place(): IdentityStorage | null {
    return this.storage ?? (hasPage() ? platform.localStorage : null) ?? null;
  }
}

/** Storage may be asynchronous, which is as good as none here; that it fails must not end the program. */
function ignoreRejection(value: unknown): void {
  if (value instanceof Promise) value.catch(() => {});
}
