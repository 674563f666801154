/** An event as the server takes it; sent again under the same id it counts once. */
interface WireEvent {
  readonly id: string;
  readonly name: string;
  readonly timestamp?: string;
  readonly anonymous_id: string;
  readonly external_id?: string;
  readonly user_signature?: string;
  readonly session?: string;
  readonly entity?: string;
  readonly data?: Json;
  readonly metadata?: readonly Pair[];
}

/** Sends a request; never rejects. `status` is 0 where there was no answer. */
interface Sender {
  readonly ready: boolean;
  /** The api key and host to which it would send now. */
  readonly destination: string;
  send(call: Call): Promise<Reply>;
}

interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
  readonly timeoutMsec: number;
  /** For how long it may be all that keeps a program running. */
  readonly aloneMsec?: number;
  readonly keepalive?: boolean;
  readonly aborter?: Aborter | null;
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMsec: number;
}

const MOST_EVENTS_QUEUED = 1000;
const MOST_EVENTS_AT_ONCE = 100;
const MOST_BYTES_AT_ONCE = 512 * 1024;
const MOST_EVENT_BYTES = 32 * 1024;
const COLLECTING_MSEC = 1000;
const EVENTS_TIMEOUT_MSEC = 30_000;
const EVENTS_ALONE_MSEC = 5000;
const MOST_NAMES_TOLD = 5;
/** As many as it takes to find one bad event among the most that are sent at once, and more. */
const MOST_REFUSALS_AT_ONCE = 10;
/** Browsers refuse more than 64 KiB under way with keepalive. */
const KEEPALIVE_BYTES = 60 * 1024;
const TOO_LARGE = 413;

/** Collects events and sends them in batches until the server has them; the oldest go when there are too many. */
class EventQueue {
  private readonly sender: Sender;
  private readonly pauses: Pauses;
  private readonly store: Store;
  private readonly log: Logger;
  readonly kept: KeptEvents;
  failures = 0;
  private waiting: Queued[] = [];
  private atOnce = MOST_EVENTS_AT_ONCE;
  private readonly leaving = new Set<Queued>();
  private refusals = 0;
  private cancel: (() => void) | null = null;
  private sending: Promise<void> | null = null;
  /** Where the events of earlier pages belong that are here. */
  private restored: string | null = null;
  private lost = 0;
  private lostTold = 0;
  private closed = false;

  constructor(
    sender: Sender,
    pauses: Pauses,
    store: Store,
    log: Logger = report,
  ) {
    this.sender = sender;
    this.pauses = pauses;
    this.store = store;
    this.log = log;
    this.kept = keepEvents(store);
  }

  add(event: WireEvent): void {
    if (!this.store.enabled) return;
    const queued = newQueued(JSON.stringify(event));
    if (queued.bytes > MOST_EVENT_BYTES) {
      throw new Nonsense(
        `it has ${queued.bytes} bytes, more than ${MOST_EVENT_BYTES}`,
      );
    }
    this.waiting.push(queued);
    this.claim();
    this.dropOldest();
    this.collect();
  }

  /** Sends what is waiting; resolves when that is done or has failed, and never rejects. */
  flush(): Promise<void> {
    this.wake();
    this.claim();
    if (this.sending) return this.sending;
    void this.restore();
    const batch = this.next();
    if (batch.length === 0) return Promise.resolve();
    return (this.sending = this.send(batch));
  }

  /** Sends as much as the platform takes from a page that is about to go; the rest follows when that has arrived. */
  leave(): void {
    this.kept.save(this.waiting);
    const under = sizeOf(this.leaving);
    const batch = this.next(MOST_EVENTS_QUEUED, KEEPALIVE_BYTES - under);
    if (batch.length === 0) return;
    batch.forEach((event) => this.leaving.add(event));
    void this.post(batch, true).then((reply) => {
      batch.forEach((event) => this.leaving.delete(event));
      if (succeeded(reply)) {
        this.forget(batch);
        this.leave();
      }
      this.collect();
    });
  }

  /** Takes over what earlier pages and programs could not send to where this one sends. */
  async restore(): Promise<void> {
    await null; // An app may go on to say where the server is, or that nothing is tracked.
    const { ready, destination } = this.sender;
    if (!ready || !this.store.enabled || this.restored === destination) return;
    this.restored = destination;
    this.claim();
    const texts = await this.kept.read();
    if (this.restored !== destination) return;
    this.waiting = this.kept
      .adopt(texts, destination, this.waiting)
      .concat(this.waiting);
    this.dropOldest();
    this.collect();
  }

  /** False: what waits is dropped, and nothing is recorded. */
  setTracking(on: boolean): void {
    this.store.enabled = on;
    if (on) return void this.restore();
    this.wake();
    this.waiting = [];
    this.restored = null;
    this.kept.clear();
  }

  /** Sends what is waiting, and then no more. Never rejects. */
  async close(): Promise<void> {
    this.closed = true;
    await this.flush();
    this.wake();
    ending.delete(this);
    const left = this.waiting.length;
    if (left > 0) this.log(`${left} event(s) could not be sent`);
  }

