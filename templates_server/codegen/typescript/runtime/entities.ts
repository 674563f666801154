/** One piece of an event's metadata. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

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
  track(name: string, pairs?: EventPairs): void;
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
  track(name: string, pairs?: EventPairs): void;
}

/** A personalised list of experiences. */
export interface Section<Items> {
  readonly enabled: boolean;
  readonly items: Items;
  /** Calls the listener after the state has changed, until the returned function is called. */
  onChange(listener: () => void): Stop;
}

/** What an entity needs of the Space that it belongs to. */
interface Surroundings {
  /** Whether what is read now stays for the session. */
  readonly locking: boolean;
  record(event: EventParts): void;
}

/** The part of an event that its place in the app decides. */
interface EventParts {
  readonly name: string;
  readonly pairs?: EventPairs | undefined;
  readonly entity?: string;
  readonly data?: Json;
}

interface ExperienceState<Properties> {
  readonly enabled: boolean;
  readonly properties: Properties;
}

interface SectionState<Items> {
  readonly enabled: boolean;
  readonly items: Items;
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
    track: (name: string, pairs?: EventPairs) =>
      space.record({ name, pairs, entity }),
    onChange: (listener: () => void) => layers.listen(listener),
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
    onChange: (listener: () => void) => layers.listen(listener),
  });
}

function readExperience<Properties>(
  type: ExperienceType<string, Properties>,
  wire: unknown,
): ExperienceState<Properties> {
  const state = asObject(wire);
  return {
    enabled: asBoolean(state["enabled"]),
    properties: readProperties(type, state["properties"]),
  };
}

/** The items of a section; those of a kind that this code was generated without are left out. */
function readSection(
  space: Surroundings,
  entity: string,
  supports: readonly AnyExperienceType[],
  wire: unknown,
): SectionState<readonly unknown[]> {
  const state = asObject(wire);
  const items: unknown[] = [];
  for (const value of asArray(state["items"])) {
    const item = asObject(value);
    const kind = asString(item["experience"]);
    const type = supports.find((supported) => supported.kind === kind);
    if (type) items.push(readItem(space, entity, type, item));
  }
  return { enabled: asBoolean(state["enabled"]), items: Object.freeze(items) };
}

function readItem(
  space: Surroundings,
  entity: string,
  type: AnyExperienceType,
  wire: Json,
): Item<string, unknown> {
  const id = asString(wire["id"]);
  const data = { item: id, experience: type.kind };
  return Object.freeze({
    kind: type.kind,
    id,
    enabled: asBoolean(wire["enabled"]),
    properties: readProperties(type, wire["properties"]),
    defaults: type.defaults as unknown,
    track: (name: string, pairs?: EventPairs) =>
      space.record({ name, pairs, entity, data }),
  });
}
