/** Where the states of a session go. */
interface Entities {
  /** What could not be used of the latest states. */
  readonly unknown: readonly string[];
  /** What the server sent for what is shown, by entity. */
  readonly wires: Json;
  begin(): void;
  keep(): void;
  reset(): void;
  unlock(): void;
  /** `whole`: of what is not among them, fallbacks are served. */
  serve(states: Json, whole: boolean): void;
  announce(): void;
}

const START_TIMEOUT_MSEC = 30_000;
const MOST_UNKNOWN_LOGGED = 200;

/** Runs sessions one after the other. */
class SessionRunner implements Surroundings, ClientHooks {
  state = IDLE;
  readonly client: Client;
  readonly log: Logger;
  readonly listeners: Listeners;
  readonly store: Store;
  private readonly identity: IdentityKeeper;
  private readonly transport: Transport;
  private readonly entities: Entities;
  private readonly pauses = new Pauses();
  private readonly events: EventQueue;
  private readonly follower: Follower;
  private readonly callers = new Callers();
  private run: Run | null = null;
  /** Grows with each start and end. */
  private turn = 0;
  private revision: string | null = null;
  /** What the listeners were told of last. */
  private told = IDLE;
  /** What a test says that is served; then there is no server. */
  private states: Json | null = null;
  /** Nobody is known to be there, so nothing may be tracked. */
  private mute = false;
  /** Nobody is served until the end of the session is declared. */
  private inUse = false;
  /** On a server: somebody has started and not ended. */
  private occupied = false;
  private ended = false;
  /** Whose start the present run is. */
  private caller: Caller | null = null;
  /** What the server has not been told yet of what this code could not use. */
  private untold: readonly string[] = [];
  private readonly logged = new Set<string>();
  private stopWatching: (() => void) | null = null;
  private closing: Promise<void> | null = null;
  private closedLogged = false;

  constructor(key: string, host: string, entities: Entities) {
    this.entities = entities;
    this.client = new Client(host, this);
    this.log = loggerOf(this.client);
    this.listeners = new Listeners("session", this.log);
    this.store = new Store(key, this.log);
    this.identity = new IdentityKeeper(this.store);
    this.transport = new Transport(this.client);
    this.events = new EventQueue(
      this.transport,
      this.pauses,
      this.store,
      this.log,
    );
    this.follower = new Follower(this, this.pauses);
  }

  get unknown(): readonly string[] {
    return this.entities.unknown;
  }

  get testing(): boolean {
    return this.states !== null;
  }

  /** Whether what is read now stays. */
  get locking(): boolean {
    const { status } = this.state;
    const settled = status === "served" || status === "fallback";
    return settled && this.client.sessionLock;
  }

  /** Whether who looks now was refused, so that what is served is somebody else's. */
  get hidden(): boolean {
    return this.callers.isRefused && this.occupied;
  }

  async start(options?: StartOptions): Promise<void> {
    if (this.isClosed()) return;
    this.watch();
    const caller = this.alone ? null : this.callers.enter();
    const wanted = wantedOrNull(options, this.log);
    if (this.isTaken(wanted)) return this.refuse(caller);
    const before = this.run;
    this.stop();
    this.caller = caller;
    this.occupied = !this.alone;
    this.mute = wanted === null;
    if (!wanted) return this.fallBack("refused");
    const { turn } = this;
    await sooner(this.begin(wanted, before, turn), this.client.waitTimeMsec);
    if (!this.isOver(turn) && this.state.status === "starting") {
      this.conclude("fallback", "timeout");
    }
  }

  async end(): Promise<void> {
    if (this.closing) return this.closing;
    // Who was refused has no session to end, unless it is to have everybody served again.
    if (this.hidden && !this.inUse) return this.flush();
    this.stop();
    this.reset();
    this.mute = this.inUse = this.occupied = false;
    if (!hasPage()) {
      this.ended = true;
      this.identity.forget();
    }
    this.conclude("idle", null);
    await this.flush();
  }

  flush(): Promise<void> {
    if (this.testing) return Promise.resolve();
    if (this.closing) return this.closing;
    // Events that were tracked before it was known of whom come first.
    const { reading } = this.identity;
    const send = () => this.events.flush();
    return reading ? reading.then(send) : send();
  }

  close(): Promise<void> {
    return (this.closing ??= this.shut());
  }

  record(parts: EventParts): void {
    if (this.isClosed() || this.mute || this.hidden || this.testing) return;
    this.watch();
    this.attempt(parts, () => {
      const event = readEvent(parts);
      const add = (person: Person) => this.events.add({ ...event, ...person });
      const person = this.person();
      const reading = this.run ? null : this.identity.reading;
      const later = () => this.attempt(parts, () => add(this.person()));
      if (reading) void reading.then(later);
      else add(person);
    });
  }

