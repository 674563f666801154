/** A Space in an app: its client, its session, and the entities of its collections. */
export class Space {
  readonly client: Client;
  readonly session: Session;
  private readonly fallbacks: Readonly<Record<string, WireState>>;
  private readonly runner: SessionRunner;
  private readonly entities = new Map<string, Layers<any>>();
  private readonly surroundings: Surroundings;

  constructor(
    key: string,
    host: string,
    fallbacks: Readonly<Record<string, WireState>>,
  ) {
    this.fallbacks = fallbacks;
    const store = new Store(key);
    this.client = new Client(host, {
      store,
      keyChanged: () => this.runner.keyChanged(),
      lockChanged: () => this.runner.lockChanged(),
    });
    const runner = new SessionRunner(this.client, store, this.all());
    this.runner = runner;
    this.session = sessionOf(runner);
    this.surroundings = this.around(runner);
    leaveWithPage(() => runner.leave());
    platform.addEventListener?.("online", () => runner.hurry());
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
    return makeExperience(this.surroundings, entity, guarded(type), layers);
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
          this.surroundings,
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

  private layers<State>(
    entity: string,
    parse: Parse<State>,
    nothing: State,
  ): Layers<State> {
    const fallback = readOr(
      (wire) => parse(wire, nothing, () => {}),
      own(this.fallbacks, entity),
      nothing,
      entity,
      () => {},
    );
    const layers = new Layers(this.surroundings, entity, parse, fallback);
    this.entities.set(entity, layers);
    return layers;
  }

  private around(runner: SessionRunner): Surroundings {
    const { client } = this;
    return {
      get locking() {
        const settled =
          runner.status === "served" || runner.status === "fallback";
        return settled && client.sessionLock;
      },
      get hidden() {
        return runner.hidden;
      },
      record: (event) => runner.record(event),
    };
  }

  private all(): Entities {
    const { entities } = this;
    return {
      get unknown() {
        const lists = Array.from(entities.values(), ({ unknown }) => unknown);
        const none: readonly string[] = [];
        return none.concat(...lists).slice(0, MOST_UNKNOWN);
      },
      reset: () => entities.forEach((layers) => layers.reset()),
      unlock: () => entities.forEach((layers) => layers.unlock()),
      announce: () => entities.forEach((layers) => layers.announce()),
      serve: (states) =>
        entities.forEach((layers, entity) => {
          const wire = own(states, entity);
          if (wire !== undefined) layers.serve(wire);
        }),
    };
  }
}

/** What an app sees of the runner; its functions need no `this`. */
function sessionOf(runner: SessionRunner): Session {
  const start = (options?: StartOptions) => runner.start(options);
  return {
    get status() {
      return runner.hidden ? "fallback" : runner.status;
    },
    get failure() {
      return runner.hidden ? "in-use" : runner.failure;
    },
    get unknown() {
      return runner.hidden ? [] : runner.unknown;
    },
    start,
    track: (name, pairs) => runner.record({ name, pairs }),
    flush: () => runner.flush(),
    end: () => runner.end(),
    identify: (userId, fields) => start({ userId, fields }),
    anonymize: (fields) => start({ fields }),
  };
}

function leaveWithPage(leave: () => void): void {
  platform.addEventListener?.("pagehide", leave);
  platform.document?.addEventListener?.("visibilitychange", () => {
    if (platform.document?.visibilityState === "hidden") leave();
  });
}
