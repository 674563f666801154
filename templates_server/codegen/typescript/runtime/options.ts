/** How a Space of its own is made; what is left out can be set later. */
export interface OptionsOf<States> {
  readonly apiKey?: string | undefined;
  readonly host?: string | undefined;
  readonly storage?: SpaceStorage | null | undefined;
  readonly fetch?: Fetch | null | undefined;
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
export function makeSpaceWith<Collections>(
  blueprint: Blueprint<Collections>,
  options?: OptionsOf<object>,
): SpaceOf<Collections> {
  const { space, source } = assemble(blueprint);
  try {
    apply(source, blueprint.fallbacks, options ?? {});
  } catch (cause) {
    source.runner.log("the options cannot be used", cause);
  }
  return space;
}

function apply(
  source: EntitySource,
  fallbacks: Readonly<Record<string, WireState>>,
  options: OptionsOf<object>,
): void {
  const { runner } = source;
  runner.client.logger = options.logger ?? null;
  if (options.states) test(source, fallbacks, options.states);
  for (const name of SETTABLE) {
    const value = options[name];
    if (value !== undefined) Object.assign(runner.client, { [name]: value });
  }
  if (options.bootstrap && !options.states) resume(runner, options.bootstrap);
}

/** `apiKey` is the last, since all else is there when it is. */
const SETTABLE = [
  "tracking",
  "host",
  "storage",
  "fetch",
  "waitTimeMsec",
  "sessionLock",
  "apiKey",
] as const;

/** Serves what a test says, filled in from the fallbacks. */
function test(
  source: EntitySource,
  fallbacks: Readonly<Record<string, WireState>>,
  states: object,
): void {
  const complete: Record<string, unknown> = {};
  for (const [entity, given] of Object.entries(states)) {
    if (!source.has(entity)) {
      source.runner.log(`no entity ${describe(entity)}`);
    }
    complete[entity] = completeState(fallbacks[entity], given);
  }
  source.runner.test(complete);
}

function completeState(fallback: WireState | undefined, given: any): Json {
  const { properties, items } = given ?? {};
  return {
    ...fallback,
    enabled: true,
    ...given,
    ...(fallback?.properties && {
      properties: { ...fallback.properties, ...properties },
    }),
    ...(Array.isArray(items) && { items: items.map(completeItem) }),
  };
}

function completeItem(item: object, at: number): object {
  return { id: String(at), enabled: true, properties: {}, ...item };
}

/** A session that was started elsewhere. */
interface Resumed extends Served, Wanted, Identity {}

/** Goes on with a snapshot, which may come from anywhere. */
function resume(runner: SessionRunner, snapshot: unknown): void {
  let resumed: Resumed;
  try {
    resumed = readSnapshot(snapshot);
  } catch (cause) {
    return runner.log("the bootstrap cannot be used", cause);
  }
  runner.resume(resumed);
}

function readSnapshot(snapshot: unknown): Resumed {
  const { anonymousId, userId } = asObject(asObject(snapshot)["person"]);
  const wanted = readOptions({ userId });
  const served = asServed(snapshot);
  return {
    ...served,
    // Whatever looking at them does, it is to be done before anybody is told.
    states: { ...served.states },
    ...wanted,
    id: asAnonymousId(anonymousId),
    owner: wanted.userId,
  };
}

function asAnonymousId(value: unknown): string {
  const id = asString(value);
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new Nonsense("no anonymous id");
  return id;
}
