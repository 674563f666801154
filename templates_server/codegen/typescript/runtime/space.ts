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
export function makeSpace<Collections>(
  blueprint: Blueprint<Collections>,
): SpaceOf<Collections> {
  return assemble(blueprint).space;
}

/** A Space with what runs it. */
interface Assembly<Collections> {
  readonly space: SpaceOf<Collections>;
  readonly source: EntitySource;
}

function assemble<Collections>(
  blueprint: Blueprint<Collections>,
): Assembly<Collections> {
  const source = new EntitySource(blueprint);
  const { runner } = source;
  const space = Object.freeze({
    client: runner.client,
    session: sessionOf(runner),
    collections: blueprint.collect(source),
    close: () => runner.close(),
  });
  return { space, source };
}

/** Makes the entities of a Space, and takes their states. */
export class EntitySource implements Entities {
  private readonly fallbacks: Readonly<Record<string, WireState>>;
  /** @internal Runs the sessions of the Space. */
  readonly runner: SessionRunner;
  private readonly entities = new Map<string, Layers<any>>();

  constructor({ key, host, fallbacks }: Blueprint<unknown>) {
    this.fallbacks = fallbacks;
    this.runner = new SessionRunner(key, host, this);
  }

  /** Whether there is such an entity. */
  has(entity: string): boolean {
    return this.entities.has(entity);
  }

  /** The experience that is this child of a collection. */
  experience<Kind extends string, Properties>(
    entity: string,
    type: ExperienceType<Kind, Properties>,
  ): Experience<Kind, Properties> {
    const layers = this.layers<ExperienceState<Properties>>(
      entity,
      (wire, otherwise, note) =>
        readExperience(type, wire, entity, otherwise, note),
      { enabled: false, properties: type.defaults },
    );
    return makeExperience(this.runner, entity, guarded(type), layers);
  }

  /** The section that is this child of a collection. */
  section<Items>(
    entity: string,
    supports: readonly AnyExperienceType[],
  ): Section<Items> {
    supports.forEach(guarded);
    const layers = this.layers<SectionState<Items>>(
      entity,
      (wire, otherwise, note) =>
        readSection(
          this.runner,
          supports,
          wire,
          entity,
          otherwise as SectionState<any>,
          note,
        ) as SectionState<any>,
      { enabled: false, items: [] as readonly unknown[] as Items },
    );
    return makeSection(layers);
  }

  get unknown(): readonly string[] {
    const lists = Array.from(this.entities.values(), ({ unknown }) => unknown);
    const none: readonly string[] = [];
    return none.concat(...lists).slice(0, MOST_UNKNOWN);
  }

  get wires(): Json {
    const wires: Record<string, unknown> = {};
    this.entities.forEach(({ wire }, entity) => {
      if (wire !== undefined) wires[entity] = wire;
    });
    return wires;
  }

  each(call: (layers: Layers<any>) => void): void {
    this.entities.forEach((layers) => call(layers));
  }

  serve(states: Json, whole: boolean): void {
    this.entities.forEach((layers, entity) => {
      const wire = own(states, entity);
      if (wire !== undefined) layers.serve(wire);
      else if (whole) layers.drop();
    });
  }

  private layers<State extends object>(
    entity: string,
    parse: Parse<State>,
    nothing: State,
  ): Layers<State> {
    const layers = new Layers(this.runner, entity, parse, () =>
      readOr(
        (wire) => parse(wire, nothing, () => {}),
        own(this.fallbacks, entity),
        Object.freeze(nothing),
        entity,
        () => {},
      ),
    );
    this.entities.set(entity, layers);
    return layers;
  }
}

/** What an app sees of the runner; its functions need no `this`. */
function sessionOf(runner: SessionRunner): Session {
  const start = (options?: StartOptions) => runner.start(options);
  const state = () => (runner.hidden ? REFUSED : runner.state);
  return {
    get status() {
      return state().status;
    },
    get failure() {
      return state().failure;
    },
    get revision() {
      return state().revision;
    },
    get state() {
      return state();
    },
    get unknown() {
      return runner.hidden ? [] : runner.unknown;
    },
    start,
    track: (name, pairs) => runner.record({ name, pairs }),
    flush: () => runner.flush(),
    end: () => runner.end(),
    onChange: (listener) => runner.listeners.listen(listener),
    snapshot: () => runner.snapshot(),
    identify: (userId, fields) => start({ userId, fields }),
    anonymize: (fields) => start({ fields }),
  };
}
