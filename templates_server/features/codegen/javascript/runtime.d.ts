/** A colour: `value` is `#rrggbb`, or null when unset; `opacity` lies in 0..1. */
export interface Color {
  readonly value: string | null;
  readonly opacity: number;
}

/** A property: how what is sent is read, its default, its key unless that is its member's name, and its options. */
export type PropertyRule<Value> = readonly [
  read: (value: unknown, options: readonly string[]) => unknown,
  initial: Value,
  key?: string,
  options?: readonly string[],
];

/** A type of experience, as the code generated for it describes it. */
export interface ExperienceType<Kind extends string, Properties> {
  readonly kind: Kind;
  readonly properties: {
    readonly [Member in keyof Properties]: PropertyRule<Properties[Member]>;
  };
}

/** Any type of experience. */
export type AnyExperienceType = ExperienceType<string, any>;

/** A type of section: the types of experience that its items may have. */
export type SectionType = readonly AnyExperienceType[];

/** A collection: which entity each of its children is, and of which type. */
export type CollectionType<Children> = {
  readonly [Member in keyof Children]: ChildType;
};

export type ChildType = readonly [
  entity: string,
  type: AnyExperienceType | SectionType,
];

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

export declare const asString: (value: unknown) => string;

export declare const asBoolean: (value: unknown) => boolean;

export declare const asNumber: (value: unknown) => number;

export declare const asColor: (wire: unknown) => Color;

export declare const asDate: (value: unknown) => Date;

export declare const asTexts: (value: unknown) => readonly string[];

export declare const asOption: (
  value: unknown,
  options: readonly string[],
) => string;

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

/** Records an event such as `item/clicked`, with up to three pairs of metadata. */
export type Track = (name: EventName, pairs?: EventPairs) => void;

/**
 * Records an event. One of the model's takes its metadata, by raw keys, or
 * pairs; any other, where `Others` allows it, takes pairs.
 */
export type TrackOf<Events, Others extends string = EventName & {}> = <
  Name extends (keyof Events & string) | Others,
>(
  name: Name,
  ...metadata: Name extends keyof Events
    ? MetadataOf<Events[Name]>
    : [pairs?: EventPairs]
) => void;

/** What is given with an event of the model: nothing where none of its metadata is required. */
export type MetadataOf<Metadata> = keyof Metadata extends never
  ? [pairs?: EventPairs]
  : {} extends Metadata
    ? [metadata?: Metadata | EventPairs]
    : [
        metadata:
          | Metadata
          | (EventPairs & {
              readonly pair1: Pair;
            }),
      ];

/** Ends what it came from: `const stop = header.onChange(...)`. */
export type Stop = () => void;

/** What an experience shows at one time. */
export interface ExperienceState<Properties> {
  readonly enabled: boolean;
  readonly properties: Properties;
}

/** What a section shows at one time. */
export interface SectionState<Items> {
  readonly enabled: boolean;
  readonly items: Items;
}

/** What every child of a collection has. Its functions can be passed around. */
interface Entity<State> {
  /** All that is served: the same object until any of it changes. */
  readonly state: State;
  /** What this code holds itself, for when nothing is served. */
  readonly fallback: State;
  /** What the first rendering shows, so that hydration matches: the state of `bootstrap`, else `fallback`. */
  readonly initial: State;
  /** Calls the listener after the state has changed, until the returned function is called. */
  readonly onChange: (listener: () => void) => Stop;
}

/** An experience that is a child of a collection. */
export interface Experience<
  Kind extends string,
  Properties,
  Tracking = Track,
> extends Entity<ExperienceState<Properties>> {
  readonly kind: Kind;
  readonly enabled: boolean;
  /** What is served, the defaults filled in. */
  readonly properties: Properties;
  /** What the model says when nothing is served. */
  readonly defaults: Properties;
  /** Records an event such as `movie/watched` of this experience. */
  readonly track: Tracking;
}

