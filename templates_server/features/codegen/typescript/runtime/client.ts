/** Which environment and server an app talks to, and how its sessions behave. */
export interface Client {
  /** The public key `pk_...` of an environment. Without it fallbacks are served. */
  apiKey: string;
  /** Where the server is. */
  host: string;
  /** How long `session.start` waits before it goes on with fallbacks. */
  waitTimeMsec: number;
  /** True: what was served stays for the session. False: changes come through. */
  sessionLock: boolean;
  /**
   * Whether the person agrees to be tracked. False: no event is recorded or
   * sent, and nothing is stored; sessions start all the same.
   */
  tracking: boolean;
  /** Where the anonymous id and events are kept; null: `localStorage` where there is one, else in memory. */
  storage: SpaceStorage | null;
  /** The version of your app, such as `2.3.1`, which sessions that start tell the server; "": none. */
  appVersion: string;
  /** The build of that version; "": none. */
  appBuild: string;
  /** A `fetch` of your own; null: the platform's. */
  fetch: Fetch | null;
  /** Gets what is otherwise written to the console with `console.error`; null: the console. */
  logger: Logger | null;
}

/** The last three are called after their part of it was changed. */
const makeClient = (
  host: string,
  log: Logger,
  keyChanged: () => void,
  lockChanged: () => void,
  trackingChanged: () => void,
): Client => {
  let apiKey = "";
  let waitTimeMsec = 1200;
  let sessionLock = true;
  let tracking = true;
  return {
    appVersion: "",
    appBuild: "",
    fetch: null,
    logger: null,
    storage: null,
    get host() {
      return host;
    },
    set host(url) {
      if (typeof url === "string") host = url.replace(/\/+$/, "");
      else log("client.host must be a URL");
    },
    get waitTimeMsec() {
      return waitTimeMsec;
    },
    set waitTimeMsec(milliseconds) {
      if (typeof milliseconds === "number" && milliseconds >= 0) {
        waitTimeMsec = milliseconds;
      } else log("client.waitTimeMsec must be a number");
    },
    get sessionLock() {
      return sessionLock;
    },
    set sessionLock(lock) {
      sessionLock = Boolean(lock);
      lockChanged();
    },
    get tracking() {
      return tracking;
    },
    set tracking(on) {
      if (tracking === Boolean(on)) return;
      tracking = !tracking;
      trackingChanged();
    },
    // The last, since options are taken in this order: all else is there when the key is.
    get apiKey() {
      return apiKey;
    },
    set apiKey(key) {
      apiKey = typeof key === "string" ? key.trim() : "";
      keyChanged();
    },
  };
};

const kindOfPlatform = () =>
  hasPage() ? (platform.document ? "browser" : "other") : "server";

/** What an app says of itself, as far as that can be sent. On which system React Native runs, only modules of its own tell. */
const readApp = (client: Client, attempt: Attempt) => {
  const read = (name: "appVersion" | "appBuild") =>
    attempt(
      `client.${name} is left out`,
      () => ensureLength(scalarText(client[name]), LONGEST_KEY) || undefined,
    );
  return {
    version: read("appVersion"),
    build: read("appBuild"),
    platform: EVERYWHERE ? kindOfPlatform() : "browser",
  };
};
