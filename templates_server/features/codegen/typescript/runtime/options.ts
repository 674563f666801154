/** How a Space of its own is made; what is left out can be set later. */
export interface OptionsOf<States> {
  readonly apiKey?: string | undefined;
  readonly host?: string | undefined;
  readonly storage?: SpaceStorage | null | undefined;
  readonly fetch?: Fetch | null | undefined;
  readonly appVersion?: string | undefined;
  readonly appBuild?: string | undefined;
  readonly waitTimeMsec?: number | undefined;
  readonly sessionLock?: boolean | undefined;
  readonly logger?: Logger | null | undefined;
  readonly tracking?: boolean | undefined;
  /** What `session.snapshot()` gave elsewhere, such as on the server that rendered the page: it is shown at once. */
  readonly bootstrap?: Snapshot | null | undefined;
  /** For tests: what is served, by entity and raw keys. What is left out falls back. Nothing goes over the network. */
  readonly states?: States | undefined;
}

/** Makes a Space of its own. Apps that use the default Space alone leave this out of their bundle. */
export const makeSpaceWith = <Collections>(
  blueprint: Blueprint<Collections>,
  options?: OptionsOf<object>,
): SpaceOf<Collections, any> => {
  const [space, runner, entities] = assemble(blueprint);
  const [, , , , [attempt]] = runner;
  attempt("the options are left out", () =>
    apply(options ?? {}, blueprint.fallbacks, runner, entities),
  );
  return space;
};

const apply = (
  options: OptionsOf<object>,
  fallbacks: Readonly<Record<string, WireState>>,
  [client, , , log, [attempt], resume, test]: Runner,
  entities: ReadonlyMap<string, unknown>,
): void => {
  const { states, bootstrap, logger = null } = options;
  client.logger = logger;
  if (states) test(completeStates(fallbacks, states, entities, log));
  for (const name of Object.keys(client) as (keyof Client)[]) {
    const value = options[name];
    if (value !== undefined) client[name] = value as never;
  }
  if (bootstrap && !states) {
    const resumed = attempt("the bootstrap is left out", () =>
      readSnapshot(bootstrap, attempt),
    );
    if (resumed) resume(...resumed);
  }
};

/** What a test says, filled in from the fallbacks. */
const completeStates = (
  fallbacks: Readonly<Record<string, WireState>>,
  states: object,
  entities: ReadonlyMap<string, unknown>,
  log: Logger,
): Json =>
  mapped(states, (given, entity) => {
    if (!entities.has(entity)) log(`no entity ${describe(entity)}`);
    return completeState(fallbacks[entity], given);
  });

const completeState = (fallback: WireState | undefined, given: any): Json => {
  const { properties, items } = given ?? {};
  return {
    ...fallback,
    enabled: true,
    ...given,
    ...(fallback?.properties && {
      properties: { ...fallback.properties, ...properties },
    }),
    ...(Array.isArray(items) && {
      items: items.map((item: object, at) => ({
        id: String(at),
        enabled: true,
        ...item,
      })),
    }),
  };
};

/** A session that was started elsewhere, of whom, and their anonymous id. The snapshot may come from anywhere. */
const readSnapshot = (
  value: unknown,
  attempt: Attempt,
): [served: Served, person: Person, id: string] => {
  const snapshot = asObject(value);
  const { anonymousId, userId } = asObject(snapshot["person"]);
  const served = asServed(snapshot);
  return [
    // Whatever looking at the states does, it is to be done before anybody is told.
    { ...served, states: { ...served.states } },
    readOptions({ userId }, attempt),
    asAnonymousId(anonymousId),
  ];
};
