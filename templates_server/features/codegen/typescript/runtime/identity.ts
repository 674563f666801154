interface Identity {
  /** The anonymous id of the device's present person. */
  readonly id: string;
  /** The user that it belongs to, once they have signed in. */
  readonly owner: string | null;
}

/** Makes the anonymous id once and keeps it; a new person on the device gets a new one. */
const keepIdentity = (store: Store, client: Client) => {
  const [read, write, remove] = store;
  let identity: Identity | undefined;
  /** Whether the identity in memory could not be stored, so that what is stored is an older one. */
  let unsaved = false;
  let reading: Promise<void> | undefined;
  /** The asynchronous storage that was read: once is enough, for no other page writes to it. */
  let source: unknown;

  /** Goes on as this person, or keeps the present one, since they may be stored from now on. */
  const save = (saved = identity) => {
    if (!saved) return;
    identity = saved;
    unsaved = true;
    const put = () => write(IDENTITY, JSON.stringify(saved));
    // What is stored of somebody else must go, even where there is no room for more.
    const done = proceed(
      put(),
      (written) => written || proceed(remove(IDENTITY), put),
    );
    void proceed(done, (written) => {
      if (identity === saved) unsaved = !written;
    });
  };

  const take = (text: string) => {
    const stored = readJson(text, asIdentity);
    if (stored) identity = stored;
    else save();
  };

  /** Undefined where the id can be asked for at once; else resolves, and never rejects, when asynchronous storage has answered. */
  const ready = () => {
    const { storage } = client;
    if (reading || unsaved || source === storage) return reading;
    const text = read(IDENTITY);
    if (text instanceof Promise) {
      reading = text.then((text) => {
        reading = undefined;
        source = storage;
        take(text);
      });
    } else take(text);
    return reading;
  };

  /** The anonymous id to go on with, now that this person is there; undefined: whoever it is. */
  const idFor = (person?: Person): string => {
    void ready();
    identity ?? save({ id: newId(), owner: null });
    const { id, owner } = identity!;
    const next = person ? (person.external_id ?? null) : owner;
    if (next !== owner) {
      save({ id: owner === null ? id : newId(), owner: next });
    }
    return identity!.id;
  };

  /** Whoever comes next is somebody else, unless storage knows better. */
  const forget = () => {
    identity = source = undefined;
  };

  return [ready, idFor, save, forget] as const;
};

const asIdentity = ({ id, owner }: Json): Identity => {
  return {
    id: asAnonymousId(id),
    owner: owner === null ? null : asString(owner),
  };
};

const asAnonymousId = (value: unknown): string => {
  ensure(/^[0-9a-f-]{36}$/.test(asString(value)));
  return value as string;
};
