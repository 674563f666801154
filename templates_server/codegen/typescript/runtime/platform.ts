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

/** Where the anonymous id is kept, such as `localStorage`. */
export interface IdentityStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** What is used of the platform where it is there: a browser, Node, a worker. */
interface Platform {
  readonly fetch?: Fetch;
  readonly localStorage?: IdentityStorage;
  readonly document?: Listenable & { readonly visibilityState?: string };
  readonly addEventListener?: Listenable["addEventListener"];
  readonly crypto?: { getRandomValues?(bytes: Uint8Array): unknown };
  readonly console?: { error(...values: unknown[]): void };
  readonly AbortController?: new () => Aborter;
  readonly TextEncoder?: new () => { encode(text: string): Uint8Array };
  setTimeout(call: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

interface Listenable {
  addEventListener?(type: string, listener: () => void): void;
}

interface Aborter {
  readonly signal: unknown;
  abort(): void;
}

const platform = globalThis as unknown as Platform;
const LONGEST_TIMER_MSEC = 2 ** 31 - 1;

function after(milliseconds: number, call: () => void): unknown {
  return platform.setTimeout(
    call,
    Math.max(0, Math.min(milliseconds, LONGEST_TIMER_MSEC)),
  );
}

/** The same, but a program may end before it comes. */
function afterIfStillThere(milliseconds: number, call: () => void): unknown {
  const timer = after(milliseconds, call) as { unref?: () => void };
  if (typeof timer === "object") timer.unref?.();
  return timer;
}

/** 1 s, 2 s, 4 s ... 60 s, each between half of that and all of it, so that many apps do not come back at once. */
function backOffMsec(failures: number): number {
  const most = Math.min(60_000, 500 * 2 ** Math.min(failures, 10));
  return most * (0.5 + Math.random() / 2);
}

function report(message: string, cause?: unknown): void {
  if (cause === undefined) platform.console?.error(`mtribes: ${message}`);
  else platform.console?.error(`mtribes: ${message}`, cause);
}

/** A random UUID, version 4. */
function newId(): string {
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
