/** Events of one destination that are kept under one name. */
interface EventsRecord {
  readonly to: string;
  /** How much has been written to it: one that has enough is not written again for every further event. */
  size: number;
  place: number;
  /** What was written or found there last: anything else is another page's. */
  text: string;
}

/** The events that wait, as they will be sent, with what each is kept in; nothing: it waits for a key. */
type Waiting = Map<string, EventsRecord | undefined>;

/**
 * Keeps events in storage from the end of the task in which they are tracked
 * until they are dropped. Many pages may share the places: what another has
 * written is neither overwritten nor removed. `textsOf` lists what a record
 * holds at present.
 */
const keepEvents = (
  [read, write, remove]: Store,
  textsOf: (record: EventsRecord) => readonly string[],
) => {
  const changed = new Set<EventsRecord>();
  let open: EventsRecord | undefined;
  let place = Math.floor(clock.random() * EVENT_PLACES);
  /** Whether asynchronous storage has not answered yet. */
  let busy = false;

  /** Writes what has changed. */
  const save = () => {
    const [record] = changed;
    if (busy || !record) return;
    changed.delete(record);
    busy = true;
    void proceed(put(record, EVENT_PLACES), () => {
      busy = false;
      save();
    });
  };

  const change = (record: EventsRecord | undefined) => {
    if (changed.size === 0) void Promise.resolve().then(save);
    if (record) changed.add(record);
  };

  /** In its place if nobody else is there by now; else in the next that is free. */
  const put = (record: EventsRecord, tries: number): Soon<unknown> => {
    const name = EVENTS_NAMES[record.place]!;
    return proceed(read(name), (found): Soon<unknown> => {
      const texts = textsOf(record);
      const { text, to } = record;
      if (found && found !== text) {
        record.text = "";
        record.place = nextPlace(record.place);
        return texts[0] && tries && put(record, tries - 1);
      }
      if (!texts[0]) return remove(name);
      const news = [to, ...texts].join("\n");
      const written = news === found || write(name, news);
      return proceed(written, (done) => done && (record.text = news));
    });
  };

  /** What the event is kept in from now on. */
  const keep = (event: string, to: string) => {
    if (open?.to !== to || open.size > MOST_CHARACTERS_AGAIN) {
      open = { to, place: (place = nextPlace(place)), text: "", size: 0 };
    }
    open.size += event.length;
    change(open);
    return open;
  };

  /** What pages that have gone, and others, have kept for this destination, less what is known. */
  const adopt = async (to: string, known: Waiting) => {
    const found: Waiting = new Map();
    const texts = await Promise.all(EVENTS_NAMES.map(read));
    texts.forEach((text, place) => {
      const [whose, ...lines] = text.split("\n");
      if (whose !== to) return;
      const record = { to, place, text, size: text.length };
      const events = lines.filter(isEvent);
      if (!events[0]) change(record);
      for (const event of events) {
        if (known.has(event)) continue;
        found.set(event, record);
        if (!open || record.size < open.size) open = record;
      }
    });
    return found;
  };

  const forget = () => {
    changed.clear();
    open = undefined;
  };

  return [keep, change, save, adopt, forget] as const;
};

/** Not of what others have written there, which would be in the way of events. */
const isEvent = (line: string): unknown =>
  readJson(line, ({ id }) => id && countBytes(line) <= MOST_EVENT_BYTES);

const nextPlace = (place: number): number => {
  return (place + 1) % EVENT_PLACES;
};

/** In UTF-8, without what not every platform has. Throws for half a surrogate pair, which no JSON holds. */
const countBytes = (text: string): number => {
  return encodeURIComponent(text).replace(/%../g, "x").length;
};
