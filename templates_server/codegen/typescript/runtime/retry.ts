/** Pauses before another attempt; those that wait for the network end when it comes back. */
interface Pauses {
  /** Calls after a pause that grows with the failures in a row; never sooner than `reply` asks for. Returns what cancels it. */
  afterFailure(failures: number, reply: Reply, call: () => void): () => void;
  /** The network is back. */
  readonly hurry: () => void;
}

function makePauses(): Pauses {
  const hurrying = new Set<() => void>();
  return {
    afterFailure(failures, { status, retryAfterMsec }, call) {
      const least = Math.max(SHORTEST_PAUSE_MSEC, retryAfterMsec);
      const longest = status
        ? LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC
        : LONGEST_PAUSE_MSEC;
      const most = Math.max(least, backOffMsec(failures, longest));
      const began = clock.now();
      const cancel = () => {
        hurrying.delete(hurry);
        clock.clearTimeout(timer);
      };
      const end = () => {
        cancel();
        call();
      };
      const hurry = () => {
        clock.clearTimeout(timer);
        const passed = Math.max(0, clock.now() - began);
        timer = afterIfStillThere(least - passed, end);
      };
      let timer = afterIfStillThere(most, end);
      hurrying.add(hurry);
      return cancel;
    },
    hurry: () => hurrying.forEach((hurry) => hurry()),
  };
}

/** 1 s, 1 to 2 s, 2 to 4 s ... up to the longest, at random so that many apps do not come back at once. */
function backOffMsec(failures: number, longest: number): number {
  const most = Math.min(longest, 500 * 2 ** Math.min(failures, 10));
  const shortest = SHORTEST_PAUSE_MSEC * (1 + clock.random() / 5);
  return Math.max(shortest, most * (0.5 + clock.random() / 2));
}

/** Seconds or a date, as HTTP has it; 0 where nothing usable is said. */
function readRetryAfterMsec(text: string | null | undefined): number {
  if (!text) return 0;
  const seconds = Number(text);
  const wait = isNaN(seconds) ? Date.parse(text) - clock.now() : seconds * 1000;
  return wait > 0 ? Math.min(wait, LONGEST_RETRY_AFTER_MSEC) : 0;
}
