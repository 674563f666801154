/**
 * Asks for changes of a session for as long as it runs unlocked and its page
 * is seen. Where the server no longer knows it, it is begun anew with what it
 * was begun with. Of a browser's tabs one at a time waits at the server; it
 * tells the others when it hears of a change.
 */
interface Follower {
  follow(run: Run): void;
  stop(): void;
}

/** `begin` begins a session anew. */
function makeFollower(
  client: Client,
  sender: Sender,
  afterFailure: AfterFailure,
  begin: (run: Run, aborter: Aborter) => Promise<Reply>,
  serve: (run: Run, served: Served | null) => void,
  fail: (reply: Reply) => void,
): Follower {
  let run: Run | undefined;
  /** Of what is asked, or is about to be. */
  let aborter: Aborter | undefined;
  /** Asks, while the turn to do so is waited for; 0: for an answer at once. */
  let send: ((waitSeconds: number) => Promise<void> | undefined) | undefined;
  let endTurn: ((nothing: undefined) => void) | undefined;
  let cancelPause: (() => void) | undefined;
  let stopWatching: (() => void) | undefined;
  let channel: Channel | undefined;
  let isAway = true;
  let patience = 0;
  /** For how long the server was to wait with the latest answer. */
  let waited = 0;
  /** When was asked or answered last. */
  let last = -Infinity;
  let isLost = false;
  /** Whether the session was begun anew, and has not lasted yet. */
  let isNew = false;
  let failures = 0;

  /** The server, as the tabs call it that ask it. */
  const place = () =>
    `mtribes.${client.host.replace(/^(\w+:\/+[^/]+).*/, "$1")}`;

  const endPause = () => {
    cancelPause?.();
    cancelPause = undefined;
  };

  const resume = () => {
    cancelPause = undefined;
    last = -Infinity;
    go();
  };

  const pause = (milliseconds: number, call = resume) => {
    const timer = afterIfStillThere(milliseconds, call);
    cancelPause = () => clock.clearTimeout(timer);
  };

  const show = () => {
    if (!isAway) return;
    isAway = false;
    patience = EAGER_MSEC;
    channel = openChannel(`${place()}.${client.apiKey}`, (revision) => {
      // Another tab has heard of a change.
      if (revision === run?.revision) return;
      patience = EAGER_MSEC;
      void send?.(0);
    });
    go();
  };

  const hide = () => {
    isAway = true;
    channel?.close();
    channel = undefined;
    if (!aborter) return;
    endPause();
    abort(aborter);
    aborter = send = undefined;
    endTurn?.(undefined);
  };

  /** Asks, unless that is under way or has to wait. */
  const go = () => {
    if (!run || isAway || aborter || cancelPause) return;
    const rest = last + SHORTEST_REST_MSEC - clock.now();
    if (rest > 0) return pause(Math.min(rest, SHORTEST_REST_MSEC));
    const [asked, mine] = [run, newAborter()];
    aborter = mine;
    if (isLost) last = clock.now();
    void (isLost ? begin(run, mine) : poll(run, mine)).then((reply) => {
      if (aborter !== mine) return;
      aborter = undefined;
      settle(asked, reply);
    });
  };

  /** Waits for its turn and then at the server, or at neither. */
  const poll = ({ session, revision }: Run, aborter: Aborter) =>
    new Promise<Reply>((resolve) => {
      const ask = (waitSeconds: number) => {
        if (send !== ask) return undefined;
        send = undefined;
        endPause();
        patience = PATIENT_MSEC;
        waited = waitSeconds;
        last = clock.now();
        const path = `/sessions/${encodeURIComponent(session ?? "")}/changes`;
        const query = `since=${encodeURIComponent(revision)}&wait=${waitSeconds}`;
        const reply = sender.send(`${path}?${query}`, undefined, aborter);
        void reply.then(resolve);
        return new Promise<void>((end) => {
          endTurn = end;
          void reply.then(() => end(undefined));
        });
      };
      const wait = () => ask(CHANGES_WAIT_SECONDS);
      send = ask;
      if (!channel) {
        void wait();
        return;
      }
      pause(patience, () => void ask(0));
      void takeTurn(place(), aborter, wait);
    });

  const settle = (run: Run, reply: Reply) => {
    const served = readServed(reply);
    const passed = clock.now() - last;
    last = clock.now();
    if (isLost ? served?.session : served || reply.status === 204) {
      take(run, served, passed);
    } else if (reply.status === UNKNOWN && !isLost && !isNew) {
      isLost = true;
      last = -Infinity;
      go();
    } else {
      const isUnknown = reply.status === UNKNOWN;
      failures += isUnknown && !isLost ? FAILURES_OF_A_NEW_SESSION : 1;
      isLost ||= isUnknown;
      cancelPause = afterFailure(failures, reply, resume);
      fail(reply);
    }
  };

  const take = (run: Run, served: Served | null, passedMsec: number) => {
    const isNews = served && served.revision !== run.revision;
    const isEarly = waited > 0 && passedMsec < EARLY_MSEC;
    let rest = SHORTEST_REST_MSEC;
    if (isLost) isNew = true;
    else {
      if (isNews || !isEarly) failures = 0;
      else rest = backOffMsec(++failures, LONGEST_REST_MSEC);
      if (waited && !isEarly) isNew = false;
      if (waited && isNews) channel?.postMessage(served.revision);
    }
    isLost = false;
    pause(rest);
    serve(run, served);
  };

  const stop = () => {
    hide();
    endPause();
    stopWatching?.();
    run = undefined;
    isLost = isNew = false;
    failures = 0;
  };

  return {
    stop,
    follow(next) {
      stop();
      run = next;
      stopWatching = watchPage({ hide, show });
      if (!isPageHidden()) show();
    },
  };
}
