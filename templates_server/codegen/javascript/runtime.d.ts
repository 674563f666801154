/** A colour: `value` is `#rrggbb`, or null when unset; `opacity` lies in 0..1. */
export interface Color {
  readonly value: string | null;
  readonly opacity: number;
}

/** How a property is called on the wire and what it may hold. */
export interface PropertyRule {
  readonly key: string;
  readonly type:
    | "text"
    | "number"
    | "toggle"
    | "color"
    | "date"
    | "list"
    | "select"
    | "image";
  readonly options?: readonly string[];
}

/** A type of experience, as the code generated for it describes it. */
export interface ExperienceType<Kind extends string, Properties> {
  readonly kind: Kind;
  readonly rules: {
    readonly [Member in keyof Properties]: PropertyRule;
  };
  readonly defaults: Properties;
}

/** Any type of experience. */
export type AnyExperienceType = ExperienceType<string, any>;

/** The state of an entity as the server sends it; checked before it is used. */
export interface WireState {
  readonly enabled: boolean;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly items?: readonly WireItem[];
}

/** One item of a section as the server sends it. */
export interface WireItem {
  readonly id: string;
  readonly experience: string;
  readonly enabled: boolean;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What `fetch` is asked with. */
export interface FetchOptions {
  method: string;
  headers: Record<string, string>;
  body?: string;
  keepalive?: boolean;
  signal?: any;
}

/** What is used of the answer of `fetch`. */
export interface FetchAnswer {
  readonly status: number;
  readonly headers?: {
    get(name: string): string | null;
  };
  text(): Promise<string>;
}

/** The platform's `fetch`, or one of your own: `client.fetch = ...`. */
export type Fetch = (
  url: string,
  options: FetchOptions,
) => Promise<FetchAnswer>;

/** @internal The time, timers and chance of this file, in one place so that a test can set its own. */
export declare const clock: {
  now: () => number;
  setTimeout: (call: () => void, milliseconds: number) => unknown;
  clearTimeout: (timer: unknown) => void;
  random: () => number;
};

/** One piece of an event's metadata. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** How an event is called: category and action, such as `movie/watched`. */
export type EventName = `${string}/${string}`;

/** Up to three pairs of metadata. */
export interface EventPairs {
  readonly pair1?: Pair | undefined;
  readonly pair2?: Pair | undefined;
  readonly pair3?: Pair | undefined;
}

/** Ends what it came from: `const stop = header.onChange(...)`. */
export type Stop = () => void;

/** An experience that is a child of a collection. */
export interface Experience<Kind extends string, Properties> {
  readonly kind: Kind;
  readonly enabled: boolean;
  /** What is served, the defaults filled in. */
  readonly properties: Properties;
  /** What the model says when nothing is served. */
  readonly defaults: Properties;
  /** Records an event such as `movie/watched` of this experience. */
  track(name: EventName, pairs?: EventPairs): void;
  /** Calls the listener after the state has changed, until the returned function is called. */
  onChange(listener: () => void): Stop;
}

/** An experience in the list of a section. */
export interface Item<Kind extends string, Properties> {
  readonly kind: Kind;
  readonly id: string;
  readonly enabled: boolean;
  /** What is served, the defaults filled in. */
  readonly properties: Properties;
  /** What the model says when nothing is served. */
  readonly defaults: Properties;
  /** Records an event such as `movie/watched` of this item. */
  track(name: EventName, pairs?: EventPairs): void;
}

/** A personalised list of experiences. */
export interface Section<Items> {
  readonly enabled: boolean;
  readonly items: Items;
  /** Calls the listener after the state has changed, until the returned function is called. */
  onChange(listener: () => void): Stop;
}

/** Where an app keeps texts between visits: `localStorage`, React Native's AsyncStorage, a file of your own. */
export interface SpaceStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
  removeItem?(key: string): unknown;
}

/** @deprecated Until 1.0. Use `SpaceStorage`. */
export type IdentityStorage = SpaceStorage;

/** Takes what a developer should know. */
export type Logger = (message: string, cause?: unknown) => void;

/** A value that may take its time, because storage may be asynchronous. */
type Soon<T> = T | Promise<T>;

