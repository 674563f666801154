/** Which environment and server an app talks to, and how its sessions behave. */
export class Client {
  /** How long `session.start` waits before it goes on with fallbacks. */
  waitTimeMsec = 1200;
  /** A `fetch` of your own; null: the platform's. */
  fetch: Fetch | null = null;
  private readonly hooks: ClientHooks;
  private key = "";
  private base = "";
  private lock = true;

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
    this.base = url.replace(/\/+$/, "");
  }

  /** True: what was served stays for the session. False: changes come through. */
  get sessionLock(): boolean {
    return this.lock;
  }

  set sessionLock(lock: boolean) {
    this.lock = lock;
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

/** Talks to the Client API: one request, one reply, within its time. */
class Transport implements Sender {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  get ready(): boolean {
    return this.client.apiKey !== "";
  }

  /** Never rejects: no network, no time and no `fetch` are replies of status 0. */
  send(call: Call): Promise<Reply> {
    const aborter = call.aborter ?? newAborter();
    return new Promise((resolve) => {
      const timer = after(call.timeoutMsec, () => {
        resolve(NO_ANSWER);
        aborter?.abort();
      });
      this.ask(call, aborter)
        .catch(() => NO_ANSWER)
        .then((reply) => {
          platform.clearTimeout(timer);
          resolve(reply);
        });
    });
  }

  private async ask(call: Call, aborter: Aborter | null): Promise<Reply> {
    const send = this.client.fetch ?? platform.fetch;
    if (!send) return NO_ANSWER;
    const url = `${this.client.host}/api/client${call.path}`;
    const answer = await send.call(globalThis, url, this.frame(call, aborter));
    const text = await answer.text();
    return {
      status: answer.status,
      text,
      retryAfterMsec: readRetryAfterMsec(answer),
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

function readRetryAfterMsec(answer: FetchAnswer): number {
  const seconds = Number(answer.headers?.get("Retry-After") ?? 0);
  return seconds > 0 && seconds <= 3600 ? seconds * 1000 : 0;
}
