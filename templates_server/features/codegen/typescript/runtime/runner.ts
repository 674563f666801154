/** What runs the sessions of a Space, one after the other. */
type Runner = readonly [
  client: Client,
  session: Session,
  close: () => Promise<void>,
  log: Logger,
  surroundings: Surroundings,
  /** Goes on with a session that was started elsewhere, of this person. */
  resume: (served: Served, person: Person, id: string) => void,
  /** Serves these states from here on, without a server. */
  test: (states: Json) => void,
];

const makeRunner = (
  spaceKey: string,
  host: string,
  code: GeneratedCode,
  entities: ReadonlyMap<string, Layers>,
): Runner => {
  let state = IDLE;
  let initial = IDLE;
  let revision = IDLE.revision;
  /** Who was started last, and has not ended. */
  let person: Person | undefined;
  /** Theirs; undefined while storage is read. */
  let anonymousId: string | undefined;
  /** What the server called their session. */
  let session: string | undefined;
  /** The key of the environment that it is of; "" before there is one. */
  let key = "";
  /** Another with each start and end, and each further attempt: whatever began before is over. */
  let turn: Aborter = {};
  let cancelRetry: (() => void) | undefined;
  /** What a test says that is served; then there is no server. */
  let states: Json | undefined;
  let hasEnded: boolean | undefined;
  /** Whose start the present session is. */
  let caller: Caller | undefined;
  /** The server has refused what sessions say besides: then they start without it. */
  let isBare: boolean | undefined;
  const logged = new Set<string>();
  let stopWatching: (() => void) | undefined;
  let closing: Promise<void> | undefined;

  /** The logger may start or end a session: all that goes with a message is done before, or is looked at after. */
  const log: Logger = (message, cause) => {
    // It may hold what an app or a server says.
    message = visible(message);
    try {
      const told: unknown = (client.logger ?? report)(message, cause);
      // One that sends messages elsewhere may fail later.
      void Promise.resolve(told).catch(() => {});
    } catch {
      report(message, cause);
    }
  };

  /** Whether the message is to be logged, and was not before. */
  const isNews = (message: string) =>
    !logged.has(message) &&
    logged.size <= MOST_LOGGED_ONCE &&
    logged.add(message);

  const logOnce = (message: string) => {
    if (isNews(message)) log(message);
  };

  const attempt: Attempt = (what, call) => {
    try {
      return call();
    } catch (cause) {
      return void log(what, cause);
    }
  };

  const [afterFailure, hurry] = makePauses();
  const [onChange, announce] = makeListeners("session", attempt, () => IDLE);

  const isTest = () => !!states;

  /** Whether who looks now was refused, so that what is served is somebody else's. */
  const isHidden = () =>
    EVERYWHERE &&
    state.status !== "idle" &&
    callersHere().some(({ of, refused }) => of === client && refused);

  /** Whether all is over, or may not begin here; who does not know it is told once. */
  const isClosed = () => {
    const why = closing
      ? "the Space is closed"
      : !EVERYWHERE && !hasPage() && !states && "this code is for pages alone";
    if (why) logOnce(why);
    return why;
  };

  /** Says how it stands now: all of that is there before anybody is told of any of it. */
  const conclude = (status: SessionStatus, failure?: SessionFailure | null) => {
    const news = sessionState(status, failure ?? null, revision);
    if (!equal(news, state)) state = news;
    entities.forEach((layers) => layers.announce());
    announce(state);
  };

  const keyChanged = () => {
    if (closing) return;
    void flushEvents();
    key ||= client.apiKey;
    if (state.failure === "missing-key" && destination()) void prime();
  };

  const lockChanged = () => {
    const { status, failure } = state;
    stopFollowing();
    if (!client.sessionLock) entities.forEach((layers) => layers.unlock());
    conclude(status, status === "served" ? null : failure);
    follow();
  };

  const trackingChanged = () => {
    if (!client.tracking) {
      clearStore();
      dropEvents();
      putReport([]);
    } else if (!closing) {
      saveIdentity();
      reportUnknown();
      void restoreEvents();
    }
  };

  const client = makeClient(
    host,
    log,
    keyChanged,
    lockChanged,
    trackingChanged,
  );
  const store = makeStore(spaceKey, client, logOnce);
  const [, , , clearStore] = store;
  const [identityReady, idFor, saveIdentity, forgetIdentity] = keepIdentity(
    store,
    client,
  );
  const [destination, send] = makeSender(client, isTest);
  const [listReport, putReport] = keepReport(
    store,
    client,
    () => code.hash + destination(),
  );
  const [addEvent, flushEvents, leave, restoreEvents, dropEvents, closeEvents] =
    makeEvents(destination, send, afterFailure, store, client, log, logOnce);

  /** Takes an answer; null: nothing is new. What a whole session's answer does not name falls back. */
  const take = (served: Served | null) => {
    let unknown: readonly string[] = [];
    if (served) {
      session = served.session ?? session;
      revision = served.revision;
      entities.forEach((layers, entity) => {
        const wire = served.states[entity];
        if (wire !== undefined) layers.serve(wire);
        else if (served.session !== null) layers.drop();
      });
      unknown = reportUnknown();
    }
    conclude("served");
    const news = unknown.filter(isNews);
    if (news[0]) log(`this code cannot use ${news.join("; ")}`);
  };

  const listUnknown = () => {
    const all = [...entities.values()].flatMap((layers) => layers.unknown());
    return all.slice(0, MOST_UNKNOWN);
  };

  /** What this code cannot use is told to the server when the next session starts. */
  const reportUnknown = () => {
    const unknown = listUnknown();
    if (client.tracking && !states) putReport([...listReport(), ...unknown]);
    return unknown;
  };

  /** Asks for the state of every entity at once, later again where that fails. An answer counts unless the session is over. */
  const prime = async (failures = 1): Promise<void> => {
    const mine = (turn = newAborter());
    const told = client.tracking ? listReport() : [];
    const unknown = told[0] && told;
    const app = readApp(client, attempt);
    if (turn !== mine) return;
    const body = JSON.stringify({
      ...person,
      anonymous_id: anonymousId,
      ...(!isBare && { code, app, unknown }),
    });
    const reply = await send("/sessions", body, mine);
    const served = readServed(reply);
    const isRefused = isRefusal(reply);
    if (isRefused) isBare = !isBare;
    if (unknown && (isRefused || served)) putReport([]);
    if (turn !== mine) return;
    if (served?.session) {
      take(served);
      return follow();
    }
    cancelRetry = afterFailure(failures, reply, () => void prime(failures + 1));
    const failure = failureOf(reply);
    const isNew = failure !== state.failure;
    // Changes do not come through; what was served stays.
    conclude(session ? "served" : "fallback", failure);
    if (isNew && /refused|nonsense/.test(failure)) {
      log(`no session: ${failure}`, reply.status);
    }
  };

  const [startFollowing, stopFollowing, showPage, hidePage] = makeFollower(
    client,
    afterFailure,
    (waitSeconds, aborter) => {
      const id = encodeURIComponent(session!);
      const since = encodeURIComponent(revision!);
      const path = `/sessions/${id}/changes?since=${since}&wait=${waitSeconds}`;
      return send(path, undefined, aborter);
    },
    (other) => other !== revision,
    take,
    (reply) => conclude(state.status, failureOf(reply)),
    prime,
  );

  const follow = () => {
    if (session && !client.sessionLock && !closing) startFollowing();
  };

  /** From the first use on, the page's end and the network's return are known. */
  const watch = () => {
    if (states) return;
    listReport();
    stopWatching ??= watchPage((isGone) => {
      if (isGone) {
        leave();
        hidePage();
      } else {
        hurry();
        showPage();
      }
    });
  };

  /** Ends all that is under way. */
  const halt = () => {
    abort(turn);
    turn = {};
    stopFollowing();
    cancelRetry?.();
  };

  const stop = () => {
    halt();
    person = anonymousId = session = undefined;
  };

  /** Shows fallbacks from here on. */
  const fallBack = (status: SessionStatus, failure?: SessionFailure) => {
    revision = null;
    entities.forEach((layers) => {
      layers.unlock();
      layers.drop();
    });
    conclude(status, failure);
  };

  /** What the same person sees stays until there is something newer; a visitor who has signed in is another person. */
  const begin = async (isSame: unknown, idBefore: string | undefined) => {
    const mine = turn;
    if (states) {
      anonymousId = newId();
      return take({ session: null, revision: "test", states });
    }
    if (EVERYWHERE && hasEnded) {
      forgetIdentity();
      hasEnded = false;
    }
    if (isSame) {
      entities.forEach((layers) => layers.keep());
      conclude("starting");
    } else fallBack("starting");
    await identityReady();
    if (turn !== mine) return;
    anonymousId = idFor(person);
    if (!person?.external_id && idBefore !== anonymousId) fallBack("starting");
    if (turn !== mine) return;
    if (destination()) return prime();
    conclude("fallback", "missing-key");
    log("client.apiKey is not set");
  };

  const start = async (options?: StartOptions) => {
    if (isClosed()) return;
    watch();
    let newcomer: Caller | undefined;
    if (EVERYWHERE && !hasPage() && !states) newcomer = enterCaller(client);
    const before = turn;
    const next = attempt("the session is not started", () =>
      readOptions(options, attempt),
    );
    if (turn !== before) return;
    if (EVERYWHERE && newcomer && isTakenBy(person, next, state, client)) {
      const isNew = !isInUse(state);
      refuse(caller);
      refuse(newcomer);
      stop();
      fallBack("fallback", "in-use");
      return isNew ? log(IN_USE) : undefined;
    }
    const isSame = areSame(person, next) && key === client.apiKey;
    const idBefore = anonymousId;
    stop();
    if (EVERYWHERE) caller = newcomer;
    person = next;
    key = client.apiKey;
    if (!next) return fallBack("fallback", "refused");
    await sooner(begin(isSame, idBefore), client.waitTimeMsec, () => {
      const isWaiting = person === next && state.status === "starting";
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
    if (EVERYWHERE && isHidden() && !isInUse(state)) return flush();
    stop();
    if (EVERYWHERE && !hasPage()) {
      hasEnded = true;
      forgetIdentity();
    }
    fallBack("idle");
    return flush();
  };

  const close = async () => {
    halt();
    stopWatching?.();
    if (state.status === "starting") conclude("idle");
    await identityReady();
    await closeEvents();
  };

  const trackerOf: TrackerOf = (place) => (name, pairs) => {
    // After a failure of nobody's it is not known who is there.
    const isMute = !person && state.status === "fallback";
    if (isClosed() || isMute || states) return;
    if (EVERYWHERE && isHidden()) return;
    watch();
    const what = `the event ${describe(name)} is left out`;
    attempt(what, () => {
      const event = readEvent(name, pairs, place);
      const whose = person;
      const add = () => {
        const anonymous_id = anonymousId ?? idFor(whose);
        addEvent({
          ...event,
          ...whose,
          fields: undefined,
          anonymous_id,
          session,
        });
      };
      void proceed<unknown, void>(anonymousId ?? identityReady(), () =>
        attempt(what, add),
      );
    });
  };

  const snapshot = () => {
    if (!anonymousId || revision === null) return null;
    if (EVERYWHERE && isHidden()) return null;
    const states: Record<string, unknown> = {};
    entities.forEach((layers, entity) => {
      const wire = layers.wire();
      if (wire !== undefined) states[entity] = wire;
    });
    const userId = person?.external_id ?? null;
    return {
      session: session ?? null,
      revision,
      states,
      person: { anonymousId, userId },
    };
  };

  /** What is shown now is what the first rendering shows. */
  const settle = () => {
    initial = state;
    entities.forEach((layers) => layers.begin());
  };

  const shown = () => (EVERYWHERE && isHidden() ? REFUSED : state);

  const isLocking = () =>
    client.sessionLock && /served|fallback/.test(state.status);

  const resume = (served: Served, next: Person, id: string) => {
    person = next;
    anonymousId = id;
    key = client.apiKey;
    saveIdentity({ id, owner: next.external_id ?? null });
    take(served);
    settle();
    watch();
    follow();
  };

  const test = (given: Json) => {
    states = given;
    void start();
    settle();
  };

  return [
    client,
    {
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
        return EVERYWHERE && isHidden() ? [] : listUnknown();
      },
      start,
      track: trackerOf(),
      flush,
      end,
      onChange,
      snapshot,
      identify: (userId, fields) => start({ userId, fields }),
      anonymize: (fields) => start({ fields }),
    },
    // Nothing may begin from here on, so this is set before anybody is told.
    () => (closing ??= Promise.resolve().then(close)),
    log,
    [attempt, trackerOf, isTest, isLocking, isHidden],
    resume,
    test,
  ];
};
