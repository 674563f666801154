/** Talks to the Client API: one request, one reply, within its time. */
type Sender = readonly [
  /** The api key and host to which it would send now; "": there is no key, or a test. */
  destination: () => string,
  /**
   * Never rejects: no network, no time and no `fetch` are replies of status 0.
   * Without a body it waits for changes; with an aborter nobody needs the
   * answer of a program that has nothing else to do.
   */
  send: (
    path: string,
    body?: string,
    aborter?: Aborter,
    keepalive?: boolean,
  ) => Promise<Reply>,
];

interface Reply {
  readonly status: number;
  readonly text: string;
  /** How long the server asks to be left alone. */
  readonly pauseMsec: number;
}

const NO_ANSWER: Reply = { status: 0, text: "", pauseMsec: 0 };

const makeSender = (client: Client, isTest: () => boolean): Sender => {
  const underWay = new Set<unknown>();

  const ask = async (path: string, options: FetchOptions): Promise<Reply> => {
    const fetch = client.fetch ?? platform.fetch!;
    const answer = await fetch(`${client.host}/api/client${path}`, options);
    return {
      text: asString(await answer.text()),
      status: asNumber(answer.status),
      pauseMsec: readRetryAfterMsec(answer.headers?.get("Retry-After")),
    };
  };

  const destination = () =>
    isTest()
      ? ""
      : client.apiKey && JSON.stringify([client.apiKey, client.host]);

  const send = (
    path: string,
    body?: string,
    aborter?: Aborter,
    keepalive = false,
  ): Promise<Reply> => {
    const cutter = aborter ?? newAborter();
    const work = ask(path, {
      method: body ? "POST" : "GET",
      headers: {
        Accept: "application/json",
        Authorization: `Bearer ${client.apiKey}`,
        ...(body && { "Content-Type": "application/json" }),
      },
      ...(body && { body }),
      // What outlives its page is not cut.
      ...(keepalive ? { keepalive } : { signal: cutter.signal }),
    }).catch(() => NO_ANSWER);
    const longest = body ? TIMEOUT_MSEC : CHANGES_TIMEOUT_MSEC;
    const reply = sooner(
      work,
      Math.max(longest, client.waitTimeMsec),
      () => {
        abort(cutter);
        return NO_ANSWER;
      },
      true,
    );
    if (EVERYWHERE) {
      underWay.add(work);
      void work.then(() => underWay.delete(work));
      return unlessAlone(
        reply,
        aborter ? ALONE_MSEC : EVENTS_ALONE_MSEC,
        underWay,
        () => {
          abort(cutter);
          return body ? NO_ANSWER : { ...NO_ANSWER, status: 204 };
        },
      );
    }
    return reply;
  };

  return [destination, send];
};
