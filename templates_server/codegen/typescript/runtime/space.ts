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
    const identity = new IdentityKeeper(key);
    this.client = new Client(host, {
      identity,
      keyChanged: () => void this.runner.flush(),
      lockChanged: () => this.runner.lockChanged(),
    });
    const runner = new SessionRunner(this.client, identity, this.all());
    this.runner = runner;
    this.session = runner;
    this.surroundings = this.around(runner);
    leaveWithPage(() => runner.leave());
  }

  /** The experience that is this child of a collection. */
  experience<Kind extends string, Properties>(
    entity: string,
    type: ExperienceType<Kind, Properties>,
  ): Experience<Kind, Properties> {
    const layers = this.layers<ExperienceState<Properties>>(
      entity,
      (wire) => readExperience(type, wire),
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
      (wire) =>
        readSection(
          this.surroundings,
          entity,
          supports,
          wire,
        ) as SectionState<Items>,
      { enabled: false, items: [] as readonly unknown[] as Items },
    );
    return makeSection(layers);
  }

  private layers<State>(
    entity: string,
    parse: (wire: unknown) => State,
    nothing: State,
  ): Layers<State> {
    const fallback = parseOr(parse, own(this.fallbacks, entity), nothing);
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
      record: (event) => runner.record(event),
    };
  }

  private all(): Entities {
    const { entities } = this;
    return {
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

function parseOr<State>(
  parse: (wire: unknown) => State,
  wire: unknown,
  nothing: State,
): State {
  try {
    return parse(wire);
  } catch {
    return nothing;
  }
}

function leaveWithPage(leave: () => void): void {
  platform.addEventListener?.("pagehide", leave);
  platform.document?.addEventListener?.("visibilitychange", () => {
    if (platform.document?.visibilityState === "hidden") leave();
  });
}
