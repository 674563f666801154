/** Who called `session.start`, as far as what they do afterwards can be told from what others do. */
interface Caller {
  /** Their start was refused, or cut by another's: nothing of anybody else may be shown to them. */
  refused: boolean;
}

/** A caller of one Space. */
type Entry = readonly [space: Callers, caller: Caller];

interface AsyncContext {
  enterWith(entries: readonly Entry[]): void;
  getStore(): readonly Entry[] | undefined;
}

/** One for all Spaces, since each slows every asynchronous step of the program. */
let context: AsyncContext | null | undefined;
const MOST_SPACES_REMEMBERED = 100;

/** Tells callers apart by their asynchronous context, where the platform has such: Node, Bun, Deno. */
class Callers {
  private closed = false;

  /** The caller of this moment; all that they do from here on is theirs. */
  enter(): Caller {
    const caller: Caller = { refused: false };
    context ??= newAsyncContext();
    const others = (context?.getStore() ?? []).filter(
      ([space]) => space !== this && !space.closed,
    );
    const latest = others.slice(-MOST_SPACES_REMEMBERED);
    context?.enterWith(latest.concat([[this, caller]]));
    return caller;
  }

  get isRefused(): boolean {
    const entries = context?.getStore() ?? [];
    return entries.some(([space, { refused }]) => space === this && refused);
  }

  /** Nobody looks at this Space any more. */
  close(): void {
    this.closed = true;
  }
}

function newAsyncContext(): AsyncContext | null {
  const module = platform.process?.getBuiltinModule?.("node:async_hooks");
  return module?.AsyncLocalStorage ? new module.AsyncLocalStorage() : null;
}
