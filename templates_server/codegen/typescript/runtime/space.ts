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
export const makeSpace = <Collections>(
  blueprint: Blueprint<Collections>,
): SpaceOf<Collections, any> => {
  const [space] = assemble(blueprint);
  return space;
};

/** A Space with what runs it. */
type Assembly<Collections> = readonly [
  space: SpaceOf<Collections>,
  runner: Runner,
  entities: ReadonlyMap<string, unknown>,
];

const assemble = <Collections>(
  blueprint: Blueprint<Collections>,
): Assembly<Collections> => {
  const { key, host, code, fallbacks } = blueprint;
  const entities = new Map<string, Layers<any>>();
  const runner = makeRunner(key, host, code, entities);
  const [client, session, close, , surroundings] = runner;
  const [, record] = surroundings;

  const add = <Content extends string>(
    entity: string,
    content: Content,
    nothing: StateOf<Content>,
    parse: Parse<StateOf<Content>>,
    rest?: object,
  ) => {
    const wire = own(fallbacks, entity);
    const layers = makeLayers(surroundings, entity, parse, nothing, wire);
    entities.set(entity, layers);
    return makeEntity(layers, content, rest);
  };

  const addChild = ([entity, type]: ChildType) => {
    if (!("kind" in type)) {
      const supports = type.map(described);
      return add(
        entity,
        "items",
        Object.freeze({ enabled: false, items: [] }),
        (wire, otherwise, note) =>
          readSection(record, supports, wire, entity, otherwise, note),
      );
    }
    const { kind, defaults } = described(type);
    return add(
      entity,
      "properties",
      Object.freeze({ enabled: false, properties: defaults }),
      (wire, { enabled }, note) =>
        readExperience(type, wire, entity, enabled, note),
      {
        kind,
        defaults,
        track: (name: EventName, pairs?: EventPairs) =>
          record(name, pairs, { entity }),
      },
    );
  };

  const collections = mapped(blueprint.collections, (children) =>
    mapped(children, addChild),
  );
  const space = Object.freeze({ client, session, collections, close });
  return [space, runner, entities];
};
