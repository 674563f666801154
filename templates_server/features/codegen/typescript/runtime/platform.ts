/** What `fetch` is asked with. */
export interface FetchOptions {
  method: string;
  headers: Record<string, string>;
  body?: string;
  keepalive?: boolean;
  // The platform's AbortSignal, a type that not every `lib` has.
  signal?: any;
}

/** What is used of the answer of `fetch`. */
export interface FetchAnswer {
  readonly status: number;
  readonly headers?: { get(name: string): string | null };
  text(): Promise<string>;
}

/** The platform's `fetch`, or one of your own: `client.fetch = ...`. */
export type Fetch = (
  url: string,
  options: FetchOptions,
) => Promise<FetchAnswer>;

/** What is used of the platform where it is there: a browser, Node, a worker. */
interface Platform {
  readonly fetch?: Fetch;
  readonly navigator?: { readonly product?: string; readonly locks?: Locks };
  readonly process?: NodeProcess;
  readonly Deno?: { unrefTimer?(timer: unknown): void };
  readonly localStorage?: SpaceStorage;
  readonly document?: Listenable & { readonly visibilityState?: string };
  readonly addEventListener?: Listen;
  readonly removeEventListener?: Listen;
  readonly BroadcastChannel?: new (name: string) => Channel;
  readonly crypto?: {
    getRandomValues?(bytes: Uint8Array): Uint8Array;
  };
  readonly console?: { error(...values: unknown[]): void };
  readonly AbortController?: new () => Aborter;
  setTimeout(call: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

interface NodeProcess {
  on?(event: string, listener: () => void): void;
  getActiveResourcesInfo?(): readonly string[];
  getBuiltinModule?(
    name: string,
  ): { readonly AsyncLocalStorage?: new () => AsyncContext } | undefined;
}

type Listen = (
  type: string,
  listener: (event: { readonly type: string }) => void,
) => void;

interface Listenable {
  readonly addEventListener?: Listen;
  readonly removeEventListener?: Listen;
}

interface Locks {
  request(
    name: string,
    options: { readonly signal: unknown },
    call: () => unknown,
  ): Promise<unknown>;
}

interface Channel {
  onmessage: ((message: { readonly data: unknown }) => void) | null;
  postMessage(data: string): void;
  close(): void;
}

interface Aborter {
  readonly signal?: unknown;
  abort?(): void;
}

const platform = globalThis as unknown as Platform;

/** @internal The time, timers and chance of this file, in one place so that a test can set its own. */
export const clock = {
  now: (): number => Date.now(),
  random: (): number => Math.random(),
  /**
   * Calls after that time, unless what is returned is called before. A program
   * may end sooner, but for what is awaited.
   */
  after(
    milliseconds: number,
    call: () => void,
    isAwaited?: boolean,
  ): () => void {
    const wait = Math.min(milliseconds, LONGEST_TIMER_MSEC);
    const timer = platform.setTimeout(call, wait);
    if (EVERYWHERE && !isAwaited) {
      (timer as { unref?(): void } | null)?.unref?.();
      if (typeof timer === "number") platform.Deno?.unrefTimer?.(timer);
    }
    return () => platform.clearTimeout(timer);
  },
};

/** Whether one person looks at what is shown here. Elsewhere, on a server, it may be many. */
const hasPage = (): boolean =>
  EVERYWHERE
    ? !!platform.document || platform.navigator?.product === "ReactNative"
    : !!platform.document;

/** Tells the developer; never throws, whatever the console and the cause are. */
const report = (message: string, cause?: unknown): void => {
  try {
    const causes = cause === undefined ? [] : [cause];
    platform.console?.error(`mtribes: ${message}`, ...causes);
  } catch {
    // There is nobody left to tell.
  }
};

/** A random UUID, version 4. A page without TLS has no `randomUUID`, and a program may have nothing but chance. */
const newId = (): string => {
  const bytes = new Uint8Array(36);
  if (EVERYWHERE && !platform.crypto?.getRandomValues) {
    bytes.forEach((_, at) => (bytes[at] = Math.random() * 256));
  } else platform.crypto!.getRandomValues!(bytes);
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, (_, at: number) =>
    ((bytes[at] ?? 0) & 15).toString(16),
  );
};

/** Where the platform has none, nothing that is under way can be cut, but its answer is not waited for. */
const newAborter = (): Aborter =>
  EVERYWHERE && !platform.AbortController
    ? {}
    : new platform.AbortController!();

/** A worker forbids to cut what another request has begun; that its answer is not waited for is enough. */
const abort = (aborter: Aborter | null | undefined): void => {
  if (EVERYWHERE) {
    try {
      aborter?.abort?.();
    } catch {
      // It ends by itself.
    }
  } else aborter?.abort?.();
};
