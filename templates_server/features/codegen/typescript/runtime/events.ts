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
  /** They are for the session alone. */
  readonly fields?: undefined;
}

/** Collects events and sends them in batches until the server has them; the oldest go when there are too many. */
const makeEvents = (
  destination: Sender[0],
  send: Sender[1],
  afterFailure: AfterFailure,
  store: Store,
  client: Client,
  log: Logger,
  logOnce: (message: string) => void,
) => {
  let waiting: Waiting = new Map();
  /** Those that a page sends which may be gone soon. */
  const leaving = new Set<string>();
  let atOnce = MOST_EVENTS_AT_ONCE;
  let failures = 0;
  let refusals = 0;
  let closed = false;
  let cancel: (() => void) | undefined;
  let sending: Promise<void> | undefined;
  /** Where the events of earlier pages belong that are here. */
  let restored = "";
  const [keep, change, saveChanged, adopt, forget] = keepEvents(
    store,
    (record) =>
      [...waiting.keys()].filter((event) => waiting.get(event) === record),
  );

  /** Events that were recorded before there was a key are for the first. */
  const claim = () => {
    const to = destination();
    waiting.forEach((record, event) => {
      if (to && !record) waiting.set(event, keep(event, to));
    });
  };

  /** Makes sure that everything is kept, whatever others have done to storage. */
  const save = () => {
    waiting.forEach(change);
    saveChanged();
  };

  const drop = (event: string) => {
    change(waiting.get(event));
    waiting.delete(event);
  };

  /** Ends a pause. */
  const wake = () => {
    cancel?.();
    cancel = undefined;
  };

  const collect = () => {
    const over = [...waiting.keys()].slice(0, -MOST_EVENTS_QUEUED);
    if (over[0]) logOnce(`dropped events: more than ${MOST_EVENTS_QUEUED}`);
    over.forEach(drop);
    if (closed || waiting.size === 0) return;
    if (EVERYWHERE) {
      listenForTheEnd(leaving, () => {
        save();
        if (failures === 0) void flush();
      });
    }
    if (cancel || sending) return;
    cancel = clock.after(COLLECTING_MSEC, () => void flush());
  };

  /** Takes over what earlier pages and programs could not send to where this one sends. */
  const restore = async () => {
    await null; // An app may go on to say where the server is, or that nothing is tracked.
    const to = destination();
    if (!to || !client.tracking || restored === to) return;
    restored = to;
    claim();
    const found = await adopt(to, waiting);
    if (restored !== to) return;
    waiting = new Map([...found, ...waiting]);
    collect();
  };

  /** The oldest events that are for where it sends now, have not left yet, and fit. */
  const next = (most = atOnce, room = MOST_BYTES_AT_ONCE) => {
    const batch: string[] = [];
    for (const [event, record] of waiting) {
      const isHere = record?.to === destination() && !leaving.has(event);
      if (isHere && batch.length < most && countBytes(event) < room) {
        room -= countBytes(event) + 1;
        batch.push(event);
      }
    }
    return batch;
  };

  const post = (batch: readonly string[], keepalive?: boolean) =>
    send("/events", `[${batch.join()}]`, undefined, keepalive);

  /** Some bad events have a whole batch refused: drop those that are named, or find them by halves. */
  const refuse = (batch: readonly string[], text: string) => {
    // The server's problems name places in the batch, such as `[3].name`.
    const isNamed = (at: number) =>
      new RegExp(`"path": *"\\[?${at}\\b`).test(text);
    const bad = batch.filter((_, at) => isNamed(at) || batch.length === 1);
    atOnce = Math.ceil(batch.length / 2);
    if (!bad[0]) return;
    atOnce = MOST_EVENTS_AT_ONCE;
    // Found only when it is needed: most events are never told of.
    const names = bad.map((event) => /"name":"(.*?)"/.exec(event)?.[1]);
    const such = names.join(", ").slice(0, LONGEST_UNKNOWN);
    const told = text.slice(0, LONGEST_UNKNOWN);
    log(`refused events: ${bad.length}, such as ${such}: ${told}`);
    bad.forEach(drop);
  };

  const sendAll = async () => {
    for (let batch = next(); batch[0] && !cancel; batch = next()) {
      const reply = await post(batch);
      if (succeeded(reply)) {
        batch.forEach(drop);
        // Where something in between takes no more, that is how many it takes.
        atOnce = Math.min(2 * atOnce, MOST_EVENTS_AT_ONCE);
        failures = refusals = 0;
        continue;
      }
      if (isRefusal(reply)) {
        refuse(batch, reply.text);
        failures = 0;
        refusals += 1;
        if (refusals <= MOST_REFUSALS_AT_ONCE) continue;
      }
      failures += 1;
      cancel = afterFailure(failures, reply, () => void flush());
    }
    sending = undefined;
    if (EVERYWHERE && waiting.size === 0) ending.delete(leaving);
  };

  /** Sends what is waiting; resolves when that is done or has failed, and never rejects. */
  const flush = async () => {
    wake();
    claim();
    if (sending) return sending;
    void restore();
    if (next()[0]) return (sending = sendAll());
  };

  /** Sends as much as the platform takes from a page that is about to go; the rest follows when that has arrived. */
  const leave = () => {
    save();
    const under = countBytes([...leaving].join());
    const batch = next(MOST_EVENTS_QUEUED, KEEPALIVE_BYTES - under);
    if (!batch[0]) return;
    batch.forEach((event) => leaving.add(event));
    void post(batch, true).then((reply) => {
      batch.forEach((event) => leaving.delete(event));
      if (succeeded(reply)) {
        batch.forEach(drop);
        leave();
      }
      collect();
    });
  };

  const add = (event: WireEvent) => {
    if (!client.tracking) return;
    const text = JSON.stringify(event);
    ensure(
      countBytes(text) <= MOST_EVENT_BYTES,
      `more than ${MOST_EVENT_BYTES} bytes`,
    );
    waiting.set(text, undefined);
    claim();
    collect();
  };

  /** Consent is withdrawn: what waits is dropped. */
  const dropAll = () => {
    wake();
    waiting.clear();
    restored = "";
    forget();
  };

  /** Sends what is waiting, and then no more. Never rejects. */
  const close = async () => {
    closed = true;
    await flush();
    wake();
    if (EVERYWHERE) ending.delete(leaving);
    if (waiting.size > 0) log(`events not sent: ${waiting.size}`);
  };

  return [add, flush, leave, restore, dropAll, close] as const;
};

/** The answer of the server to events of which some are bad; not of what is in between, such as a network's sign-in. */
const isRefusal = ({ status, text }: Reply): boolean => {
  return (
    status === TOO_LARGE ||
    ((status === 400 || status === 422) && /^\s*{/.test(text))
  );
};

/** A page of HTML comes from something in between, such as a network's sign-in. */
const succeeded = ({ status, text }: Reply): boolean => {
  return status >= 200 && status < 300 && !/^\s*</.test(text);
};
