/** What is sent along with the start of a session: used for that session, never stored. */
export type Fields = Readonly<
  Record<string, string | number | boolean | null | undefined>
>;

export interface StartOptions {
  /** Who it is; nobody given: a visitor. */
  readonly userId?: string | undefined;
  /** Where the environment requires signed ids: what your own back end made of the id. */
  readonly userSignature?: string | undefined;
  readonly fields?: Fields | undefined;
}

/**
 * `idle`: not started. `starting`: asked, and still waiting. `served`: the
 * server's answer is there. `fallback`: fallbacks are served; `session.failure`
 * says why, and an answer that comes late makes it `served`.
 */
export type SessionStatus = "idle" | "starting" | "served" | "fallback";

/** Why fallbacks are served: the key is missing or refused, no time, no network, or no usable answer. */
export type SessionFailure =
  "missing-key" | "timeout" | "network" | "refused" | "server" | "nonsense";

/** One run of the app for one person. */
export interface Session {
  readonly status: SessionStatus;
  /** Why fallbacks are served; null while they are not. */
  readonly failure: SessionFailure | null;
  /** Begins a session, ending the one before it. Never rejects. */
  start(options?: StartOptions): Promise<void>;
  /** Records an event such as `item/clicked`. */
  track(name: string, pairs?: EventPairs): void;
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

interface Who {
  readonly anonymousId: string;
  readonly userId: string | null;
  readonly userSignature: string | undefined;
}

/** One run: who it is for, and what the server called it. */
interface Run extends Who {
  /** What it is begun with. */
  readonly body: string;
  /** Cuts what is under way for this run. */
  readonly aborter: Aborter | null;
  session: string | null;
  revision: string;
}

/** Where the states of a session go. */
interface Entities {
  reset(): void;
  unlock(): void;
  serve(states: Json): void;
  announce(): void;
}

const START_TIMEOUT_MSEC = 30_000;
const RESERVED_NAMES = /^(mtribes\/|___UI\/|sdk\/)/;

/** Runs sessions one after the other. */
class SessionRunner implements Session {
  status: SessionStatus = "idle";
  failure: SessionFailure | null = null;
  private readonly client: Client;
  private readonly transport: Transport;
  private readonly identity: IdentityKeeper;
  private readonly entities: Entities;
  private readonly events: EventQueue;
  private readonly follower: Follower;
  private run: Run | null = null;

  constructor(client: Client, identity: IdentityKeeper, entities: Entities) {
    this.client = client;
    this.identity = identity;
    this.entities = entities;
    this.transport = new Transport(client);
    this.events = new EventQueue(this.transport);
    this.follower = new Follower(this.transport, entities);
  }

  async start(options: StartOptions = {}): Promise<void> {
    const run = this.begin(options);
    if (!this.transport.ready) {
      report("client.apiKey is not set, so fallbacks are served");
      this.conclude("fallback", "missing-key");
      return;
    }
    await sooner(this.prime(run), this.client.waitTimeMsec);
    if (this.run === run && this.status === "starting") {
      this.conclude("fallback", "timeout");
    }
  }

  async end(): Promise<void> {
    this.stop();
    this.entities.reset();
    this.conclude("idle", null);
    await this.events.flush();
  }

  identify(userId: string, fields?: Fields): Promise<void> {
    return this.start({ userId, fields });
  }

  anonymize(fields?: Fields): Promise<void> {
    return this.start({ fields });
  }

  track(name: string, pairs?: EventPairs): void {
    this.record({ name, pairs });
  }

  flush(): Promise<void> {
    return this.events.flush();
  }

  leave(): void {
    this.events.leave();
  }

  record(parts: EventParts): void {
    const { name, pairs, entity, data } = parts;
    if (typeof name !== "string" || !name || RESERVED_NAMES.test(name)) {
      report(`an event cannot be called ${JSON.stringify(name)}`);
      return;
    }
    const run = this.run;
    const metadata = listPairs(pairs);
    this.events.add({
      id: newId(),
      name,
      timestamp: new Date().toISOString(),
      anonymous_id: run?.anonymousId ?? this.identity.current.id,
      ...(run?.userId ? { external_id: run.userId } : {}),
      ...(run?.userId && run.userSignature
        ? { user_signature: run.userSignature }
        : {}),
      ...(run?.session ? { session: run.session } : {}),
      ...(entity ? { entity } : {}),
      ...(data ? { data } : {}),
      ...(metadata.length > 0 ? { metadata } : {}),
    });
  }

  lockChanged(): void {
    this.follower.stop();
    if (this.client.sessionLock) return;
    this.entities.unlock();
    this.entities.announce();
    this.follow();
  }

  private begin(options: StartOptions): Run {
    const userId = options.userId || null;
    this.stop();
    this.entities.reset();
    this.status = "starting";
    this.failure = null;
    const anonymousId = this.identity.begin(userId).id;
    const aborter = newAborter();
    const { userSignature } = options;
    const who = { anonymousId, userId, userSignature };
    const body = startBody(who, options.fields);
    return (this.run = { ...who, body, aborter, session: null, revision: "" });
  }

  private stop(): void {
    this.follower.stop();
    this.run?.aborter?.abort();
    this.run = null;
  }

  /** Asks for the state of every entity at once; an answer that comes late still counts, unless the run is over. */
  private async prime(run: Run): Promise<void> {
    const reply = await this.transport.send({
      method: "POST",
      path: "/sessions",
      body: run.body,
      timeoutMsec: Math.max(START_TIMEOUT_MSEC, this.client.waitTimeMsec),
      aborter: run.aborter,
    });
    if (this.run !== run) return;
    const served = readServed(reply);
    if (!served || served.session === null) {
      const failure = failureOf(reply);
      if (failure === "refused" || failure === "nonsense") {
        report(`no session, so fallbacks are served: ${failure}`, reply.status);
      }
      this.conclude("fallback", failure);
      return;
    }
    run.session = served.session;
    run.revision = served.revision;
    this.entities.serve(served.states);
    this.conclude("served", null);
    this.follow();
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

function startBody(who: Who, fields: Fields | undefined): string {
  const body = {
    anonymous_id: who.anonymousId,
    external_id: who.userId ?? undefined,
    user_signature: who.userSignature,
  };
  try {
    return JSON.stringify({ ...body, fields });
  } catch (cause) {
    report("the fields of a session must be plain values", cause);
    return JSON.stringify(body);
  }
}

/** Null for an answer that is none. */
function readServed(reply: Reply): Served | null {
  if (reply.status !== 200) return null;
  try {
    const { session, revision, states } = asObject(JSON.parse(reply.text));
    return {
      session: typeof session === "string" && session ? session : null,
      revision:
        typeof revision === "number" ? String(revision) : asString(revision),
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

function listPairs(pairs: EventPairs | undefined): Pair[] {
  return [pairs?.pair1, pairs?.pair2, pairs?.pair3]
    .filter((pair): pair is Pair => pair !== undefined && pair !== null)
    .map(({ key, value }) => ({ key: String(key), value: String(value) }));
}

/** Waits for the work, but no longer than that. */
function sooner(work: Promise<void>, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = after(milliseconds, () => resolve(undefined));
    void work.then(() => {
      platform.clearTimeout(timer);
      resolve(undefined);
    });
  });
}
