/** What is sent along with the start of a session: used for that session, never stored. */
export type Fields = Readonly<
  Record<string, string | number | boolean | null | undefined>
>;

export interface StartOptions {
  /** Who it is: 1 to 256 characters. Nobody given: a visitor. */
  readonly userId?: string | undefined;
  /** Where the environment requires signed ids: what your own back end made of the id. */
  readonly userSignature?: string | undefined;
  readonly fields?: Fields | undefined;
}

/**
 * `idle`: not started. `starting`: asked, and still waiting. `served`: the
 * server's answer is there. `fallback`: fallbacks are served; `session.failure`
 * says why, the start is tried again, and an answer makes it `served`.
 */
export type SessionStatus = "idle" | "starting" | "served" | "fallback";

/**
 * Why fallbacks are served: the key is missing, no time, no network, no usable
 * answer, refused, or (`in-use`) the session of another person has not ended.
 * While the status is `served`: why changes do not come through.
 */
export type SessionFailure =
  | "missing-key"
  | "timeout"
  | "network"
  | "refused"
  | "server"
  | "nonsense"
  | "in-use";

/** One run of the app for one person. Its functions can be passed around. */
export interface Session {
  readonly status: SessionStatus;
  /** What is wrong; null while nothing is. */
  readonly failure: SessionFailure | null;
  /** What was served and this code could not use, such as `homepage.body[1].layout: "tall"`. */
  readonly unknown: readonly string[];
  /**
   * Begins a session, ending the one before it. Never rejects. On a server,
   * another person's start is refused until `end` was called.
   */
  start(options?: StartOptions): Promise<void>;
  /** Records an event such as `item/clicked` of the person who is there now. */
  track(name: EventName, pairs?: EventPairs): void;
  /** Sends the recorded events now instead of in a second. Never rejects. */
  flush(): Promise<void>;
  /** Ends the session and sends the recorded events; fallbacks are served from here on. Never rejects. */
  end(): Promise<void>;
  /** @deprecated Until 1.0. Use `start({ userId, fields })`. */
  identify(userId: string, fields?: Fields): Promise<void>;
  /** @deprecated Until 1.0. Use `start({ fields })`. */
  anonymize(fields?: Fields): Promise<void>;
}

/** A session's answer, or a change to it. */
interface Served {
  readonly session: string | null;
  readonly revision: string;
  readonly states: Json;
}

/** One run: who it is for, and what the server called it. */
interface Run extends Wanted {
  readonly anonymousId: string;
  /** Cuts what is under way for this run. */
  readonly aborter: Aborter | null;
  session: string | null;
  revision: string;
  failures: number;
  cancelRetry: (() => void) | null;
}

/** Where the states of a session go. */
interface Entities {
  /** What could not be used of the latest states. */
  readonly unknown: readonly string[];
  reset(): void;
  unlock(): void;
  serve(states: Json): void;
  announce(): void;
}

const START_TIMEOUT_MSEC = 30_000;
const MOST_UNKNOWN_LOGGED = 200;
const IN_USE =
  "another person's session has not ended: until session.end() is called, fallbacks are served and nothing is tracked";

/** Runs sessions one after the other. */
class SessionRunner {
  status: SessionStatus = "idle";
  failure: SessionFailure | null = null;
  private readonly client: Client;
  private readonly transport: Transport;
  private readonly identity: IdentityKeeper;
  private readonly entities: Entities;
  private readonly pauses = new Pauses();
  private readonly events: EventQueue;
  private readonly follower: Follower;
  private run: Run | null = null;
  /** Nobody is known to be there, so nothing may be tracked. */
  private mute = false;
  /** Nobody is served until the end of the session is declared. */
  private inUse = false;
  /** On a server: somebody has started and not ended. */
  private occupied = false;
  private ended = false;
  private readonly callers = new Callers();
  /** Whose start the present run is. */
  private caller: Caller | null = null;
  /** What the server has not been told yet of what this code could not use. */
  private untold: readonly string[] = [];
  private readonly logged = new Set<string>();

  constructor(client: Client, store: Store, entities: Entities) {
    this.client = client;
    this.identity = new IdentityKeeper(store);
    this.entities = entities;
    this.transport = new Transport(client);
    this.events = new EventQueue(this.transport, this.pauses, store);
    this.follower = new Follower(this, this.pauses);
  }