  /** Events that were recorded before there was a key are for the first. */
  private claim(): void {
    const { ready, destination } = this.sender;
    for (const event of this.waiting) {
      if (ready && !event.record) this.kept.add(event, destination);
    }
  }

  private dropOldest(): void {
    const over = this.waiting.length - MOST_EVENTS_QUEUED;
    if (over <= 0) return;
    if (this.lost === 0) void Promise.resolve().then(() => this.tellOfLost());
    this.lost += over;
    this.waiting.splice(0, over).forEach((event) => this.kept.drop(event));
  }

  private tellOfLost(): void {
    if (this.lost > this.lostTold) {
      this.log(
        `${this.lost} event(s) were dropped: more than ${MOST_EVENTS_QUEUED} waited`,
      );
    }
    this.lostTold = this.lost;
  }

  /** Ends a pause. */
  private wake(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private collect(): void {
    if (this.closed || this.waiting.length === 0) return;
    ending.add(this);
    if (this.cancel || this.sending) return;
    const wait = listenForTheEnd() ? afterIfStillThere : after;
    const timer = wait(COLLECTING_MSEC, () => void this.flush());
    this.cancel = () => clock.clearTimeout(timer);
  }

  private async send(batch: readonly Queued[]): Promise<void> {
    while (batch.length > 0) {
      const reply = await this.post(batch, false);
      if (!this.settle(batch, reply)) break;
      batch = this.next();
    }
    this.sending = null;
    if (this.waiting.length === 0) ending.delete(this);
  }

  /** The oldest events that are for where it sends now, have not left yet, and fit. */
  private next(most = this.atOnce, room = MOST_BYTES_AT_ONCE): Queued[] {
    const { ready, destination } = this.sender;
    const events: Queued[] = [];
    for (const event of this.waiting) {
      const isHere = event.record?.destination === destination;
      const size = event.bytes + 1;
      if (!ready || !isHere || this.leaving.has(event)) continue;
      if (size > room || events.length >= most) continue;
      room -= size;
      events.push(event);
    }
    return events;
  }

  /** Whether to go on at once. */
  private settle(batch: readonly Queued[], reply: Reply): boolean {
    if (succeeded(reply)) {
      this.forget(batch);
      this.atOnce = MOST_EVENTS_AT_ONCE;
      this.refusals = 0;
      this.tellOfLost();
      this.lost = this.lostTold = 0;
    } else if (isRefusal(reply)) {
      this.refuse(batch, reply);
      this.refusals += 1;
      if (this.refusals > MOST_REFUSALS_AT_ONCE) return this.pause(1, reply);
    } else {
      this.failures += 1;
      return this.pause(this.failures, reply);
    }
    this.failures = 0;
    return true;
  }

  private pause(failures: number, reply: Reply): false {
    const again = () => void this.flush();
    this.cancel = this.pauses.afterFailure(failures, reply, again);
    return false;
  }

  /** Some bad events have a whole batch refused: drop those that are named, or find them by halves. */
  private refuse(batch: readonly Queued[], reply: Reply): void {
    const named = namedEvents(reply.text);
    let bad = batch.filter((_, at) => named.has(at));
    if (bad.length === 0 && batch.length === 1) bad = batch.slice();
    if (bad.length === 0) {
      this.atOnce = Math.ceil(batch.length / 2);
      return;
    }
    const names = bad.slice(0, MOST_NAMES_TOLD).map(nameOf).join(", ");
    const told = reply.text.slice(0, LONGEST_UNKNOWN);
    this.log(
      `the server refused ${bad.length} event(s), such as ${names}: ${told}`,
    );
    this.forget(bad);
  }

  private forget(events: readonly Queued[]): void {
    const gone = new Set(events);
    gone.forEach((event) => this.kept.drop(event));
    this.waiting = this.waiting.filter((event) => !gone.has(event));
  }

  private post(batch: readonly Queued[], keepalive: boolean): Promise<Reply> {
    return this.sender.send({
      method: "POST",
      path: "/events",
      body: `[${batch.map(({ text }) => text).join(",")}]`,
      timeoutMsec: EVENTS_TIMEOUT_MSEC,
      aloneMsec: EVENTS_ALONE_MSEC,
      keepalive,
    });
  }
}

/** The queues that a program's end must not surprise. */
const ending = new Set<EventQueue>();
let isTold: boolean | null = null;

/** Whether the platform tells before a program ends, as Node does: then no timer need keep it running. */
function listenForTheEnd(): boolean {
  const { process } = platform;
  if (isTold === null && process?.on) {
    process.on("beforeExit", () =>
      ending.forEach((queue) => queue.failures || void queue.flush()),
    );
    process.on("exit", () => ending.forEach(({ kept }) => kept.save()));
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
    for (const problem of asArray(asObject(JSON.parse(text))["errors"])) {
      const place = /^\[?(\d+)/.exec(asString(asObject(problem)["path"]));
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
