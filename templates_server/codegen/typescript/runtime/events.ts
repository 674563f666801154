/** An event as the server takes it; sent again under the same id it counts once. */
interface WireEvent {
  readonly id: string;
  readonly name: string;
  readonly timestamp?: string | undefined;
  readonly anonymous_id: string;
  readonly external_id?: string | undefined;
  readonly user_signature?: string | undefined;
  readonly session?: string | undefined;
  readonly entity?: string | undefined;
  readonly data?: Json | undefined;
  readonly metadata?: readonly Pair[] | undefined;
}

/** Collects events and sends them in batches until the server has them; the oldest go when there are too many. */
interface Events {
  add(event: WireEvent): void;
  /** Sends what is waiting; resolves when that is done or has failed, and never rejects. */
  flush(): Promise<void>;
  /** Sends as much as the platform takes from a page that is about to go; the rest follows when that has arrived. */
  readonly leave: () => void;
  /** What was kept may be sent again. */
  restore(): Promise<void>;
  /** Consent is withdrawn: what waits is dropped. */
  drop(): void;
  /** Sends what is waiting, and then no more. Never rejects. */
  close(): Promise<void>;
}

function makeEvents(
  sender: Sender,
  pauses: Pauses,
  store: Store,
  client: Client,
  log: Logger,
): Events {
  const kept = keepEvents(store);
  const leaving = new Set<Queued>();
  let waiting: Queued[] = [];
  let atOnce = MOST_EVENTS_AT_ONCE;
  let failures = 0;
  let refusals = 0;
  let overflows = false;
  let closed = false;
  let cancel: (() => void) | undefined;
  let sending: Promise<void> | undefined;
  /** Where the events of earlier pages belong that are here. */
  let restored = "";
  const queue: EndingQueue = {
    finish: () => failures || void flush(),
    save: () => kept.save(),
  };

  /** Events that were recorded before there was a key are for the first. */
  const claim = () => {
    const destination = sender.destination();
    for (const event of waiting) {
      if (destination && !event.record) kept.add(event, destination);
    }
  };

  /** Ends a pause. */
  const wake = () => {
    cancel?.();
    cancel = undefined;
  };

  const collect = () => {
    const over = waiting.length - MOST_EVENTS_QUEUED;
    if (over > 0) {
      waiting.splice(0, over).forEach(kept.drop);
      if (!overflows) {
        log(`dropped events: more than ${MOST_EVENTS_QUEUED} wait`);
      }
      overflows = true;
    }
    if (closed || waiting.length === 0) return;
    ending.add(queue);
    if (cancel || sending) return;
    const wait = listenForTheEnd() ? afterIfStillThere : after;
    const timer = wait(COLLECTING_MSEC, () => void flush());
    cancel = () => clock.clearTimeout(timer);
  };

  /** Takes over what earlier pages and programs could not send to where this one sends. */
  const restore = async () => {
    await null; // An app may go on to say where the server is, or that nothing is tracked.
    const destination = sender.destination();
    if (!destination || !client.tracking || restored === destination) return;
    restored = destination;
    claim();
    const texts = await kept.read();
    if (restored !== destination) return;
    waiting = [...kept.adopt(texts, destination, waiting), ...waiting];
    collect();
  };

  /** The oldest events that are for where it sends now, have not left yet, and fit. */
  const next = (most = atOnce, room = MOST_BYTES_AT_ONCE) => {
    const destination = sender.destination();
    return waiting.filter((event) => {
      const isHere = destination && event.record?.destination === destination;
      const size = event.bytes + 1;
      if (!isHere || leaving.has(event) || size > room || most < 1)
        return false;
      room -= size;
      most -= 1;
      return true;
    });
  };

  const post = (batch: readonly Queued[], keepalive = false) => {
    const body = `[${batch.map(({ text }) => text).join(",")}]`;
    return sender.send("/events", body, undefined, keepalive);
  };

  const forget = (events: readonly Queued[]) => {
    const gone = new Set(events);
    events.forEach(kept.drop);
    waiting = waiting.filter((event) => !gone.has(event));
  };

  /** Some bad events have a whole batch refused: drop those that are named, or find them by halves. */
  const refuse = (batch: readonly Queued[], { text }: Reply) => {
    const named = namedEvents(text);
    const bad = batch.filter((_, at) => named.has(at) || batch.length === 1);
    if (bad.length === 0) {
      atOnce = Math.ceil(batch.length / 2);
      return;
    }
    const names = bad.map(nameOf).join(", ").slice(0, LONGEST_UNKNOWN);
    const told = text.slice(0, LONGEST_UNKNOWN);
    log(`refused events: ${bad.length}, such as ${names}: ${told}`);
    forget(bad);
  };

  const send = async () => {
    for (let batch = next(); batch.length > 0 && !cancel; batch = next()) {
      const reply = await post(batch);
      let failed = 0;
      if (succeeded(reply)) {
        forget(batch);
        atOnce = MOST_EVENTS_AT_ONCE;
        refusals = 0;
        overflows = false;
      } else if (isRefusal(reply)) {
        refuse(batch, reply);
        failed = ++refusals > MOST_REFUSALS_AT_ONCE ? 1 : 0;
      } else failed = failures + 1;
      failures = failed;
      if (failed)
        cancel = pauses.afterFailure(failed, reply, () => void flush());
    }
    sending = undefined;
    if (waiting.length === 0) ending.delete(queue);
  };

  const flush = async () => {
    wake();
    claim();
    if (sending) return sending;
    void restore();
    if (next().length > 0) return (sending = send());
  };

  const leave = () => {
    kept.save(waiting);
    const under = sizeOf(leaving);
    const batch = next(MOST_EVENTS_QUEUED, KEEPALIVE_BYTES - under);
    if (batch.length === 0) return;
    batch.forEach((event) => leaving.add(event));
    void post(batch, true).then((reply) => {
      batch.forEach((event) => leaving.delete(event));
      if (succeeded(reply)) {
        forget(batch);
        leave();
      }
      collect();
    });
  };

  return {
    flush,
    leave,
    add(event) {
      if (!client.tracking) return;
      const queued = newQueued(JSON.stringify(event));
      ensure(
        queued.bytes <= MOST_EVENT_BYTES,
        `more than ${MOST_EVENT_BYTES} bytes`,
      );
      waiting.push(queued);
      claim();
      collect();
    },
    restore,
    drop() {
      wake();
      waiting = [];
      restored = "";
      kept.clear();
    },
    async close() {
      closed = true;
      await flush();
      wake();
      ending.delete(queue);
      const left = waiting.length;
      if (left > 0) log(`${left} event(s) could not be sent`);
    },
  };
}

