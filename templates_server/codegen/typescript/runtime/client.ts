/** Which environment and server an app talks to, and how its sessions behave. */
export class Client {
  /** A `fetch` of your own; null: the platform's. */
  fetch: Fetch | null = null;
  private readonly hooks: ClientHooks;
  private key = "";
  private base = "";
  private lock = true;
  private waitMsec = 1200;

  constructor(host: string, hooks: ClientHooks) {
    this.hooks = hooks;
    this.host = host;
  }

  /** The public key `pk_...` of an environment. Without it fallbacks are served. */
  get apiKey(): string {
    return this.key;
  }

  set apiKey(key: string) {
    this.key = typeof key === "string" ? key.trim() : "";
    this.hooks.keyChanged();
  }

  /** Where the server is. */
  get host(): string {
    return this.base;
  }

  set host(url: string) {
    if (typeof url === "string") this.base = url.replace(/\/+$/, "");
    else report(`client.host must be a URL, not ${describe(url)}`);
  }

  /** How long `session.start` waits before it goes on with fallbacks. */
  get waitTimeMsec(): number {
    return this.waitMsec;
  }

  set waitTimeMsec(milliseconds: number) {
    if (typeof milliseconds === "number" && milliseconds >= 0) {
      this.waitMsec = milliseconds;
    } else report("client.waitTimeMsec must be a number of milliseconds");
  }

  /** True: what was served stays for the session. False: changes come through. */
  get sessionLock(): boolean {
    return this.lock;
  }

  set sessionLock(lock: boolean) {
    this.lock = Boolean(lock);
    this.hooks.lockChanged();
  }

  /** Where the anonymous id is kept; null: `localStorage` where there is one, else in memory. */
  get storage(): IdentityStorage | null {
    return this.hooks.identity.storage;
  }

  set storage(storage: IdentityStorage | null) {
    this.hooks.identity.storage = storage;
  }
}

interface ClientHooks {
  readonly identity: IdentityKeeper;
  keyChanged(): void;
  lockChanged(): void;
}

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
        aborter?.abort();
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

  private async ask(call: Call, aborter: Aborter | null): Promise<Reply> {
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

  private frame(call: Call, aborter: Aborter | null): FetchOptions {
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
    else if (aborter) options.signal = aborter.signal;
    return options;
  }
}

function newAborter(): Aborter | null {
  return platform.AbortController ? new platform.AbortController() : null;
}
