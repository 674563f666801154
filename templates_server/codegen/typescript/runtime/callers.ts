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

/** Tells the callers of a Space apart by their asynchronous context, where the platform has such: Node, Bun, Deno. */
interface Callers {
  /** The caller of this moment; all that they do from here on is theirs. */
  enter(): Caller;
  isRefused(): boolean;
  /** Nobody looks at this Space any more. */
  closed?: boolean;
}

function makeCallers(): Callers {
  const entries = () => context?.getStore() ?? [];
  const callers: Callers = {
    enter() {
      const caller = { refused: false };
      if (context === undefined) {
        const module = platform.process?.getBuiltinModule?.("node:async_hooks");
        context = module?.AsyncLocalStorage
          ? new module.AsyncLocalStorage()
          : null;
      }
      const others = entries()
        .filter(([space]) => space !== callers && !space.closed)
        .slice(-MOST_SPACES_REMEMBERED);
      context?.enterWith([...others, [callers, caller]]);
      return caller;
    },
    isRefused: () =>
      entries().some(([space, { refused }]) => space === callers && refused),
  };
  return callers;
}
