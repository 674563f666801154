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

/** A record that has more is not written again for every further event. */
const MOST_CHARACTERS_AGAIN = 16 * 1024;

/**
 * Keeps events in storage from the end of the task in which they are tracked
 * until they are dropped here. Many pages may share the places: what another
 * has written is neither overwritten nor removed.
 */
class KeptEvents {
  private readonly store: Store;
  private readonly changed = new Set<EventsRecord>();
  private open: EventsRecord | null = null;
  private place = Math.floor(clock.random() * EVENT_PLACES);
  /** Whether asynchronous storage has not answered yet. */
  private busy = false;

  constructor(store: Store) {
    this.store = store;
  }

  add(event: Queued, destination: string): void {
    let { open } = this;
    if (
      open?.destination !== destination ||
      open.characters > MOST_CHARACTERS_AGAIN
    ) {
      this.place = nextPlace(this.place);
      open = this.open = newRecord(destination, this.place, null);
    }
    join(open, event);
    this.change(open);
  }

  drop(event: Queued): void {
    const { record } = event;
    record?.events.delete(event);
    if (record?.events.size === 0) this.change(record);
  }

  /** Makes sure of these events, whatever others have done to storage. */
  secure(events: readonly Queued[]): void {
    events.forEach(({ record }) => record && this.changed.add(record));
    this.save();
  }

  /** Writes what has changed. */
  save(): void {
    if (this.busy) return;
    for (const record of Array.from(this.changed)) {
      this.changed.delete(record);
      const saved = this.keep(record, EVENT_PLACES);
      if (!(saved instanceof Promise)) continue;
      this.busy = true;
      void saved.then(() => {
        this.busy = false;
        this.save();
      });
      return;
    }
  }

  /** Forgets all without a trace; storage is cleared by itself. */
  clear(): void {
    this.changed.clear();
    this.open = null;
  }

  /** All that is kept, by anybody. */
  read(): Promise<(string | null)[]> {
    const places = Array.from({ length: EVENT_PLACES }, (_, place) => place);
    return Promise.all(
      places.map((place) => this.store.read(eventsName(place))),
    );
  }

  /** What pages that have gone, and others, have kept for this destination, less what is known. */
  adopt(
    texts: readonly (string | null)[],
    destination: string,
    known: ReadonlySet<string>,
  ): Queued[] {
    const found: Queued[] = [];
    texts.forEach((text, place) => {
      const [whose, ...lines] = (text ?? "").split("\n");
      const news = lines.filter((line) => !known.has(line));
      if (whose !== destination || news.length === 0) return;
      const record = newRecord(destination, place, text);
      for (const line of news) {
        const event = newQueued(line);
        join(record, event);
        found.push(event);
      }
      const { open } = this;
      if (!open || record.characters < open.characters) this.open = record;
    });
    return found;
  }

  private change(record: EventsRecord): void {
    if (this.changed.size === 0) {
      void Promise.resolve().then(() => this.save());
    }
    this.changed.add(record);
  }

  /** In its place if nobody else is there by now; else in the next that is free. */
  private keep(record: EventsRecord, tries: number): Soon<unknown> {
    const name = eventsName(record.place);
    return proceed(this.store.read(name), (found): Soon<unknown> => {
      const isEmpty = record.events.size === 0;
      if (found !== null && found !== record.text) {
        record.text = null;
        record.place = nextPlace(record.place);
        return isEmpty || tries === 0 ? null : this.keep(record, tries - 1);
      }
      if (isEmpty) {
        record.characters = 0;
        return found === null ? null : this.store.remove(name);
      }
      const texts = Array.from(record.events, ({ text }) => text);
      const text = [record.destination].concat(texts).join("\n");
      if (text === found) return null;
      return proceed(this.store.write(name, text), (written) => {
        if (written) record.text = text;
      });
    });
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

function join(record: EventsRecord, event: Queued): void {
  event.record = record;
  record.events.add(event);
  record.characters += event.text.length;
}

function nextPlace(place: number): number {
  return (place + 1) % EVENT_PLACES;
}

function countBytes(text: string): number {
  if (platform.TextEncoder) {
    return new platform.TextEncoder().encode(text).length;
  }
  return text.length * 3;
}
