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
  readonly collect: (source: EntitySource) => Collections;
}

/** Makes the entities of a Space. */
export interface EntitySource {
  /** The experience that is this child of a collection. */
  experience<Kind extends string, Properties>(
    entity: string,
    type: ExperienceType<Kind, Properties>,
  ): Experience<Kind, Properties, any>;
  /** The section that is this child of a collection. */
  section<Items>(
    entity: string,
    supports: readonly AnyExperienceType[],
  ): Section<Items>;
}

/** Makes a Space; nothing global is touched before its first use. */
export function makeSpace<Collections>(
  blueprint: Blueprint<Collections>,
): SpaceOf<Collections, any> {
  return assemble(blueprint).space;
}

/** A Space with what runs it. */
interface Assembly<Collections> {
  readonly space: SpaceOf<Collections>;
  readonly runner: Runner;
  readonly entities: ReadonlyMap<string, unknown>;
}

function assemble<Collections>({
  key,
  host,
  code,
  fallbacks,
  collect,
}: Blueprint<Collections>): Assembly<Collections> {
  const entities = new Map<string, Layers<any>>();
  const runner = makeRunner(key, host, code, entities);

  const layersOf = <State extends object>(
    entity: string,
    nothing: State,
    parse: Parse<State>,
  ) => {
    const note = () => {};
    const read = (wire: unknown) => parse(wire, nothing, note);
    const layers = makeLayers(runner, entity, parse, () =>
      readOr(read, own(fallbacks, entity), nothing, entity, note),
    );
    entities.set(entity, layers);
    return layers;
  };

  const collections = collect({
    experience(entity, type) {
      const { kind, defaults } = guarded(type);
      const nothing = Object.freeze({ enabled: false, properties: defaults });
      const layers = layersOf(entity, nothing, (wire, { enabled }, note) =>
        readExperience(type, wire, entity, enabled, note),
      );
      const track = (name: EventName, pairs?: EventPairs) =>
        runner.record(name, pairs, { entity });
      return makeEntity(layers, "properties", { kind, defaults, track });
    },
    section(entity, supports) {
      supports.forEach(guarded);
      const nothing: SectionState<readonly unknown[]> = Object.freeze({
        enabled: false,
        items: [],
      });
      const layers = layersOf(entity, nothing, (wire, otherwise, note) =>
        readSection(runner, supports, wire, entity, otherwise, note),
      );
      return makeEntity(layers, "items", {});
    },
  });
  const { client, session, close } = runner;
  const space = Object.freeze({ client, session, collections, close });
  return { space, runner, entities };
}
