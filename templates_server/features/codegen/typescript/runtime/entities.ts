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
    : [metadata: Metadata | (EventPairs & { readonly pair1: Pair })];

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

/** What an entity needs of the Space that it belongs to. */
type Surroundings = readonly [
  attempt: Attempt,
  trackerOf: TrackerOf,
  /** Whether states of a test are served, in which much may be missing. */
  isTest: () => boolean,
  /** Whether what is read now stays for the session. */
  isLocking: () => boolean,
  /** Whether what is served is somebody else's. */
  isHidden: () => boolean,
];

/** Gives what records events of that place in the app; nothing given: of none. */
type TrackerOf = (place?: EventPlace) => Track;

/** The part of an event that its place in the app decides. */
interface EventPlace {
  readonly entity: string;
  readonly data?: Json;
}

/** The state of an entity: whether it is shown, and its properties or items. */
type StateOf<Content extends string> = { readonly enabled: boolean } & {
  readonly [Member in Content]: any;
};

const readExperience = <Properties>(
  type: ExperienceType<string, Properties>,
  wire: unknown,
  place: string,
  otherwise: boolean,
  note: Note,
): ExperienceState<Properties> => {
  const state = asObject(wire);
  return freeze({
    enabled: readEnabled(state, otherwise, place, note),
    properties: readProperties(type, state["properties"], place, note),
  });
};

const readEnabled = (
  { enabled }: Json,
  otherwise: boolean,
  place: string,
  note: Note,
): boolean => {
  return readOr(asBoolean, enabled, otherwise, `${place}.enabled`, note);
};

/** Reads a section; items of a kind that this code was generated without are left out. */
const sectionReader =
  (
    trackerOf: TrackerOf,
    supports: readonly Described[],
    entity: string,
  ): Parse<SectionState<readonly unknown[]>> =>
  (wire, otherwise, note) => {
    const state = asObject(wire);
    const list = readOr(asArray, state["items"], null, `${entity}.items`, note);
    const items = list?.map((item, at) =>
      readItem(trackerOf, entity, supports, item, `${entity}[${at}]`, note),
    );
    return freeze({
      enabled: readEnabled(state, otherwise.enabled, entity, note),
      items: freeze(items?.filter(Boolean) ?? otherwise.items),
    });
  };

/** Null for an item that cannot be shown. */
const readItem = (
  trackerOf: TrackerOf,
  entity: string,
  supports: readonly Described[],
  value: unknown,
  place: string,
  note: Note,
): Item<string, unknown> | null => {
  const wire = readOr<Json | null>(asObject, value, null, place, note);
  if (!wire) return null;
  const { id, experience } = wire;
  const type = supports.find(({ kind }) => kind === experience);
  if (!type) note(`${place}.experience`, experience);
  else if (typeof id !== "string") note(`${place}.id`, id);
  else {
    const { kind, defaults } = type;
    return freeze({
      kind,
      id,
      ...readExperience<unknown>(type, wire, place, false, note),
      defaults,
      track: trackerOf({ entity, data: { item: id, experience } }),
    });
  }
  return null;
};

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
