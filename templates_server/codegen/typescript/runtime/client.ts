/** Which environment and server an app talks to, and how its sessions behave. */
export class Client {
  /** A `fetch` of your own; null: the platform's. */
  fetch: Fetch | null = null;
  /** Gets what is otherwise written to the console with `console.error`; null: the console. */
  logger: Logger | null = null;
  private readonly hooks: ClientHooks;
  private key = "";
  private base: string;
  private lock = true;
  private waitMsec = 1200;

  constructor(host: string, hooks: ClientHooks) {
    this.hooks = hooks;
    this.base = host;
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
    else this.hooks.log(`client.host must be a URL, not ${describe(url)}`);
  }

  /** How long `session.start` waits before it goes on with fallbacks. */
  get waitTimeMsec(): number {
    return this.waitMsec;
  }

  set waitTimeMsec(milliseconds: number) {
    if (typeof milliseconds === "number" && milliseconds >= 0) {
      this.waitMsec = milliseconds;
    } else {
      this.hooks.log("client.waitTimeMsec must be a number of milliseconds");
    }
  }

  /** True: what was served stays for the session. False: changes come through. */
  get sessionLock(): boolean {
    return this.lock;
  }

  set sessionLock(lock: boolean) {
    this.lock = Boolean(lock);
    this.hooks.lockChanged();
  }

  /**
   * Whether the person agrees to be tracked. False: no event is recorded or
   * sent, and nothing is stored; sessions start all the same.
   */
  get tracking(): boolean {
    return this.hooks.store.enabled;
  }

  set tracking(on: boolean) {
    this.hooks.setTracking(Boolean(on));
  }

  /** Where the anonymous id and events are kept; null: `localStorage` where there is one, else in memory. */
  get storage(): SpaceStorage | null {
    return this.hooks.store.storage;
  }

  set storage(storage: SpaceStorage | null) {
    this.hooks.store.storage = storage;
  }
}

interface ClientHooks {
  readonly store: Store;
  readonly log: Logger;
  keyChanged(): void;
  lockChanged(): void;
  setTracking(on: boolean): void;
}

/** Tells the app's logger, or else the console; never throws. */
function loggerOf(client: Client): Logger {
  return (message, cause) => {
    try {
      const told: unknown = (client.logger ?? report)(
        message,
        messageOf(cause),
      );
      // One that sends messages elsewhere may fail later.
      void Promise.resolve(told).catch(() => {});
    } catch {
      report(message, cause);
    }
  };
}
