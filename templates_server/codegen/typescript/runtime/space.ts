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

/** Makes the Space of that key; nothing global is touched before its first use. */
export function makeSpace<Collections>(
  key: string,
  host: string,
  fallbacks: Readonly<Record<string, WireState>>,
  collect: (source: EntitySource) => Collections,
  options?: OptionsOf<object>,
): SpaceOf<Collections> {
  const identity = new IdentityKeeper(key);
  const log = loggerOf(() => client.logger);
  const source = new EntitySource(fallbacks, {
    get locking() {
      return runner.locking;
    },
    get hidden() {
      return runner.hidden;
    },
    get testing() {
      return runner.testing;
    },
    log,
    record: (event) => runner.record(event),
  });
  const client = new Client(host, {
    identity,
    log,
    keyChanged: () => runner.keyChanged(),
    lockChanged: () => runner.lockChanged(),
    trackingChanged: () => runner.trackingChanged(),
  });
  const runner = new SessionRunner(client, identity, source, log);
  const collections = collect(source);
  configure(client, options ?? {});
  if (options?.states) runner.test(source.complete(options.states));
  else if (options?.bootstrap) runner.resume(options.bootstrap);
  return Object.freeze({
    client,
    session: sessionOf(runner),
    collections,
    close: () => runner.close(),
  });
}

const SETTABLE = [
  "logger",
  "tracking",
  "host",
  "storage",
  "fetch",
  "waitTimeMsec",
  "sessionLock",
  "apiKey",
] as const;

function configure(client: Client, options: OptionsOf<object>): void {
  for (const name of SETTABLE) {
    const value = options[name];
    if (value !== undefined) Object.assign(client, { [name]: value });
  }
}

/** Makes the entities of a Space, and takes their states. */
export class EntitySource implements Entities {
  private readonly fallbacks: Readonly<Record<string, WireState>>;
  private readonly surroundings: Surroundings;
  private readonly entities = new Map<string, Layers<any>>();

  constructor(
    fallbacks: Readonly<Record<string, WireState>>,
    surroundings: Surroundings,
  ) {
    this.fallbacks = fallbacks;
    this.surroundings = surroundings;
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

  begin(): void {
    this.entities.forEach((layers) => layers.begin());
  }

  keep(): void {
    this.entities.forEach((layers) => layers.keep());
  }

  reset(): void {
    this.entities.forEach((layers) => layers.reset());
  }

  unlock(): void {
    this.entities.forEach((layers) => layers.unlock());
  }

  announce(): void {
    this.entities.forEach((layers) => layers.announce());
  }

  serve(states: Json, whole: boolean): void {
    this.entities.forEach((layers, entity) => {
      const wire = own(states, entity);
      if (wire !== undefined) layers.serve(wire);
      else if (whole) layers.drop();
    });
  }

  /** The states of a test, filled in from the fallbacks. */
  complete(states: object): Json {
    const complete: Record<string, unknown> = {};
    for (const [entity, given] of Object.entries(states)) {
      if (!this.entities.has(entity)) {
        this.surroundings.log(`there is no entity ${describe(entity)}`);
      }
      const fallback = own(this.fallbacks, entity) as WireState | undefined;
      complete[entity] = {
        ...fallback,
        enabled: true,
        ...given,
        ...(fallback?.properties
          ? { properties: { ...fallback.properties, ...given?.properties } }
          : {}),
        ...(Array.isArray(given?.items)
          ? { items: given.items.map(completeItem) }
          : {}),
      };
    }
    return complete;
  }

  private layers<State extends object>(
    entity: string,
    parse: Parse<State>,
    nothing: State,
  ): Layers<State> {
    const layers = new Layers(this.surroundings, entity, parse, () =>
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

function completeItem(item: object, at: number): object {
  return { id: String(at), enabled: true, properties: {}, ...item };
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

/** Where the anonymous id is kept. */
export type SpaceStorage = IdentityStorage;
