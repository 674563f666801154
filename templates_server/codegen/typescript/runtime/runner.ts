/** Runs the sessions of a Space, one after the other. */
interface Runner extends Surroundings {
  readonly client: Client;
  readonly session: Session;
  readonly close: () => Promise<void>;
  readonly log: Logger;
  /** Goes on with a session that was started elsewhere. */
  resume(resumed: Resumed): void;
  /** Serves these states from here on, without a server. */
  test(states: Json): void;
}

function makeRunner(
  spaceKey: string,
  host: string,
  entities: ReadonlyMap<string, Layers<any>>,
): Runner {
  let state = IDLE;
  let initial = IDLE;
  let revision: string | null = null;
  let run: Run | undefined;
  /** Who was started last, and has not ended: there is no run yet while storage is read. */
  let expected: Wanted | undefined;
  /** Grows with each start and end: whatever began before is over. */
  let turn = 0;
  let aborter: Aborter | undefined;
  let cancelRetry: (() => void) | undefined;
  /** What a test says that is served; then there is no server. */
  let states: Json | undefined;
  /** Nobody is known to be there, so nothing may be tracked. */
  let mute = false;
  /** Nobody is served until the end of the session is declared. */
  let inUse = false;
  /** On a server: somebody has started and not ended. */
  let occupied = false;
  let ended = false;
  /** Whose start the present run is. */
  let caller: Caller | undefined;
  /** What the server has not been told yet of what this code could not use. */
  let untold: readonly string[] = [];
  const logged = new Set<string>();
  let stopWatching: (() => void) | undefined;
  let closing: Promise<void> | undefined;
  let closedLogged = false;

  const log: Logger = (message, cause) => {
    // Of an error of our own the message is enough.
    if (cause instanceof Nonsense) cause = cause.message;
    try {
      const told: unknown = (client.logger ?? report)(message, cause);
      // One that sends messages elsewhere may fail later.
      void Promise.resolve(told).catch(() => {});
    } catch {
      report(message, cause);
    }
  };

  const attempt: Attempt = (what, call) => {
    try {
      return call();
    } catch (cause) {
      return void log(what, cause);
    }
  };

  /** Stands for this Space among its callers. */
  const self = {};
  const [afterFailure, hurry] = makePauses();
  const { onChange, announce } = makeListeners("session", attempt, () => IDLE);

  /** Whether nobody else can be here: in a page, in a test. */
  const isAlone = () => hasPage() || !!states;

  /** Whether who looks now was refused, so that what is served is somebody else's. */
  const isHidden = () =>
    occupied && callersHere().some(({ of, refused }) => of === self && refused);

  /** Whether all is over; who does not know it is told once. */
  const isClosed = () => {
    if (closing && !closedLogged) {
      closedLogged = true;
      log("the Space is closed");
    }
    return closing;
  };

  /** Says how it stands now: all of that is there before anybody is told of any of it. */
  const conclude = (status: SessionStatus, failure: SessionFailure | null) => {
    const news = sessionState(status, failure, revision);
    if (!equal(news, state)) state = news;
    entities.forEach((layers) => layers.announce());
    announce(state);
  };

  const keyChanged = () => {
    if (closing) return;
    void flushEvents();
    if (run?.key === "") run.key = client.apiKey;
    const waits = state.failure === "missing-key" && sender.destination();
    if (run && waits) void prime(run);
  };

  const lockChanged = () => {
    const { status, failure } = state;
    follower.stop();
    if (!client.sessionLock) entities.forEach((layers) => layers.unlock());
    conclude(status, status === "served" ? null : failure);
    follow();
  };

  const trackingChanged = () => {
    if (client.tracking) {
      if (closing) return;
      saveIdentity();
      void restoreEvents();
    } else {
      clearStore();
      dropEvents();
    }
  };

  const client = makeClient(
    host,
    log,
    keyChanged,
    lockChanged,
    trackingChanged,
  );
  const store = makeStore(spaceKey, client, log);
  const [, , , clearStore] = store;
  const [identityReady, idFor, saveIdentity, forgetIdentity] = keepIdentity(
    store,
    client,
  );
  const sender = makeSender(client);
  const [addEvent, flushEvents, leave, restoreEvents, dropEvents, closeEvents] =
    makeEvents(sender, afterFailure, store, client, log);

  /** Asks for a session for the run. */
  const ask = async (run: Run, aborter: Aborter) => {
    const told = untold;
    const { fields } = run;
    const unknown = told.length > 0 ? told : undefined;
    const body = JSON.stringify({ ...personOf(run), fields, unknown });
    const reply = await sender.send("/sessions", body, aborter);
    if (readServed(reply) && untold === told) untold = [];
    return reply;
  };

  /** Takes an answer; null: nothing is new. What a whole session's answer does not name falls back. */
  const take = (run: Run, served: Served | null) => {
    if (served) {
      const { session, states } = served;
      run.session = session ?? run.session;
      revision = run.revision = served.revision;
      entities.forEach((layers, entity) => {
        const wire = own(states, entity);
        if (wire !== undefined) layers.serve(wire);
        else if (session !== null) layers.drop();
      });
      noteUnknown();
    }
    conclude("served", null);
  };

  /** Says why changes do not come through; what was served stays. */
  const fail = (reply: Reply) => conclude(state.status, failureOf(reply));

  const follower = makeFollower(client, sender, afterFailure, ask, take, fail);

  const listUnknown = () => {
    const lists = Array.from(entities.values(), (layers) => layers.unknown());
    return lists.flat().slice(0, MOST_UNKNOWN);
  };

  /** What this code cannot use is logged once, and told to the server when the next session starts. */
  const noteUnknown = () => {
    const unknown = listUnknown();
    const all = new Set([...untold, ...unknown]);
    untold = Array.from(all).slice(0, MOST_UNKNOWN);
    const news = unknown.filter((entry) => !logged.has(entry));
    if (news.length === 0 || logged.size > MOST_UNKNOWN_LOGGED) return;
    news.forEach((entry) => logged.add(entry));
    log(`this code cannot use ${news.join("; ")}`);
  };

  const follow = () => {
    if (run?.session && !client.sessionLock && !closing) follower.follow(run);
  };

  /** From the first use on, the page's end and the network's return are known. */
  const watch = () => {
    if (states) return;
    stopWatching ??= watchPage({ leave, hurry });
  };

  /** Asks for the state of every entity at once, later again where that fails. An answer counts unless the run is over. */
  const prime = async (run: Run, failures = 1): Promise<void> => {
    const mine = turn;
    // One of its own, since a request that took too long has cut the one before.
    aborter = newAborter();
    const reply = await ask(run, aborter);
    if (turn !== mine) return;
    const served = readServed(reply);
    if (served?.session) {
      take(run, served);
      return follow();
    }
    const again = () => void prime(run, failures + 1);
    cancelRetry = afterFailure(failures, reply, again);
    const failure = failureOf(reply);
    const telling = failure === "refused" || failure === "nonsense";
    if (telling && failure !== state.failure) {
      log(`no session: ${failure}`, reply.status);
    }
    conclude("fallback", failure);
  };

  /** Ends all that is under way. */
  const halt = () => {
    turn += 1;
    follower.stop();
    abort(aborter);
    cancelRetry?.();
  };

  const reset = () => {
    revision = null;
    entities.forEach((layers) => {
      layers.unlock();
      layers.drop();
    });
  };

  const fallBack = (failure: SessionFailure) => {
    reset();
    conclude("fallback", failure);
  };

  /** Whether this Space already serves somebody else. Of two visitors on a server nobody knows that they are one. */
  const isTaken = (wanted: Wanted | undefined) => {
    if (!occupied || isAlone()) return false;
    const same = wanted && run?.userId === wanted.userId;
    return !same || (run?.userId === null && !client.storage);
  };

  const refuse = (newcomer: Caller | undefined) => {
    if (!inUse) {
      log(
        "another person's session has not ended: call session.end() first, or createSpace() for each request",
      );
    }
    if (newcomer) newcomer.refused = true;
    if (caller) caller.refused = true;
    mute = inUse = true;
    stop();
    fallBack("in-use");
  };

  const stop = () => {
    halt();
    run = expected = undefined;
  };

  const enter = (wanted: Wanted, anonymousId: string): Run =>
    (run = {
      ...wanted,
      anonymousId,
      key: client.apiKey,
      session: null,
      revision: "",
    });

  /** What the same person sees stays until there is something newer. */
  const prepare = (isSame: boolean | undefined) => {
    if (isSame) entities.forEach((layers) => layers.keep());
    else reset();
    conclude("starting", null);
  };

  /** A visitor who has signed in is another person; so is everybody in another environment. */
  const begin = async (wanted: Wanted, before: Run | undefined) => {
    const mine = turn;
    const { userId } = wanted;
    if (states) {
      const served = { session: null, revision: "test", states };
      return take(enter(wanted, newId()), served);
    }
    if (ended) forgetIdentity();
    ended = false;
    const isSameUser =
      before?.userId === userId && before.key === client.apiKey;
    const ready = identityReady();
    if (ready) {
      prepare(isSameUser);
      await ready;
      if (turn !== mine) return;
    }
    const id = idFor(userId);
    const entered = enter(wanted, id);
    if (!ready) {
      prepare(isSameUser && (userId !== null || before.anonymousId === id));
    }
    if (turn !== mine) return;
    if (sender.destination()) return prime(entered);
    log("client.apiKey is not set, so fallbacks are served");
    conclude("fallback", "missing-key");
  };

  const start = async (options?: StartOptions) => {
    if (isClosed()) return;
    watch();
    const newcomer = isAlone() ? undefined : enterCaller(self);
    const wanted = attempt("a session cannot be started with that", () =>
      readOptions(options, attempt),
    );
    if (isTaken(wanted)) return refuse(newcomer);
    const before = run;
    stop();
    caller = newcomer;
    occupied = !isAlone();
    mute = !wanted;
    expected = wanted;
    if (!wanted) return fallBack("refused");
    const mine = turn;
    await sooner(begin(wanted, before), client.waitTimeMsec, () => {
      const isWaiting = turn === mine && state.status === "starting";
      if (isWaiting) conclude("fallback", "timeout");
    });
  };

  const flush = async () => {
    if (closing) return closing;
    // Events that were tracked before it was known of whom come first.
    await identityReady();
    return flushEvents();
  };

  const end = async () => {
    if (closing) return closing;
    // Who was refused has no session to end, unless it is to have everybody served again.
    if (isHidden() && !inUse) return flush();
    stop();
    reset();
    mute = inUse = occupied = false;
    if (!hasPage()) {
      ended = true;
      forgetIdentity();
    }
    conclude("idle", null);
    return flush();
  };

  const close = async () => {
    halt();
    stopWatching?.();
    if (state.status === "starting") conclude("idle", null);
    await identityReady();
    await closeEvents();
  };

  /** The person who is there now, or who was to be while storage was read. */
  const person = (wanted: Wanted | undefined) => {
    if (run) return { ...personOf(run), session: run.session ?? undefined };
    if (!wanted) return { anonymous_id: idFor() };
    return personOf({ ...wanted, anonymousId: idFor(wanted.userId) });
  };

  const record: Surroundings["record"] = (name, pairs, place) => {
    if (isClosed() || mute || states || isHidden()) return;
    watch();
    const what = `the event ${describe(name)} is not recorded`;
    attempt(what, () => {
      const event = readEvent(name, pairs, place);
      const whose = expected;
      const add = () => addEvent({ ...event, ...person(whose) });
      const ready = run ? null : identityReady();
      if (ready) void ready.then(() => attempt(what, add));
      else add();
    });
  };

  const snapshot = () => {
    if (!run || revision === null || isHidden()) return null;
    const states: Record<string, unknown> = {};
    entities.forEach((layers, entity) => {
      const wire = layers.wire();
      if (wire !== undefined) states[entity] = wire;
    });
    const { session, anonymousId, userId } = run;
    return { session, revision, states, person: { anonymousId, userId } };
  };

  /** What is shown now is what the first rendering shows. */
  const settle = () => {
    initial = state;
    entities.forEach((layers) => layers.begin());
  };

  const shown = () => (isHidden() ? REFUSED : state);

  return {
    client,
    log,
    attempt,
    record,
    isHidden,
    isTest: () => !!states,
    isLocking: () => client.sessionLock && /served|fallback/.test(state.status),
    // Nothing may begin from here on, so this is set before anybody is told.
    close: () => (closing ??= Promise.resolve().then(close)),
    session: {
      get status() {
        return shown().status;
      },
      get failure() {
        return shown().failure;
      },
      get revision() {
        return shown().revision;
      },
      get state() {
        return shown();
      },
      get initial() {
        return initial;
      },
      get unknown() {
        return isHidden() ? [] : listUnknown();
      },
      start,
      track: (name, pairs) => record(name, pairs),
      flush,
      end,
      onChange,
      snapshot,
      identify: (userId, fields) => start({ userId, fields }),
      anonymize: (fields) => start({ fields }),
    },
    resume({ id, owner, ...wanted }) {
      occupied = !isAlone();
      saveIdentity({ id, owner });
      take(enter(wanted, id), wanted);
      settle();
      watch();
      follow();
    },
    test(given) {
      states = given;
      sender.destination = () => "";
      void start();
      settle();
    },
  };
}
