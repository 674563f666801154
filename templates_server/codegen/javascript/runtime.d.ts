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

type Json = Readonly<Record<string, unknown>>;

/** Takes note of what cannot be used: where it stands, and what it is. */
type Note = (place: string, value: unknown) => void;

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

interface Aborter {
  readonly signal: unknown;
  abort(): void;
}

/** @internal The time, timers and chance of this file, in one place so that a test can set its own. */
export declare const clock: {
  now: () => number;
  setTimeout: (call: () => void, milliseconds: number) => unknown;
  clearTimeout: (timer: unknown) => void;
  random: () => number;
};

/** What an app says when it starts a session, checked. */
interface Wanted {
  readonly userId: string | null;
  readonly userSignature: string | undefined;
  readonly fields: Json | undefined;
}

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
export interface Experience<Kind extends string, Properties> extends Entity<
  ExperienceState<Properties>
> {
  readonly kind: Kind;
  readonly enabled: boolean;
  /** What is served, the defaults filled in. */
  readonly properties: Properties;
  /** What the model says when nothing is served. */
  readonly defaults: Properties;
  /** Records an event such as `movie/watched` of this experience. */
  readonly track: (name: EventName, pairs?: EventPairs) => void;
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
  readonly track: (name: EventName, pairs?: EventPairs) => void;
}

/** A personalised list of experiences. */
export interface Section<Items> extends Entity<SectionState<Items>> {
  readonly enabled: boolean;
  readonly items: Items;
}

/** What an entity needs of the Space that it belongs to. */
interface Surroundings {
  /** Whether what is read now stays for the session. */
  readonly locking: boolean;
  /** Whether what is served is somebody else's. */
  readonly hidden: boolean;
  /** Whether states of a test are served, in which much may be missing. */
  readonly testing: boolean;
  readonly log: Logger;
  record(event: EventParts): void;
}

