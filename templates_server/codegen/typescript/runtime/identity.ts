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

  private load(): Identity | null {
    try {
      const text = this.place()?.getItem(this.storageKey);
      if (text) return this.parse(text) ?? this.inMemory;
    } catch {
      // Storage that may not be read is as good as none.
    }
    return this.inMemory;
  }

  private parse(text: string): Identity | null {
    const { id, owner } = asObject(JSON.parse(text));
    if (typeof id !== "string" || !/^[0-9a-f-]{36}$/.test(id)) return null;
    return { id, owner: typeof owner === "string" ? owner : null };
  }

  private save(identity: Identity): Identity {
    this.inMemory = identity;
    try {
      this.place()?.setItem(this.storageKey, JSON.stringify(identity));
    } catch {
      // Full or forbidden: it lives as long as the page does.
    }
    return identity;
  }

  /** Merely to ask for `localStorage` throws where it is forbidden. */
  private place(): IdentityStorage | null {
    return this.storage ?? platform.localStorage ?? null;
  }
}
