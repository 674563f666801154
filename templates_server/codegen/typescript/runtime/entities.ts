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

function makeExperience<Kind extends string, Properties>(
  space: Surroundings,
  entity: string,
  type: ExperienceType<Kind, Properties>,
  layers: Layers<ExperienceState<Properties>>,
): Experience<Kind, Properties> {
  return Object.freeze({
    kind: type.kind,
    get enabled() {
      return layers.read().enabled;
    },
    get properties() {
      return layers.read().properties;
    },
    defaults: type.defaults,
    track: (name: EventName, pairs?: EventPairs) =>
      space.record({ name, pairs, entity }),
    get state() {
      return layers.read();
    },
    get fallback() {
      return layers.fallback;
    },
    get initial() {
      return layers.initial;
    },
    onChange: (listener: () => void) => layers.listeners.listen(listener),
  });
}

function makeSection<Items>(
  layers: Layers<SectionState<Items>>,
): Section<Items> {
  return Object.freeze({
    get enabled() {
      return layers.read().enabled;
    },
    get items() {
      return layers.read().items;
    },
    get state() {
      return layers.read();
    },
    get fallback() {
      return layers.fallback;
    },
    get initial() {
      return layers.initial;
    },
    onChange: (listener: () => void) => layers.listeners.listen(listener),
  });
}

function readExperience<Properties>(
  type: ExperienceType<string, Properties>,
  wire: unknown,
  place: string,
  otherwise: ExperienceState<Properties>,
  note: Note,
): ExperienceState<Properties> {
  const state = asObject(wire);
  return Object.freeze({
    enabled: readEnabled(state, otherwise.enabled, place, note),
    properties: readProperties(type, state["properties"], place, note),
  });
}

function readEnabled(
  state: Json,
  otherwise: boolean,
  place: string,
  note: Note,
): boolean {
  const enabled = state["enabled"];
  return readOr(asBoolean, enabled, otherwise, `${place}.enabled`, note);
}

/** The items of a section; those of a kind that this code was generated without are left out. */
function readSection(
  space: Surroundings,
  supports: readonly AnyExperienceType[],
  wire: unknown,
  entity: string,
  otherwise: SectionState<readonly unknown[]>,
  note: Note,
): SectionState<readonly unknown[]> {
  const state = asObject(wire);
  const enabled = readEnabled(state, otherwise.enabled, entity, note);
  if (!Array.isArray(state["items"])) {
    note(`${entity}.items`, state["items"]);
    return Object.freeze({ enabled, items: otherwise.items });
  }
  const items = state["items"]
    .map((item: unknown, at) => {
      const place = `${entity}[${at}]`;
      return readItem(space, entity, supports, item, place, note);
    })
    .filter((item) => item !== null);
  return Object.freeze({ enabled, items: Object.freeze(items) });
}

/** Null for an item that cannot be shown. */
function readItem(
  space: Surroundings,
  entity: string,
  supports: readonly AnyExperienceType[],
  value: unknown,
  place: string,
  note: Note,
): Item<string, unknown> | null {
  const wire = readOr<Json | null>(asObject, value, null, place, note);
  if (!wire) return null;
  const { id, experience } = wire;
  const type = supports.find(({ kind }) => kind === experience);
  if (!type) note(`${place}.experience`, experience);
  else if (typeof id !== "string") note(`${place}.id`, id);
  else return makeItem(space, entity, type, id, wire, place, note);
  return null;
}

function makeItem(
  space: Surroundings,
  entity: string,
  type: AnyExperienceType,
  id: string,
  wire: Json,
  place: string,
  note: Note,
): Item<string, unknown> {
  const data = { item: id, experience: type.kind };
  return Object.freeze({
    kind: type.kind,
    id,
    enabled: readEnabled(wire, false, place, note),
    properties: readProperties(type, wire["properties"], place, note),
    defaults: type.defaults as unknown,
    track: (name: EventName, pairs?: EventPairs) =>
      space.record({ name, pairs, entity, data }),
  });
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