  snapshot(): Snapshot | null {
    const { run, revision, entities } = this;
    if (!run || revision === null || this.hidden) return null;
    return {
      session: run.session,
      revision,
      states: entities.wires,
      person: { anonymousId: run.anonymousId, userId: run.userId },
    };
  }

  /** Goes on with a session that was started elsewhere. */
  resume({ id, owner, ...wanted }: Resumed): void {
    this.occupied = !this.alone;
    this.identity.adopt({ id, owner });
    this.take(this.enter(wanted, id), wanted);
    this.entities.begin();
    this.watch();
    this.follow();
  }

  /** Serves these states from here on, without a server. */
  test(states: Json): void {
    this.states = states;
    void this.start();
    this.entities.begin();
  }

  lockChanged(): void {
    const { status, failure } = this.state;
    this.follower.stop();
    if (!this.client.sessionLock) this.entities.unlock();
    this.conclude(status, status === "served" ? null : failure);
    this.follow();
  }

  setTracking(on: boolean): void {
    if (this.testing) this.store.enabled = on;
    else if (!this.closing) this.events.setTracking(on);
  }

  keyChanged(): void {
    if (this.closing || this.testing) return;
    void this.events.flush();
    const { run } = this;
    if (run?.key === "") run.key = this.client.apiKey;
    const waits = this.state.failure === "missing-key" && this.transport.ready;
    if (run && waits) void this.prime(run);
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
  poll(
    run: Run,
    aborter: Aborter | null,
    waitSeconds = CHANGES_WAIT_SECONDS,
  ): Promise<Reply> {
    const session = encodeURIComponent(String(run.session));
    const since = encodeURIComponent(run.revision);
    return this.transport.send({
      method: "GET",
      path: `/sessions/${session}/changes?since=${since}&wait=${waitSeconds}`,
      timeoutMsec: CHANGES_TIMEOUT_MSEC,
      aborter,
    });
  }

  /** Takes an answer; null: nothing is new. */
  take(run: Run, served: Served | null): void {
    if (served) {
      run.session = served.session ?? run.session;
      this.revision = run.revision = served.revision;
      this.entities.serve(served.states, served.session !== null);
      this.noteUnknown();
    }
    this.conclude("served", null);
  }

  /** Says why changes do not come through; what was served stays. */
  fail(reply: Reply): void {
    this.conclude(this.state.status, failureOf(reply));
  }

  /** Whether nobody else can be here: in a page, in a test. */
  private get alone(): boolean {
    return hasPage() || this.testing;
  }

  /** What this code cannot use is logged once, and told to the server when the next session starts. */
  private noteUnknown(): void {
    const { unknown } = this.entities;
    const all = Array.from(new Set(this.untold.concat(unknown)));
    this.untold = all.slice(0, MOST_UNKNOWN);
    const news = unknown.filter((entry) => !this.logged.has(entry));
    if (news.length === 0 || this.logged.size > MOST_UNKNOWN_LOGGED) return;
    news.forEach((entry) => this.logged.add(entry));
    this.log(`not all that was served can be used here: ${news.join("; ")}`);
  }

  /** Whom an event is of: the person who is there now. */
  private person(): Person {
    const { run } = this;
    if (!run) return { anonymous_id: this.identity.current.id };
    const { anonymousId, userId, userSignature, session } = run;
    return {
      anonymous_id: anonymousId,
      ...(userId && { external_id: userId }),
      ...(userId && userSignature && { user_signature: userSignature }),
      ...(session && { session }),
    };
  }

  private attempt({ name }: EventParts, record: () => void): void {
    try {
      record();
    } catch (cause) {
      this.log(`the event ${describe(name)} is not recorded`, cause);
    }
  }

  /** Whether this space already serves somebody else. Of two visitors on a server nobody knows that they are one. */
  private isTaken(wanted: Wanted | null): boolean {
    if (!this.occupied || this.alone) return false;
    if (!this.run || !wanted) return true;
    const same = this.run.userId === wanted.userId;
    const known = wanted.userId !== null || this.client.storage !== null;
    return !same || !known;
  }

  private refuse(caller: Caller | null): void {
    if (!this.inUse) {
      this.log(
        "another person's session has not ended: until session.end() is called, fallbacks are served and nothing is tracked; on a server, make a Space for each request with createSpace()",
      );
    }
    for (const refused of [caller, this.caller]) {
      if (refused) refused.refused = true;
    }
    this.mute = this.inUse = true;
    this.stop();
    this.fallBack("in-use");
  }

  private async begin(
    wanted: Wanted,
    before: Run | null,
    turn: number,
  ): Promise<void> {
    const { states, identity } = this;
    if (states) return this.take(this.enter(wanted, newId()), asTest(states));
    if (this.ended) identity.forget();
    this.ended = false;
    const ready = identity.ready();
    if (ready) {
      this.prepare(isSameUser(before, wanted, this.client));
      await ready;
      if (this.isOver(turn)) return;
    }
    const run = this.enter(wanted, identity.begin(wanted.userId).id);
    if (!ready) this.prepare(isSamePerson(before, run, this.client));
    if (this.isOver(turn)) return;
    if (this.transport.ready) return this.prime(run);
    this.log("client.apiKey is not set, so fallbacks are served");
    this.conclude("fallback", "missing-key");
  }

  private enter(wanted: Wanted, anonymousId: string): Run {
    return (this.run = this.newRun(wanted, anonymousId));
  }

  /** What the same person sees stays until there is something newer. */
  private prepare(same: boolean): void {
    if (same) this.entities.keep();
    else this.reset();
    this.conclude("starting", null);
  }

  private fallBack(failure: SessionFailure): void {
    this.reset();
    this.conclude("fallback", failure);
  }

  private newRun(wanted: Wanted, anonymousId: string): Run {
    return {
      ...wanted,
      anonymousId,
      key: this.client.apiKey,
      aborter: null,
      session: null,
      revision: "",
      failures: 0,
      cancelRetry: null,
    };
  }

  private stop(): void {
    this.halt();
    this.run = null;
    this.turn += 1;
  }

  /** Ends all that is under way. */
  private halt(): void {
    this.follower.stop();
    this.run?.aborter?.abort();
    this.run?.cancelRetry?.();
  }

  private async shut(): Promise<void> {
    this.halt();
    this.stopWatching?.();
    this.callers.close();
    if (this.state.status === "starting") this.conclude("idle", null);
    if (this.testing) return;
    await this.identity.ready();
    await this.events.close();
  }

  /** Whether all is over; who does not know it is told once. */
  private isClosed(): boolean {
    if (this.closing && !this.closedLogged) {
      this.closedLogged = true;
      this.log("the Space was closed: it starts and tracks nothing any more");
    }
    return this.closing !== null;
  }

  private isOver(turn: number): boolean {
    return this.turn !== turn || this.closing !== null;
  }

  private reset(): void {
    this.revision = null;
    this.entities.reset();
  }

  /** Asks for the state of every entity at once, later again where that fails. An answer counts unless the run is over. */
  private async prime(run: Run): Promise<void> {
    const { turn } = this;
    // One of its own, since a request that took too long has cut the one before.
    run.aborter = newAborter();
    const reply = await this.ask(run, run.aborter);
    if (this.isOver(turn)) return;
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
    if (telling && failure !== this.state.failure) {
      this.log(`no session, so fallbacks are served: ${failure}`, reply.status);
    }
    this.conclude("fallback", failure);
  }

  private follow(): void {
    const { run } = this;
    const follows = run?.session && !this.client.sessionLock && !this.closing;
    if (run && follows) this.follower.follow(run);
  }

  /** From the first use on, the page's end and the network's return are known. */
  private watch(): void {
    this.stopWatching ??= watchPage({
      leave: () => this.events.leave(),
      hurry: () => this.pauses.hurry(),
    });
  }

  /** Says how it stands now: all of that is there before anybody is told of any of it. */
  private conclude(
    status: SessionStatus,
    failure: SessionFailure | null,
  ): void {
    const { state, revision } = this;
    const same =
      state.status === status &&
      state.failure === failure &&
      state.revision === revision;
    if (!same) this.state = sessionState(status, failure, revision);
    this.entities.announce();
    const news = this.state;
    if (news === this.told) return;
    this.told = news;
    this.listeners.tell(() => this.told === news);
  }
}

/** A visitor who has signed in is another person; so is everybody in another environment. */
function isSameUser(
  before: Run | null,
  { userId }: Wanted,
  { apiKey }: Client,
): boolean {
  return before?.userId === userId && before.key === apiKey;
}

function isSamePerson(before: Run | null, run: Run, client: Client): boolean {
  const known = run.userId !== null || before?.anonymousId === run.anonymousId;
  return known && isSameUser(before, run, client);
}

function asTest(states: Json): Served {
  return { session: null, revision: "test", states };
}

/** Whom an event is of. */
type Person = Pick<
  WireEvent,
  "anonymous_id" | "external_id" | "user_signature" | "session"
>;

/** All of an event but whom it is of. */
function readEvent({
  name,
  pairs,
  entity,
  data,
}: EventParts): Omit<WireEvent, "anonymous_id"> {
  const metadata = readPairs(pairs);
  const timestamp = new Date(clock.now()).toISOString();
  return {
    id: newId(),
    name: asEventName(name),
    // A clock that was never set: the time of arrival is nearer.
    ...(/^2\d{3}-/.test(timestamp) && { timestamp }),
    ...(entity && { entity }),
    ...(data && { data }),
    ...(metadata.length > 0 && { metadata }),
  };
}
