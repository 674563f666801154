/** Calls after a pause that grows with the failures in a row; never sooner than `reply` asks for. Returns what cancels it. */
type AfterFailure = (
  failures: number,
  reply: Reply,
  call: () => void,
) => () => void;

/** Pauses before another attempt, and what is called when the network comes back: those that wait for it end. */
const makePauses = (): readonly [AfterFailure, () => void] => {
  const hurrying = new Set<() => void>();
  const afterFailure: AfterFailure = (failures, reply, call) => {
    const least = Math.max(SHORTEST_PAUSE_MSEC, reply.pauseMsec);
    const longest = reply.status
      ? LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC
      : LONGEST_PAUSE_MSEC;
    const began = clock.now();
    const cancel = () => {
      hurrying.delete(hurry);
      cancelTimer();
    };
    const wait = (milliseconds: number) =>
      clock.after(milliseconds, () => {
        cancel();
        call();
      });
    const hurry = () => {
      cancelTimer();
      cancelTimer = wait(least - Math.max(0, clock.now() - began));
    };
    let cancelTimer = wait(Math.max(least, backOffMsec(failures, longest)));
    hurrying.add(hurry);
    return cancel;
  };
  return [afterFailure, () => hurrying.forEach((hurry) => hurry())];
};

/** 1 s, 1 to 2 s, 2 to 4 s ... up to the longest, at random so that many apps do not come back at once. */
const backOffMsec = (failures: number, longest: number): number => {
  const most = Math.min(longest, 500 * 2 ** failures);
  const shortest = SHORTEST_PAUSE_MSEC * (1 + clock.random() / 5);
  return Math.max(shortest, most * (0.5 + clock.random() / 2));
};

/** Seconds or a date, as HTTP has it; 0 where nothing usable is said. */
const readRetryAfterMsec = (text: string | null | undefined): number => {
  const seconds = Number(text);
  const wait = isNaN(seconds)
    ? Date.parse(text!) - clock.now()
    : seconds * 1000;
  return wait > 0 ? Math.min(wait, LONGEST_RETRY_AFTER_MSEC) : 0;
};