  get unknown(): readonly string[] {
    return this.entities.unknown;
  }

  /** Whether who looks now was refused, so that what is served is somebody else's. */
  get hidden(): boolean {
    return this.callers.isRefused && this.occupied;
  }

  async start(options?: StartOptions): Promise<void> {
    const caller = hasPage() ? null : this.callers.enter();
    const wanted = wantedOrNull(options);
    if (this.isTaken(wanted)) return this.refuse(caller);
    this.stop();
    this.caller = caller;
    this.occupied = !hasPage();
    this.entities.reset();
    this.mute = wanted === null;
    if (!wanted) return this.conclude("fallback", "refused");
    await this.begin(wanted);
  }

  async end(): Promise<void> {
    // Who was refused has no session to end, unless it is to have everybody served again.
    if (this.hidden && !this.inUse) return this.events.flush();
    this.stop();
    this.entities.reset();
    this.mute = this.inUse = this.occupied = false;
    if (!hasPage()) {
      this.ended = true;
      this.identity.forget();
    }
    this.conclude("idle", null);
    await this.events.flush();
  }

  flush(): Promise<void> {
    return this.events.flush();
  }

  leave(): void {
    this.events.leave();
  }

  /** The network is back. */
  hurry(): void {
    this.pauses.hurry();
  }

  record(parts: EventParts): void {
    if (this.mute || this.hidden) return;
    try {
      this.events.add(this.eventOf(parts));
    } catch (cause) {
      report(`the event ${describe(parts.name)} is not recorded`, cause);
    }
  }

  lockChanged(): void {
    this.follower.stop();
    if (this.status === "served") this.failure = null;
    if (this.client.sessionLock) return;
    this.entities.unlock();
    this.entities.announce();
    this.follow();
  }

  keyChanged(): void {
    void this.events.flush();
    const { run } = this;
    if (run && this.failure === "missing-key" && this.transport.ready) {
      void this.prime(run);
    }
  }

  /** Asks for a session for the run; `aborter` cuts it. */
  async ask(run: Run, aborter: Aborter | null): Promise<Reply> {
    const told = this.untold;
    const reply = await this.transport.send({
      method: "POST",
      path: "/sessions",
      body: JSON.stringify({
        anonymous_id: run.anonymousId,
        external_id: run.userId ?? undefined,
        user_signature: run.userSignature,
        fields: run.fields,
        unknown: told.length > 0 ? told : undefined,
      }),
      timeoutMsec: Math.max(START_TIMEOUT_MSEC, this.client.waitTimeMsec),
      aborter,
    });
    if (readServed(reply) && this.untold === told) this.untold = [];
    return reply;
  }

  /** Asks for what has changed since the run's revision. */
  poll(run: Run, aborter: Aborter | null): Promise<Reply> {
    const session = encodeURIComponent(String(run.session));
    const since = encodeURIComponent(run.revision);
    return this.transport.send({
      method: "GET",
      path: `/sessions/${session}/changes?since=${since}&wait=${CHANGES_WAIT_SECONDS}`,
      timeoutMsec: CHANGES_TIMEOUT_MSEC,
      aborter,
    });
  }

  /** Takes an answer; null: nothing is new. */
  take(run: Run, served: Served | null): void {
    if (served) {
      run.session = served.session ?? run.session;
      run.revision = served.revision;
      this.entities.serve(served.states);
      this.noteUnknown();
    }
    this.conclude("served", null);
  }

  /** Says why changes do not come through; what was served stays. */
  fail(reply: Reply): void {
    this.failure = failureOf(reply);
  }

  /** What this code cannot use is logged once, and told to the server when the next session starts. */
  private noteUnknown(): void {
    const { unknown } = this.entities;
    const all = Array.from(new Set(this.untold.concat(unknown)));
    this.untold = all.slice(0, MOST_UNKNOWN);
    const news = unknown.filter((entry) => !this.logged.has(entry));
    if (news.length === 0 || this.logged.size > MOST_UNKNOWN_LOGGED) return;
    news.forEach((entry) => this.logged.add(entry));
    report(`not all that was served can be used here: ${news.join("; ")}`);
  }

