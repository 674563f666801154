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
    getRandomValues?(bytes: Uint8Array): unknown;
    randomUUID?(): string;
  };
  readonly console?: { error(...values: unknown[]): void };
  readonly AbortController?: new () => Aborter;
  readonly TextEncoder?: new () => { encode(text: string): Uint8Array };
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

type Listen = (type: string, listener: () => void) => void;

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
  readonly signal: unknown;
  abort(): void;
}

const platform = globalThis as unknown as Platform;
/** @internal The time, timers and chance of this file, in one place so that a test can set its own. */
export const clock = {
  now: (): number => Date.now(),
  setTimeout: (call: () => void, milliseconds: number): unknown =>
    platform.setTimeout(call, milliseconds),
  clearTimeout: (timer: unknown) => platform.clearTimeout(timer),
  random: (): number => Math.random(),
};

const LONGEST_TIMER_MSEC = 2_147_483_647;

function after(milliseconds: number, call: () => void): unknown {
  return clock.setTimeout(
    call,
    Math.max(0, Math.min(milliseconds, LONGEST_TIMER_MSEC)),
  );
}

/** The same, but a program may end before it comes. */
function afterIfStillThere(milliseconds: number, call: () => void): unknown {
  const timer = after(milliseconds, call) as { unref?: () => void };
  if (typeof timer === "object") timer.unref?.();
  else platform.Deno?.unrefTimer?.(timer);
  return timer;
}

/** Whether one person looks at what is shown here. Elsewhere, on a server, it may be many. */
function hasPage(): boolean {
  return !!platform.document || platform.navigator?.product === "ReactNative";
}

const SOCKETS = /^(TCPSocketWrap|TLSWrap|GetAddrInfoReqWrap)$/;
const STANDARD_STREAMS = /^(PipeWrap|TTYWrap)$/;

/** In Node: whether nothing but that many requests keeps the program running. */
function aloneWith(requests: number): boolean {
  const kinds = platform.process?.getActiveResourcesInfo?.() ?? [];
  const others = kinds.filter((kind) => !STANDARD_STREAMS.test(kind));
  const sockets = others.filter((kind) => SOCKETS.test(kind)).length;
  return sockets > 0 && sockets === others.length && sockets <= requests;
}

/** Tells the developer; never throws, whatever the console and the cause are. */
function report(message: string, cause?: unknown): void {
  try {
    const text = `mtribes: ${message}`;
    if (cause === undefined) platform.console?.error(text);
    else platform.console?.error(`${text}:`, messageOf(cause));
  } catch {
    // There is nobody left to tell.
  }
}

/** Of an error of our own the message is enough. */
function messageOf(cause: unknown): unknown {
  return cause instanceof Nonsense ? cause.message : cause;
}

/** A random UUID, version 4. That of the platform is much faster; a page without TLS has none. */
function newId(): string {
  if (platform.crypto?.randomUUID) return platform.crypto.randomUUID();
  const bytes = new Uint8Array(16);
  if (platform.crypto?.getRandomValues) platform.crypto.getRandomValues(bytes);
  else bytes.forEach((_, at) => (bytes[at] = Math.floor(Math.random() * 256)));
  const hex = Array.from(bytes, (byte, at) => {
    if (at === 6) byte = (byte & 0x0f) | 0x40;
    if (at === 8) byte = (byte & 0x3f) | 0x80;
    return (byte + 256).toString(16).slice(1);
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