/** An experience in the list of a section. */
export interface Item<Kind extends string, Properties, Tracking = Track> {
  readonly kind: Kind;
  readonly id: string;
  readonly enabled: boolean;
  /** What is served, the defaults filled in. */
  readonly properties: Properties;
  /** What the model says when nothing is served. */
  readonly defaults: Properties;
  /** Records an event such as `movie/watched` of this item. */
  readonly track: Tracking;
}

/** A personalised list of experiences. */
export interface Section<Items> extends Entity<SectionState<Items>> {
  readonly enabled: boolean;
  readonly items: Items;
}

/** What a test has served of an experience; what is left out falls back. */
export interface ExperienceTestState<Values> {
  readonly enabled?: boolean | undefined;
  readonly properties?: Values | undefined;
}

/** What a test has served of a section; what is left out falls back. */
export interface SectionTestState<Entries> {
  readonly enabled?: boolean | undefined;
  readonly items?: readonly Entries[] | undefined;
}

/** An item of a section in a test; its id is its place in the list unless it is given. */
export interface ItemTestState<Kind extends string, Values> {
  readonly id?: string | undefined;
  readonly experience: Kind;
  readonly enabled?: boolean | undefined;
  readonly properties?: Values | undefined;
}

/** Where an app keeps texts between visits: `localStorage`, React Native's AsyncStorage, a file of your own. */
export interface SpaceStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
  removeItem?(key: string): unknown;
}

/** @deprecated Until 1.0. Use `SpaceStorage`. */
export type IdentityStorage = SpaceStorage;

/** Takes what a developer should know: a message, and what was thrown or answered if anything was. */
export type Logger = (message: string, cause?: unknown) => void;

/** How a Space of its own is made; what is left out can be set later. */
export interface OptionsOf<States> {
  readonly apiKey?: string | undefined;
  readonly host?: string | undefined;
  readonly storage?: SpaceStorage | null | undefined;
  readonly fetch?: Fetch | null | undefined;
  readonly appVersion?: string | undefined;
  readonly appBuild?: string | undefined;
  readonly waitTimeMsec?: number | undefined;
  readonly sessionLock?: boolean | undefined;
  readonly logger?: Logger | null | undefined;
  readonly tracking?: boolean | undefined;
  /** What `session.snapshot()` gave elsewhere, such as on the server that rendered the page: it is shown at once. */
  readonly bootstrap?: Snapshot | null | undefined;
  /** For tests: what is served, by entity and raw keys. What is left out falls back. Nothing goes over the network. */
  readonly states?: States | undefined;
}

/** Makes a Space of its own. Apps that use the default Space alone leave this out of their bundle. */
export declare const makeSpaceWith: <Collections>(
  blueprint: Blueprint<Collections>,
  options?: OptionsOf<object>,
) => SpaceOf<Collections, any>;

/** A Space in an app: its client, its session, the entities of its collections, and its end. */
export interface SpaceOf<Collections, Run = Session> {
  /** Which environment and server, and how sessions behave. */
  readonly client: Client;
  /** One run of the app for one person. */
  readonly session: Run;
  /** What the app shows. */
  readonly collections: Collections;
  /** Sends the recorded events and lets go of timers, listeners and connections. What is shown stays. */
  readonly close: () => Promise<void>;
}

/** What a Space is made of. */
export interface Blueprint<Collections> {
  readonly key: string;
  readonly host: string;
  readonly code: GeneratedCode;
  readonly fallbacks: Readonly<Record<string, WireState>>;
  readonly collections: {
    readonly [Member in keyof Collections]: CollectionType<Collections[Member]>;
  };
}

/** Makes a Space; nothing global is touched before its first use. */
export declare const makeSpace: <Collections>(
  blueprint: Blueprint<Collections>,
) => SpaceOf<Collections, any>;

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
  random: () => number;
  /**
   * Calls after that time, unless what is returned is called before. A program
   * may end sooner, but for what is awaited.
   */
  after(
    milliseconds: number,
    call: () => void,
    isAwaited?: boolean,
  ): () => void;
};

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
