/** An event that waits, as it will be sent. */
interface Queued {
  readonly text: string;
  readonly bytes: number;
  /** What it is kept with. Null: it waits for a key. */
  record: EventsRecord | null;
}

/** Events of one destination that are kept under one name. */
interface EventsRecord {
  readonly destination: string;
  readonly events: Set<Queued>;
  characters: number;
  place: number;
  /** What was written or found there last: anything else is another page's. */
  text: string | null;
}

/**
 * Keeps events in storage from the end of the task in which they are tracked
 * until they are dropped here. Many pages may share the places: what another
 * has written is neither overwritten nor removed.
 */
interface KeptEvents {
  add(event: Queued, destination: string): void;
  drop(event: Queued): void;
  /** Writes what has changed, and makes sure of these, whatever others have done to storage. */
  save(events?: readonly Queued[]): void;
  /** Forgets all; storage is cleared by itself. */
  clear(): void;
  /** All that is kept, by anybody. */
  read(): Promise<readonly (string | null)[]>;
  /** What pages that have gone, and others, have kept for this destination, less what is known. */
  adopt(
    texts: readonly (string | null)[],
    destination: string,
    known: readonly Queued[],
  ): Queued[];
}

function keepEvents(store: Store): KeptEvents {
  const changed = new Set<EventsRecord>();
  let open: EventsRecord | undefined;
  let place = Math.floor(clock.random() * EVENT_PLACES);
  /** Whether asynchronous storage has not answered yet. */
  let busy = false;

  const save = () => {
    const [record] = changed;
    if (busy || !record) return;
    changed.delete(record);
    busy = true;
    void proceed(keep(record, EVENT_PLACES), () => {
      busy = false;
      save();
    });
  };

  const change = (record: EventsRecord) => {
    if (changed.size === 0) void Promise.resolve().then(save);
    changed.add(record);
  };

  /** In its place if nobody else is there by now; else in the next that is free. */
  const keep = (record: EventsRecord, tries: number): Soon<unknown> => {
    const name = eventsName(record.place);
    return proceed(store.read(name), (found): Soon<unknown> => {
      const { events } = record;
      if (found !== null && found !== record.text) {
        record.text = null;
        record.place = nextPlace(record.place);
        return events.size > 0 && tries > 0 && keep(record, tries - 1);
      }
      if (events.size === 0) {
        record.characters = 0;
        return found && store.remove(name);
      }
      const texts = Array.from(events, ({ text }) => text);
      const text = [record.destination].concat(texts).join("\n");
      const written = text === found || store.write(name, text);
      return proceed(written, (done) => done && (record.text = text));
    });
  };

  return {
    save(events = []) {
      events.forEach(({ record }) => record && changed.add(record));
      save();
    },
    add(event, destination) {
      if (
        open?.destination !== destination ||
        open.characters > MOST_CHARACTERS_AGAIN
      ) {
        open = newRecord(destination, (place = nextPlace(place)), null);
      }
      join(open, event);
      change(open);
    },
    drop(event) {
      const { record } = event;
      record?.events.delete(event);
      if (record?.events.size === 0) change(record);
    },
    clear() {
      changed.clear();
      open = undefined;
    },
    read: () =>
      Promise.all(
        Array.from({ length: EVENT_PLACES }, (_, at) =>
          store.read(eventsName(at)),
        ),
      ),
    adopt(texts, destination, known) {
      const lines = new Set(known.map(({ text }) => text));
      const found: Queued[] = [];
      texts.forEach((text, at) => {
        const [whose, ...kept] = (text ?? "").split("\n");
        if (whose !== destination) return;
        const events = kept.filter(isEvent);
        const news = events.filter((line) => !lines.has(line));
        const record = newRecord(destination, at, text);
        if (events.length === 0) change(record);
        if (news.length === 0) return;
        for (const line of news) found.push(join(record, newQueued(line)));
        if (!open || record.characters < open.characters) open = record;
      });
      return found;
    },
  };
}

/** Not of what others have written there, which would be in the way of events. */
function isEvent(line: string): boolean {
  try {
    return (
      countBytes(line) <= MOST_EVENT_BYTES && !!asObject(JSON.parse(line))["id"]
    );
  } catch {
    return false;
  }
}

function newQueued(text: string): Queued {
  return { text, bytes: countBytes(text), record: null };
}

function newRecord(
  destination: string,
  place: number,
  text: string | null,
): EventsRecord {
  return { destination, place, text, events: new Set(), characters: 0 };
}

function join(record: EventsRecord, event: Queued): Queued {
  event.record = record;
  record.events.add(event);
  record.characters += event.bytes;
  return event;
}

function nextPlace(place: number): number {
  return (place + 1) % EVENT_PLACES;
}

/** In UTF-8, without what not every platform has. */
function countBytes(text: string): number {
  const halfway = text.replace(/[\u0080-\u07ff\ud800-\udfff]/g, "xx");
  return halfway.replace(/[\u0800-\uffff]/g, "xxx").length;
}
