/** What is sent along with the start of a session: used for that session, never stored. */
export type Fields = Readonly<
  Record<string, string | number | boolean | null | undefined>
>;

export interface StartOptions<Sent = Fields> {
  /** Who it is: 1 to 256 characters. Nobody given: a visitor. */
  readonly userId?: string | undefined;
  /** Where the environment requires signed ids: what your own back end made of the id. */
  readonly userSignature?: string | undefined;
  readonly fields?: Sent | undefined;
}

/**
 * `idle`: not started. `starting`: asked, and still waiting. `served`: the
 * server's answer is there. `fallback`: fallbacks are served, or what the same
 * person was served before; `session.failure` says why, the start is tried
 * again, and an answer makes it `served`.
 */
export type SessionStatus = "idle" | "starting" | "served" | "fallback";

/**
 * Why fallbacks are served: the key is missing, no time, no network, no usable
 * answer, refused, or (`in-use`) the session of another person has not ended.
 * While the status is `served`: why changes do not come through.
 */
export type SessionFailure =
  | "missing-key"
  | "timeout"
  | "network"
  | "refused"
  | "server"
  | "nonsense"
  | "in-use";

/** How a session is at one time. */
export interface SessionState {
  readonly status: SessionStatus;
  readonly failure: SessionFailure | null;
  readonly revision: string | null;
}

/** One run of the app for one person. Its functions can be passed around. */
export interface Session<Tracking = Track, Sent = Fields> {
  readonly status: SessionStatus;
  /** What is wrong; null while nothing is. */
  readonly failure: SessionFailure | null;
  /** Which revision of the states is served; null while none is. */
  readonly revision: string | null;
  /** Status, failure and revision: the same object until one of them changes. */
  readonly state: SessionState;
  /** What the first rendering shows, so that hydration matches: the state of `bootstrap`, else `idle`. */
  readonly initial: SessionState;
  /** What was served and this code could not use, such as `homepage.body[1].layout: "tall"`. */
  readonly unknown: readonly string[];
  /**
   * Begins a session, ending the one before it. Never rejects. On a server,
   * another person's start is refused until `end` was called.
   */
  readonly start: (options?: StartOptions<Sent>) => Promise<void>;
  /** Records an event such as `item/clicked` of the person who is there now. */
  readonly track: Tracking;
  /** Sends the recorded events now instead of in a second. Never rejects. */
  readonly flush: () => Promise<void>;
  /** Ends the session and sends the recorded events; fallbacks are served from here on. Never rejects. */
  readonly end: () => Promise<void>;
  /** Calls the listener after `state` has changed, until the returned function is called. */
  readonly onChange: (listener: () => void) => Stop;
  /** What is shown now, for `bootstrap` of another `createSpace`; null before anything was served. */
  readonly snapshot: () => Snapshot | null;
  /** @deprecated Until 1.0. Use `start({ userId, fields })`. */
  readonly identify: (userId: string, fields?: Sent) => Promise<void>;
  /** @deprecated Until 1.0. Use `start({ fields })`. */
  readonly anonymize: (fields?: Sent) => Promise<void>;
}

/** A session to go on with elsewhere, as plain JSON: what a server rendered, a browser shows. No secrets. */
export interface Snapshot {
  readonly session: string | null;
  readonly revision: string;
  readonly states: Readonly<Record<string, unknown>>;
  readonly person: {
    readonly anonymousId: string;
    readonly userId: string | null;
  };
}

/** Which generated code this is: the hash of all that it is made of. */
export interface GeneratedCode {
  readonly hash: string;
  readonly language: string;
}

/** A session's answer, or a change to it. */
interface Served {
  readonly session: string | null;
  readonly revision: string;
  readonly states: Json;
}

const sessionState = (
  status: SessionStatus,
  failure: SessionFailure | null,
  revision: string | null,
): SessionState => {
  return freeze({ status, failure, revision });
};

const IDLE = /* @__PURE__ */ sessionState("idle", null, null);
/** What is told to those who were refused. */
const REFUSED = /* @__PURE__ */ sessionState("fallback", "in-use", null);

/** Null for an answer that is none. */
const readServed = ({ status, text }: Reply): Served | null =>
  status === 200 ? readJson(text, asServed) : null;

const asServed = ({ session, revision, states }: Json): Served => {
  return {
    session: typeof session === "string" && session ? storable(session) : null,
    revision: scalarText(revision),
    states: asObject(states),
  };
};

const failureOf = ({ status }: Reply): SessionFailure => {
  if (status === 0) return "network";
  if (status >= 500) return "server";
  return status >= 400 ? "refused" : "nonsense";
};