/** The part of an event that its place in the app decides. */
interface EventParts {
  readonly name: EventName;
  readonly pairs?: EventPairs | undefined;
  readonly entity?: string;
  readonly data?: Json;
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

/** Those who want to be told when something has changed. */
declare class Listeners {
  private readonly name;
  private readonly log;
  private readonly all;
  constructor(name: string, log: Logger);
  listen(call: () => void): Stop;
  /** Calls them, until one of them has changed what they are told of: then all were told of that. */
  tell(isNews: () => boolean): void;
}

/** Reads a state that the server sent; `otherwise` stands in for what cannot be used. */
type Parse<State> = (wire: unknown, otherwise: State, note: Note) => State;

/** Holds the layers of an entity's state, highest first: session lock, latest, the session before, fallback. */
declare class Layers<State extends object> {
  readonly listeners: Listeners;
  /** What could not be used of the latest state. */
  unknown: readonly string[];
  private readonly space;
  private readonly entity;
  private readonly parse;
  private readonly readFallback;
  private made;
  private first;
  private locked;
  private latest;
  private before;
  private told;
  /** What the server sent for a state. */
  private readonly wires;
  constructor(
    space: Surroundings,
    entity: string,
    parse: Parse<State>,
    readFallback: () => State,
  );
  /** What this code holds itself; it is read when it is first needed. */
  get fallback(): State;
  get initial(): State;
  /** What the server sent for what is shown; undefined: the fallback is shown. */
  get wire(): unknown;
  /** The state to show. While the session locks, it stays what it was when it was first read. */
  read(): State;
  /** Takes a new state; one that is none at all is as good as no answer. */
  serve(wire: unknown): void;
  /** What is shown now is what the first rendering shows. */
  begin(): void;
  /** The same person starts again: what is shown stays until there is something newer. */
  keep(): void;
  unlock(): void;
  /** Nothing is served any more. What was read stays while the session locks. */
  drop(): void;
  reset(): void;
  /** Calls the listeners if what they were told of last is no longer what is shown. */
  announce(): void;
  private current;
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
  /**
   * While false nothing is written. Where a session or an event came before,
   * setting it to false removes what is stored: consent is withdrawn.
   */
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

interface Identity {
  /** The anonymous id of the device's present person. */
  readonly id: string;
  /** The user that it belongs to, once they have signed in. */
  readonly owner: string | null;
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMsec: number;
}

/** Which environment and server an app talks to, and how its sessions behave. */
export declare class Client {
  /** A `fetch` of your own; null: the platform's. */
  fetch: Fetch | null;
  /** Gets what is otherwise written to the console with `console.error`; null: the console. */
  logger: Logger | null;
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
  /**
   * Whether the person agrees to be tracked. False: no event is recorded or
   * sent, and nothing is stored; sessions start all the same.
   */
  get tracking(): boolean;
  set tracking(on: boolean);
  /** Where the anonymous id and events are kept; null: `localStorage` where there is one, else in memory. */
  get storage(): SpaceStorage | null;
  set storage(storage: SpaceStorage | null);
}

interface ClientHooks {
  readonly store: Store;
  readonly log: Logger;
  keyChanged(): void;
  lockChanged(): void;
  setTracking(on: boolean): void;
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
export interface Session {
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
  readonly start: (options?: StartOptions) => Promise<void>;
  /** Records an event such as `item/clicked` of the person who is there now. */
  readonly track: (name: EventName, pairs?: EventPairs) => void;
  /** Sends the recorded events now instead of in a second. Never rejects. */
  readonly flush: () => Promise<void>;
  /** Ends the session and sends the recorded events; fallbacks are served from here on. Never rejects. */
  readonly end: () => Promise<void>;
  /** Calls the listener after `state` has changed, until the returned function is called. */
  readonly onChange: (listener: () => void) => Stop;
  /** What is shown now, for `bootstrap` of another `createSpace`; null before anything was served. */
  readonly snapshot: () => Snapshot | null;
  /** @deprecated Until 1.0. Use `start({ userId, fields })`. */
  readonly identify: (userId: string, fields?: Fields) => Promise<void>;
  /** @deprecated Until 1.0. Use `start({ fields })`. */
  readonly anonymize: (fields?: Fields) => Promise<void>;
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

/** A session's answer, or a change to it. */
interface Served {
  readonly session: string | null;
  readonly revision: string;
  readonly states: Json;
}

/** One run: who it is for, and what the server called it. */
interface Run extends Wanted {
  readonly anonymousId: string;
  /** The key of the environment that it is of; "" before there is one. */
  key: string;
  /** Cuts what is under way for this run. */
  aborter: Aborter | null;
  session: string | null;
  revision: string;
  failures: number;
  cancelRetry: (() => void) | null;
}

/** Where the states of a session go. */
interface Entities {
  /** What could not be used of the latest states. */
  readonly unknown: readonly string[];
  /** What the server sent for what is shown, by entity. */
  readonly wires: Json;
  each(call: (layers: Layers<any>) => void): void;
  /** `whole`: of what is not among them, fallbacks are served. */
  serve(states: Json, whole: boolean): void;
}

/** Runs sessions one after the other. */
declare class SessionRunner implements Surroundings, ClientHooks {
  state: SessionState;
  /** What the first rendering shows. */
  initial: SessionState;
  readonly client: Client;
  readonly log: Logger;
  readonly listeners: Listeners;
  readonly store: Store;
  private readonly identity;
  private readonly transport;
  private readonly entities;
  private readonly pauses;
  private readonly events;
  private readonly follower;
  private readonly callers;
  private run;
  /** Grows with each start and end. */
  private turn;
  private revision;
  /** What the listeners were told of last. */
  private told;
  /** What a test says that is served; then there is no server. */
  private states;
  /** Nobody is known to be there, so nothing may be tracked. */
  private mute;
  /** Nobody is served until the end of the session is declared. */
  private inUse;
  /** On a server: somebody has started and not ended. */
  private occupied;
  private ended;
  /** Whose start the present run is. */
  private caller;
  /** What the server has not been told yet of what this code could not use. */
  private untold;
  private readonly logged;
  private stopWatching;
  private closing;
  private closedLogged;
  constructor(key: string, host: string, entities: Entities);
  get unknown(): readonly string[];
  get testing(): boolean;
  /** Whether what is read now stays. */
  get locking(): boolean;
  /** Whether who looks now was refused, so that what is served is somebody else's. */
  get hidden(): boolean;
  start(options?: StartOptions): Promise<void>;
  end(): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
  record(parts: EventParts): void;
  snapshot(): Snapshot | null;
  /** Goes on with a session that was started elsewhere. */
  resume({ id, owner, ...wanted }: Resumed): void;
  /** Serves these states from here on, without a server. */
  test(states: Json): void;
  lockChanged(): void;
  setTracking(on: boolean): void;
  keyChanged(): void;
  /** Asks for a session for the run; `aborter` cuts it. */
  ask(run: Run, aborter: Aborter | null): Promise<Reply>;
  /** Asks for what has changed since the run's revision. */
  poll(run: Run, aborter: Aborter | null, waitSeconds?: number): Promise<Reply>;
  /** Takes an answer; null: nothing is new. */
  take(run: Run, served: Served | null): void;
  /** Says why changes do not come through; what was served stays. */
  fail(reply: Reply): void;
  /** Whether nobody else can be here: in a page, in a test. */
  private get alone();
  /** What this code cannot use is logged once, and told to the server when the next session starts. */
  private noteUnknown;
  /** Whom an event is of: the person who is there now. */
  private person;
  private attempt;
  /** Whether this space already serves somebody else. Of two visitors on a server nobody knows that they are one. */
  private isTaken;
  private refuse;
  private begin;
  private enter;
  /** What the same person sees stays until there is something newer. */
  private prepare;
  private fallBack;
  private newRun;
  private stop;
  /** Ends all that is under way. */
  private halt;
  private shut;
  /** Whether all is over; who does not know it is told once. */
  private isClosed;
  private isOver;
  private reset;
  /** Asks for the state of every entity at once, later again where that fails. An answer counts unless the run is over. */
  private prime;
  private follow;
  /** From the first use on, the page's end and the network's return are known. */
  private watch;
  /** Says how it stands now: all of that is there before anybody is told of any of it. */
  private conclude;
}

/** A Space in an app: its client, its session, the entities of its collections, and its end. */
export interface SpaceOf<Collections> {
  /** Which environment and server, and how sessions behave. */
  readonly client: Client;
  /** One run of the app for one person. */
  readonly session: Session;
  /** What the app shows. */
  readonly collections: Collections;
  /** Sends the recorded events and lets go of timers, listeners and connections. What is shown stays. */
  readonly close: () => Promise<void>;
}

/** What a Space is made of. */
export interface Blueprint<Collections> {
  readonly key: string;
  readonly host: string;
  readonly fallbacks: Readonly<Record<string, WireState>>;
  readonly collect: (source: EntitySource) => Collections;
}

/** Makes a Space; nothing global is touched before its first use. */
export declare function makeSpace<Collections>(
  blueprint: Blueprint<Collections>,
): SpaceOf<Collections>;

/** Makes the entities of a Space, and takes their states. */
export declare class EntitySource implements Entities {
  private readonly fallbacks;
  /** @internal Runs the sessions of the Space. */
  readonly runner: SessionRunner;
  private readonly entities;
  constructor({ key, host, fallbacks }: Blueprint<unknown>);
  /** Whether there is such an entity. */
  has(entity: string): boolean;
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
  get unknown(): readonly string[];
  get wires(): Json;
  each(call: (layers: Layers<any>) => void): void;
  serve(states: Json, whole: boolean): void;
  private layers;
}

/** How a Space of its own is made; what is left out can be set later. */
export interface OptionsOf<States> {
  readonly apiKey?: string | undefined;
  readonly host?: string | undefined;
  readonly storage?: SpaceStorage | null | undefined;
  readonly fetch?: Fetch | null | undefined;
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
export declare function makeSpaceWith<Collections>(
  blueprint: Blueprint<Collections>,
  options?: OptionsOf<object>,
): SpaceOf<Collections>;

/** A session that was started elsewhere. */
interface Resumed extends Served, Wanted, Identity {}