/** Keeps texts of a Space by name. Never throws or rejects, and waits for nothing longer than half a second. */
declare class Store {
  storage: SpaceStorage | null;
  /** Called when texts may be written again. */
  resumed: () => void;
  private readonly prefix;
  private readonly log;
  private on;
  private used;
  private late;
  constructor(spaceKey: string, log?: Logger);
  /** While false nothing is written. Setting it to false removes what is stored, once it was used. */
  get enabled(): boolean;
  set enabled(on: boolean);
  read(name: string): Soon<string | null>;
  /** False where it cannot be kept: storage is full, forbidden or silent. */
  write(name: string, text: string): Soon<boolean>;
  remove(name: string): Soon<boolean>;
  private clear;
  /** Merely to ask for `localStorage` throws where it is forbidden. That of a server would be one for all people. */
  private attempt;
  private bound;
}

/** Which environment and server an app talks to, and how its sessions behave. */
export declare class Client {
  /** A `fetch` of your own; null: the platform's. */
  fetch: Fetch | null;
  private readonly hooks;
  private key;
  private base;
  private lock;
  private waitMsec;
  constructor(host: string, hooks: ClientHooks);
  /** The public key `pk_...` of an environment. Without it fallbacks are served. */
  get apiKey(): string;
  set apiKey(key: string);
  /** Where the server is. */
  get host(): string;
  set host(url: string);
  /** How long `session.start` waits before it goes on with fallbacks. */
  get waitTimeMsec(): number;
  set waitTimeMsec(milliseconds: number);
  /** True: what was served stays for the session. False: changes come through. */
  get sessionLock(): boolean;
  set sessionLock(lock: boolean);
  /** Where the anonymous id and events are kept; null: `localStorage` where there is one, else in memory. */
  get storage(): SpaceStorage | null;
  set storage(storage: SpaceStorage | null);
}

interface ClientHooks {
  readonly store: Store;
  keyChanged(): void;
  lockChanged(): void;
}

/** What is sent along with the start of a session: used for that session, never stored. */
export type Fields = Readonly<
  Record<string, string | number | boolean | null | undefined>
>;

export interface StartOptions {
  /** Who it is: 1 to 256 characters. Nobody given: a visitor. */
  readonly userId?: string | undefined;
  /** Where the environment requires signed ids: what your own back end made of the id. */
  readonly userSignature?: string | undefined;
  readonly fields?: Fields | undefined;
}

/**
 * `idle`: not started. `starting`: asked, and still waiting. `served`: the
 * server's answer is there. `fallback`: fallbacks are served; `session.failure`
 * says why, the start is tried again, and an answer makes it `served`.
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

/** One run of the app for one person. Its functions can be passed around. */
export interface Session {
  readonly status: SessionStatus;
  /** What is wrong; null while nothing is. */
  readonly failure: SessionFailure | null;
  /** What was served and this code could not use, such as `homepage.body[1].layout: "tall"`. */
  readonly unknown: readonly string[];
  /**
   * Begins a session, ending the one before it. Never rejects. On a server,
   * another person's start is refused until `end` was called.
   */
  start(options?: StartOptions): Promise<void>;
  /** Records an event such as `item/clicked` of the person who is there now. */
  track(name: EventName, pairs?: EventPairs): void;
  /** Sends the recorded events now instead of in a second. Never rejects. */
  flush(): Promise<void>;
  /** Ends the session and sends the recorded events; fallbacks are served from here on. Never rejects. */
  end(): Promise<void>;
  /** @deprecated Until 1.0. Use `start({ userId, fields })`. */
  identify(userId: string, fields?: Fields): Promise<void>;
  /** @deprecated Until 1.0. Use `start({ fields })`. */
  anonymize(fields?: Fields): Promise<void>;
}

/** A Space in an app: its client, its session, and the entities of its collections. */
export declare class Space {
  readonly client: Client;
  readonly session: Session;
  private readonly fallbacks;
  private readonly runner;
  private readonly entities;
  private readonly surroundings;
  constructor(
    key: string,
    host: string,
    fallbacks: Readonly<Record<string, WireState>>,
  );
  /** The experience that is this child of a collection. */
  experience<Kind extends string, Properties>(
    entity: string,
    type: ExperienceType<Kind, Properties>,
  ): Experience<Kind, Properties>;
  /** The section that is this child of a collection. */
  section<Items>(
    entity: string,
    supports: readonly AnyExperienceType[],
  ): Section<Items>;
  private layers;
  private around;
  private all;
}
