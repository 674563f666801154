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
): SpaceOf<Collections, any> => assemble(blueprint)[0];

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
  const entities = new Map<string, Layers>();
  const runner = makeRunner(key, host, code, entities);
  const [client, session, close, , surroundings] = runner;
  const [, trackerOf] = surroundings;

  const add = <Content extends string>(
    entity: string,
    content: Content,
    nothing: StateOf<Content>,
    parse: Parse<StateOf<Content>>,
    rest?: object,
  ) => {
    const [shown, layers] = makeLayers(
      surroundings,
      entity,
      content,
      nothing,
      fallbacks[entity],
      parse,
      rest,
    );
    entities.set(entity, layers);
    return shown;
  };

  const addChild = ([entity, type]: ChildType) => {
    if (!("kind" in type)) {
      const supports = type.map(described);
      return add(
        entity,
        "items",
        freeze({ enabled: false, items: [] }),
        sectionReader(trackerOf, supports, entity),
      );
    }
    const { kind, defaults } = described(type);
    return add(
      entity,
      "properties",
      freeze({ enabled: false, properties: defaults }),
      (wire, { enabled }, note) =>
        readExperience(type, wire, entity, enabled, note),
      { kind, defaults, track: trackerOf({ entity }) },
    );
  };

  const collections = mapped(blueprint.collections, (children) =>
    mapped(children, addChild),
  );
  const space = freeze({ client, session, collections, close });
  return [space, runner, entities];
};
