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

/** An event that waits, as it will be sent. */
interface Queued {
  readonly name: string;
  readonly text: string;
  readonly bytes: number;
}

const MOST_EVENTS_QUEUED = 1000;
const MOST_EVENTS_AT_ONCE = 100;
const MOST_EVENT_BYTES = 32 * 1024;
const COLLECTING_MSEC = 1000;
const EVENTS_TIMEOUT_MSEC = 30_000;
const EVENTS_ALONE_MSEC = 5000;
const MOST_NAMES_TOLD = 5;
/** As many as it takes to find one bad event among the most that are sent at once, and more. */
const MOST_REFUSALS_AT_ONCE = 10;
/** Browsers refuse more than 64 KiB under way with keepalive. */
const KEEPALIVE_BYTES = 60 * 1024;
/** The answers that say that the events themselves are at fault. */
const REFUSALS: readonly number[] = [400, 413, 422];

/** Collects events and sends them in batches until the server has them; the oldest go when there are too many. */
class EventQueue {
  private readonly sender: Sender;
  private readonly pauses: Pauses;
  private waiting: Queued[] = [];
  private atOnce = MOST_EVENTS_AT_ONCE;
  private readonly leaving = new Set<Queued>();
  private leavingBytes = 0;
  private failures = 0;
  private refusals = 0;
  private cancel: (() => void) | null = null;
  private sending: Promise<void> | null = null;
  /** Whether the platform tells before a program ends. */
  private toldOfTheEnd: boolean | null = null;
  private full = false;

  constructor(sender: Sender, pauses: Pauses) {
    this.sender = sender;
    this.pauses = pauses;
  }

  add(event: WireEvent): void {
    const text = JSON.stringify(event);
    const bytes = countBytes(text);
    if (bytes > MOST_EVENT_BYTES) {
      throw new Nonsense(
        `it has ${bytes} bytes, more than ${MOST_EVENT_BYTES}`,
      );
    }
    this.waiting.push({ name: event.name, text, bytes });
    if (this.waiting.length > MOST_EVENTS_QUEUED) this.dropOldest();
    if (this.cancel === null && this.sending === null) this.collect();
  }

  /** Sends what is waiting; resolves when that is done or has failed, and never rejects. */
  flush(): Promise<void> {
    this.cancel?.();
    this.cancel = null;
    if (this.sending) return this.sending;
    if (!this.sendable) return Promise.resolve();
    return (this.sending = this.sendAll());
  }

  /** Sends as much as the platform takes from a page that is about to go; the rest follows when that has arrived. */
  leave(): void {
    if (!this.sender.ready) return;
    const { events, bytes } = this.fill();
    if (events.length === 0) return;
    events.forEach((event) => this.leaving.add(event));
    this.leavingBytes += bytes;
    void this.post(events, true).then((reply) => {
      events.forEach((event) => this.leaving.delete(event));
      this.leavingBytes -= bytes;
      if (!succeeded(reply)) return;
      this.forget(events);
      this.leave();
    });
  }

  private dropOldest(): void {
    this.waiting.shift();
    if (!this.full) {
      report(
        `more than ${MOST_EVENTS_QUEUED} events wait: the oldest are lost`,
      );
    }
    this.full = true;
  }

  private collect(): void {
    this.toldOfTheEnd ??= this.listenForTheEnd();
    const wait = this.toldOfTheEnd ? afterIfStillThere : after;
    const timer = wait(COLLECTING_MSEC, () => void this.flush());
    this.cancel = () => clock.clearTimeout(timer);
  }

  /** A program of Node's that has nothing more to do sends what was collected. */
  private listenForTheEnd(): boolean {
    if (!platform.process?.on) return false;
    platform.process.on("beforeExit", () => {
      if (this.failures === 0) void this.flush();
    });
    return true;
  }

  private async sendAll(): Promise<void> {
    let goOn = true;
    while (goOn && this.sendable) {
      const batch = this.waiting.slice(0, this.atOnce);
      const reply = await this.post(batch, false);
      goOn = this.settle(batch, reply);
    }
    this.sending = null;
  }

  private get sendable(): boolean {
    return this.waiting.length > 0 && this.sender.ready;
  }

  /** Whether to go on at once. */
  private settle(batch: readonly Queued[], reply: Reply): boolean {
    if (succeeded(reply)) {
      this.forget(batch);
      this.atOnce = MOST_EVENTS_AT_ONCE;
      this.refusals = 0;
      this.full = false;
    } else if (REFUSALS.indexOf(reply.status) >= 0) {
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
    const names = bad.slice(0, MOST_NAMES_TOLD).map(({ name }) => name);
    const told = reply.text.slice(0, LONGEST_UNKNOWN);
    report(
      `the server refused ${bad.length} event(s), such as ${names.join(", ")}: ${told}`,
    );
    this.forget(bad);
  }

  private forget(sent: readonly Queued[]): void {
    const gone = new Set(sent);
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

  /** The oldest events that are not leaving yet and fit into what is left of the platform's limit. */
  private fill(): Leaving {
    const events: Queued[] = [];
    let bytes = 2;
    for (const event of this.waiting) {
      const more = event.bytes + 1;
      const fits = this.leavingBytes + bytes + more <= KEEPALIVE_BYTES;
      if (!fits || this.leaving.has(event)) continue;
      bytes += more;
      events.push(event);
    }
    return { events, bytes };
  }
}

interface Leaving {
  readonly events: readonly Queued[];
  readonly bytes: number;
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

/** A page of HTML comes from something in between, such as a network's sign-in. */
function succeeded({ status, text }: Reply): boolean {
  return status >= 200 && status < 300 && !/^\s*</.test(text);
}

function countBytes(text: string): number {
  if (platform.TextEncoder) {
    return new platform.TextEncoder().encode(text).length;
  }
  return text.length * 3;
}