  private eventOf({ name, pairs, entity, data }: EventParts): WireEvent {
    const run = this.run;
    const metadata = readPairs(pairs);
    const timestamp = new Date(clock.now()).toISOString();
    return {
      id: newId(),
      name: asEventName(name),
      // A clock that was never set: the time of arrival is nearer.
      ...(/^2\d{3}-/.test(timestamp) ? { timestamp } : {}),
      anonymous_id: run?.anonymousId ?? this.identity.current.id,
      ...(run?.userId ? { external_id: run.userId } : {}),
      ...(run?.userId && run.userSignature
        ? { user_signature: run.userSignature }
        : {}),
      ...(run?.session ? { session: run.session } : {}),
      ...(entity ? { entity } : {}),
      ...(data ? { data } : {}),
      ...(metadata.length > 0 ? { metadata } : {}),
    };
  }

  /** Whether this space already serves somebody else. Of two visitors on a server nobody knows that they are one. */
  private isTaken(wanted: Wanted | null): boolean {
    if (!this.occupied || hasPage()) return false;
    if (!this.run || !wanted) return true;
    const same = this.run.userId === wanted.userId;
    const known = wanted.userId !== null || this.client.storage !== null;
    return !same || !known;
  }

  private refuse(caller: Caller | null): void {
    if (!this.inUse) report(IN_USE);
    for (const refused of [caller, this.caller]) {
      if (refused) refused.refused = true;
    }
    this.mute = this.inUse = true;
    this.stop();
    this.entities.reset();
    this.conclude("fallback", "in-use");
  }

  private async begin(wanted: Wanted): Promise<void> {
    this.status = "starting";
    this.failure = null;
    if (this.ended) this.identity.forget();
    this.ended = false;
    const run: Run = {
      ...wanted,
      anonymousId: this.identity.begin(wanted.userId).id,
      aborter: newAborter(),
      session: null,
      revision: "",
      failures: 0,
      cancelRetry: null,
    };
    this.run = run;
    if (!this.transport.ready) {
      report("client.apiKey is not set, so fallbacks are served");
      return this.conclude("fallback", "missing-key");
    }
    await sooner(this.prime(run), this.client.waitTimeMsec);
    if (this.run === run && this.status === "starting") {
      this.conclude("fallback", "timeout");
    }
  }

  private stop(): void {
    this.follower.stop();
    this.run?.aborter?.abort();
    this.run?.cancelRetry?.();
    this.run = null;
  }

  /** Asks for the state of every entity at once, later again where that fails. An answer counts unless the run is over. */
  private async prime(run: Run): Promise<void> {
    const reply = await this.ask(run, run.aborter);
    if (this.run !== run) return;
    const served = readServed(reply);
    if (served && served.session !== null) {
      this.take(run, served);
      this.follow();
      return;
    }
    run.failures += 1;
    run.cancelRetry = this.pauses.afterFailure(
      run.failures,
      reply,
      () => void this.prime(run),
    );
    const failure = failureOf(reply);
    const telling = failure === "refused" || failure === "nonsense";
    if (telling && failure !== this.failure) {
      report(`no session, so fallbacks are served: ${failure}`, reply.status);
    }
    this.conclude("fallback", failure);
  }

  private follow(): void {
    const run = this.run;
    if (run?.session && !this.client.sessionLock) this.follower.follow(run);
  }

  private conclude(
    status: SessionStatus,
    failure: SessionFailure | null,
  ): void {
    this.status = status;
    this.failure = failure;
    this.entities.announce();
  }
}

/** Null where nobody can tell who is meant. */
function wantedOrNull(options: unknown): Wanted | null {
  try {
    return readOptions(options);
  } catch (cause) {
    report("a session cannot be started with that", cause);
    return null;
  }
}

/** Null for an answer that is none. */
function readServed(reply: Reply): Served | null {
  if (reply.status !== 200) return null;
  try {
    const { session, revision, states } = asObject(JSON.parse(reply.text));
    return {
      session:
        typeof session === "string" && session ? storable(session) : null,
      revision:
        typeof revision === "number"
          ? String(revision)
          : storable(asString(revision)),
      states: asObject(states),
    };
  } catch {
    return null;
  }
}

function failureOf(reply: Reply): SessionFailure {
  if (reply.status === 0) return "network";
  if (reply.status >= 500) return "server";
  return reply.status >= 400 ? "refused" : "nonsense";
}

/** Waits for the work, but no longer than that. */
function sooner(work: Promise<void>, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = after(milliseconds, () => resolve(undefined));
    void work.then(() => {
      clock.clearTimeout(timer);
      resolve(undefined);
    });
  });
}
