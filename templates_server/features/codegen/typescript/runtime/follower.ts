/**
 * Asks for changes of a session for as long as it runs unlocked and its page
 * is seen. Where the server no longer knows it, it is begun anew. Of a
 * browser's tabs one at a time waits at the server; it tells the others when it
 * hears of a change.
 *
 * `poll` asks, `isNews` compares a revision with what is served, `take` and
 * `fail` take answers, and `restart` begins the session anew.
 */
const makeFollower = (
  client: Client,
  afterFailure: AfterFailure,
  poll: (waitSeconds: number, aborter: Aborter) => Promise<Reply>,
  isNews: (revision: unknown) => boolean,
  take: (served: Served | null) => void,
  fail: (reply: Reply) => void,
  restart: () => void,
) => {
  let isFollowing = false;
  /** Whether the page is seen, and no failure has to be waited for. */
  let isHere = false;
  /** Of what is asked, or is about to be. */
  let asking: Aborter | undefined;
  /** Asks, while the turn to do so is waited for; 0: for an answer at once. */
  let send: ((waitSeconds: number) => void) | undefined;
  let endTurn: ((nothing?: undefined) => void) | undefined;
  let cancelTimer: (() => void) | undefined;
  let cancelPause: (() => void) | undefined;
  let channel: Channel | undefined;
  let patience = 0;
  /** When was asked or answered last. */
  let last = -Infinity;
  let failures = 0;
  /** How many sessions were lost, one after the other, that had not lasted. */
  let lost = 0;

  /** The server, as the tabs call it that ask it. */
  const place = () => `mtribes.${client.host}`;

  const show = () => {
    if (!isFollowing || isHere || cancelPause || isPageHidden()) return;
    isHere = true;
    patience = EAGER_MSEC;
    channel = openChannel(`${place()}.${client.apiKey}`, (revision) => {
      // Another tab has heard of a change.
      if (!isNews(revision)) return;
      patience = EAGER_MSEC;
      send?.(0);
    });
    const rest = last + SHORTEST_PAUSE_MSEC - clock.now();
    pause(Math.min(rest, SHORTEST_PAUSE_MSEC), go);
  };

  const hide = () => {
    isHere = false;
    channel?.close();
    cancelTimer?.();
    abort(asking);
    asking = send = undefined;
    endTurn?.();
  };

  const pause = (milliseconds: number, call: () => void) => {
    if (milliseconds > 0) cancelTimer = clock.after(milliseconds, call);
    else call();
  };

  /** Waits for its turn and then at the server, or at neither. */
  const go = () => {
    const mine = (asking = newAborter());
    const ask = (send = async (waitSeconds: number) => {
      cancelTimer?.();
      send = undefined;
      patience = PATIENT_MSEC;
      last = clock.now();
      const reply = await poll(waitSeconds, mine);
      if (asking !== mine) return;
      asking = undefined;
      endTurn?.();
      settle(reply, waitSeconds);
    });
    const wait = () => {
      if (send !== ask) return undefined;
      void ask(CHANGES_WAIT_SECONDS);
      return new Promise((end) => (endTurn = end));
    };
    if (channel) {
      pause(patience, () => void ask(0));
      void takeTurn(place(), mine, wait);
    } else void wait();
  };

  const settle = (reply: Reply, waited: number) => {
    const isEarly = clock.now() - last < EARLY_MSEC;
    last = clock.now();
    const served = readServed(reply);
    const isUnknown = reply.status === UNKNOWN;
    if (served || reply.status === 204) {
      const news = served && isNews(served.revision) && served.revision;
      if (waited && !isEarly) lost = 0;
      failures = waited && isEarly && !news ? failures + 1 : 0;
      if (waited && news) channel?.postMessage(news);
      const rest = backOffMsec(failures, LONGEST_REST_MSEC);
      pause(failures ? rest : SHORTEST_PAUSE_MSEC, go);
      return take(served);
    }
    if (!isUnknown) hide();
    else {
      stop();
      lost += 1;
      if (lost === 1) return restart();
    }
    failures += isUnknown ? FAILURES_OF_A_NEW_SESSION : 1;
    cancelPause = afterFailure(failures, reply, () => {
      cancelPause = undefined;
      if (isUnknown) restart();
      else show();
    });
    fail(reply);
  };

  const stop = () => {
    hide();
    cancelPause?.();
    cancelPause = undefined;
    isFollowing = false;
  };

  const follow = () => {
    stop();
    isFollowing = true;
    show();
  };

  return [follow, stop, show, hide] as const;
};