/** What the end of a program must not surprise. */
interface EndingQueue {
  /** The program has nothing more to do. */
  finish(): void;
  /** It ends, or is about to. */
  save(): void;
}

const ending = new Set<EndingQueue>();
let isTold: boolean | undefined;

/** Whether the platform tells before a program ends, as Node does: then no timer need keep it running. */
function listenForTheEnd(): boolean {
  const process = platform.process;
  if (isTold === undefined && process?.on) {
    process.on("beforeExit", () => ending.forEach(({ finish }) => finish()));
    process.on("exit", () => ending.forEach(({ save }) => save()));
  }
  return (isTold ??= !!process?.on);
}

/** What events take of a body, with what is between them. */
function sizeOf(events: Iterable<Queued>): number {
  return Array.from(events).reduce((sum, { bytes }) => sum + bytes + 1, 1);
}

/** Found only when it is needed: most events are never told of. */
function nameOf({ text }: Queued): string {
  return /"name":"(.*?)"/.exec(text)?.[1] ?? "?";
}

/** The places in the batch that the server's problems name, such as `[3].name`. */
function namedEvents(text: string): Set<number> {
  const places = new Set<number>();
  try {
    for (const { path } of JSON.parse(text).errors) {
      const place = /^\[?(\d+)/.exec(path);
      if (place) places.add(Number(place[1]));
    }
  } catch {
    // Not an answer of the server's: nothing is named.
  }
  return places;
}

/** The answer of the server to events of which some are bad; not of what is in between, such as a network's sign-in. */
function isRefusal({ status, text }: Reply): boolean {
  return (
    status === TOO_LARGE ||
    ((status === 400 || status === 422) && /^\s*{/.test(text))
  );
}

/** A page of HTML comes from something in between, such as a network's sign-in. */
function succeeded({ status, text }: Reply): boolean {
  return status >= 200 && status < 300 && !/^\s*</.test(text);
}
