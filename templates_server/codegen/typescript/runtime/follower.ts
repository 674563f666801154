/**
 * Asks for changes of a session for as long as it runs unlocked and its page
 * is seen. Where the server no longer knows it, it is begun anew. Of a
 * browser's tabs one waits at the server; it tells the others when it hears of
 * a change.
 *
 * `poll` asks, `isNews` compares a revision with what is served, `take` and
 * `fail` take answers, and `restart` begins the session anew.
 */
function makeFollower(
  client: Client,
  afterFailure: AfterFailure,
  poll: (waitSeconds: number, aborter: Aborter) => Promise<Reply>,
  isNews: (revision: unknown) => boolean,
  take: (served: Served | null) => void,
  fail: (reply: Reply) => void,
  restart: () => void,
) {
  let isFollowing = false;
  /** While the page is seen, and no failure has to be waited for. */
  let here: Aborter | undefined;
  let asking: Aborter | undefined;
  let timer: unknown;
  let cancelPause: (() => void) | undefined;
  let channel: Channel | undefined;
  /** Whether it waits at the server; else another tab does. */
  let isLeading = false;
  let endTurn: ((nothing?: undefined) => void) | undefined;
  /** When was asked or answered last. */
  let last = -Infinity;
  let failures = 0;
  /** How many sessions were lost, one after the other, that had not lasted. */
  let lost = 0;

  const show = () => {
    if (!isFollowing || here || cancelPause || isPageHidden()) return;
    const mine = (here = newAborter());
    // The server, as the tabs call it that ask it.
    const place = `mtribes.${client.host.replace(/^(\w+:\/+[^/]+).*/, "$1")}`;
    channel = openChannel(`${place}.${client.apiKey}`, (revision) => {
      if (isNews(revision)) soon();
    });
    isLeading = !channel;
    if (isLeading) return soon();
    soon(EAGER_MSEC);
    void takeTurn(place, mine, () => {
      if (here !== mine) return undefined;
      isLeading = true;
      soon();
      return new Promise((end) => (endTurn = end));
    });
  };

  const hide = () => {
    clock.clearTimeout(timer);
    abort(here);
    abort(asking);
    here = asking = undefined;
    channel?.close();
    endTurn?.();
  };

  /** Asks after a while, but not within a second of the answer before, nor while that is under way. */
  const soon = (milliseconds = 0) => {
    clock.clearTimeout(timer);
    if (asking) return;
    const rest = last + SHORTEST_REST_MSEC - clock.now();
    const wait = Math.max(milliseconds, Math.min(rest, SHORTEST_REST_MSEC));
    if (wait > 0) timer = afterIfStillThere(wait, ask);
    else void ask();
  };

  const ask = async () => {
    const mine = (asking = newAborter());
    const waited = isLeading ? CHANGES_WAIT_SECONDS : 0;
    last = clock.now();
    const reply = await poll(waited, mine);
    if (asking !== mine) return;
    asking = undefined;
    const isEarly = clock.now() - last < EARLY_MSEC;
    last = clock.now();
    const served = readServed(reply);
    const isUnknown = reply.status === UNKNOWN;
    if (served || reply.status === 204) {
      const news = served && isNews(served.revision) && served.revision;
      if (waited && !isEarly) lost = 0;
      if (waited && isEarly && !news) failures += 1;
      else failures = 0;
      if (waited && news) channel?.postMessage(news);
      soon(
        failures
          ? backOffMsec(failures, LONGEST_REST_MSEC)
          : isLeading
            ? 0
            : PATIENT_MSEC,
      );
      return take(served);
    }
    hide();
    if (isUnknown) lost += 1;
    if (lost === 1 && isUnknown) return restart();
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
}
