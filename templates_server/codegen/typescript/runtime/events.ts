/** An event as the server takes it; sent again under the same id it counts once. */
interface WireEvent {
  readonly id: string;
  readonly name: string;
  readonly timestamp: string;
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
const COLLECTING_MSEC = 1000;
const EVENTS_TIMEOUT_MSEC = 30_000;
/** Browsers refuse more than 64 KiB under way with keepalive. */
const KEEPALIVE_BYTES = 60 * 1024;
/** The answers that say that the events themselves are at fault. */
const REFUSALS: readonly number[] = [400, 413, 422];

/** Collects events and sends them in batches until the server has them; the oldest go when there are too many. */
class EventQueue {
  private readonly sender: Sender;
  private waiting: WireEvent[] = [];
  private atOnce = MOST_EVENTS_AT_ONCE;
  private readonly leaving = new Set<WireEvent>();
  private leavingBytes = 0;
  private failures = 0;
  private timer: unknown = null;
  private sending: Promise<void> | null = null;

  constructor(sender: Sender) {
    this.sender = sender;
  }

  add(event: WireEvent): void {
    this.waiting.push(event);
    if (this.waiting.length > MOST_EVENTS_QUEUED) this.waiting.shift();
    if (this.timer !== null || this.sending !== null) return;
    this.timer = after(COLLECTING_MSEC, () => void this.flush());
  }

  /** Sends what is waiting; resolves when that is done or has failed, and never rejects. */
  flush(): Promise<void> {
    if (this.timer !== null) platform.clearTimeout(this.timer);
    this.timer = null;
    if (this.sending) return this.sending;
    if (!this.sendable) return Promise.resolve();
    return (this.sending = this.sendAll());
  }

  /** Sends as much as the platform takes from a page that is about to go; the rest stays. */
  leave(): void {
    if (!this.sender.ready) return;
    const { events, body, bytes } = this.fill();
    if (events.length === 0) return;
    events.forEach((event) => this.leaving.add(event));
    this.leavingBytes += bytes;
    void this.post(body, true).then((reply) => {
      events.forEach((event) => this.leaving.delete(event));
      this.leavingBytes -= bytes;
      if (succeeded(reply)) this.forget(events);
    });
  }

  private async sendAll(): Promise<void> {
    let goOn = true;
    while (goOn && this.sendable) {
      const batch = this.waiting.slice(0, this.atOnce);
      const reply = await this.post(JSON.stringify(batch), false);
      goOn = this.settle(batch, reply);
    }
    this.sending = null;
  }

  private get sendable(): boolean {
    return this.waiting.length > 0 && this.sender.ready;
  }

  /** Whether to go on at once. */
  private settle(batch: readonly WireEvent[], reply: Reply): boolean {
    if (succeeded(reply)) {
      this.forget(batch);
      this.atOnce = MOST_EVENTS_AT_ONCE;
    } else if (REFUSALS.indexOf(reply.status) >= 0) {
      this.refuse(batch);
    } else {
      this.retry(reply.retryAfterMsec);
      return false;
    }
    this.failures = 0;
    return true;
  }

  /** One bad event has a whole batch refused: find it by halves and drop it alone. */
  private refuse(batch: readonly WireEvent[]): void {
    if (batch.length > 1) {
      this.atOnce = Math.ceil(batch.length / 2);
      return;
    }
    report(`the server refused the event ${String(batch[0]?.name)}`);
    this.forget(batch);
  }

  private retry(retryAfterMsec: number): void {
    this.failures += 1;
    const pause = Math.max(retryAfterMsec, backOffMsec(this.failures));
    this.timer = afterIfStillThere(pause, () => void this.flush());
  }

  private forget(sent: readonly WireEvent[]): void {
    const gone = new Set(sent);
    this.waiting = this.waiting.filter((event) => !gone.has(event));
  }

  private post(body: string, keepalive: boolean): Promise<Reply> {
    const timeoutMsec = EVENTS_TIMEOUT_MSEC;
    const call = { path: "/events", body, timeoutMsec, keepalive };
    return this.sender.send({ method: "POST", ...call });
  }

  /** The oldest events that are not leaving yet and fit into what is left of the platform's limit. */
  private fill(): Leaving {
    const events: WireEvent[] = [];
    const texts: string[] = [];
    let bytes = 2;
    for (const event of this.waiting) {
      if (this.leaving.has(event)) continue;
      const text = JSON.stringify(event);
      const more = countBytes(text) + 1;
      if (this.leavingBytes + bytes + more > KEEPALIVE_BYTES) break;
      bytes += more;
      events.push(event);
      texts.push(text);
    }
    return { events, body: `[${texts.join(",")}]`, bytes };
  }
}

interface Leaving {
  readonly events: readonly WireEvent[];
  readonly body: string;
  readonly bytes: number;
}

function succeeded(reply: Reply): boolean {
  return reply.status >= 200 && reply.status < 300;
}

function countBytes(text: string): number {
  if (platform.TextEncoder) {
    return new platform.TextEncoder().encode(text).length;
  }
  return text.length * 3;
}
