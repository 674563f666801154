const NO_ANSWER: Reply = { status: 0, text: "", retryAfterMsec: 0 };
const NOTHING_NEW: Reply = { status: 204, text: "", retryAfterMsec: 0 };
const ALONE_FOR_MSEC = 1000;

/** Talks to the Client API: one request, one reply, within its time. */
class Transport implements Sender {
  private readonly client: Client;
  private underWay = 0;

  constructor(client: Client) {
    this.client = client;
  }

  get ready(): boolean {
    return this.client.apiKey !== "";
  }

  get destination(): string {
    return JSON.stringify([this.client.apiKey, this.client.host]);
  }

  /** Never rejects: no network, no time and no `fetch` are replies of status 0. */
  send(call: Call): Promise<Reply> {
    const aborter = call.aborter ?? newAborter();
    this.underWay += 1;
    return new Promise((resolve) => {
      const finish = (reply: Reply) => {
        clock.clearTimeout(timer);
        stopWatching();
        resolve(reply);
      };
      const cut = (reply: Reply) => {
        finish(reply);
        aborter.abort();
      };
      const timer = afterIfStillThere(call.timeoutMsec, () => cut(NO_ANSWER));
      const stopWatching = this.watch(call.aloneMsec ?? ALONE_FOR_MSEC, () =>
        cut(call.method === "GET" ? NOTHING_NEW : NO_ANSWER),
      );
      void this.ask(call, aborter)
        .catch(() => NO_ANSWER)
        .then((reply) => {
          this.underWay -= 1;
          finish(reply);
        });
    });
  }

  /** Calls once requests have been all that keeps a program of Node's running; returns what ends that. */
  private watch(milliseconds: number, call: () => void): () => void {
    if (!platform.process?.getActiveResourcesInfo) return () => {};
    const look = () => {
      if (aloneWith(this.underWay)) call();
      else timer = afterIfStillThere(ALONE_FOR_MSEC, look);
    };
    let timer = afterIfStillThere(milliseconds, look);
    return () => clock.clearTimeout(timer);
  }

  private async ask(call: Call, aborter: Aborter): Promise<Reply> {
    const send = this.client.fetch ?? platform.fetch;
    if (!send) return NO_ANSWER;
    const url = `${this.client.host}/api/client${call.path}`;
    const answer = await send.call(globalThis, url, this.frame(call, aborter));
    const text = asString(await answer.text());
    const retryAfter = answer.headers?.get("Retry-After");
    return {
      status: asNumber(answer.status),
      text,
      retryAfterMsec: readRetryAfterMsec(retryAfter),
    };
  }

  private frame(call: Call, aborter: Aborter): FetchOptions {
    const headers: Record<string, string> = {
      Accept: "application/json",
      Authorization: `Bearer ${this.client.apiKey}`,
    };
    const options: FetchOptions = { method: call.method, headers };
    if (call.body !== undefined) {
      headers["Content-Type"] = "application/json";
      options.body = call.body;
    }
    if (call.keepalive) options.keepalive = true;
    else if (aborter.signal) options.signal = aborter.signal;
    return options;
  }
}

/** Where the platform has none, nothing that is under way can be cut, but its answer is not waited for. */
function newAborter(): Aborter {
  return platform.AbortController
    ? new platform.AbortController()
    : { signal: undefined, abort() {} };
}
