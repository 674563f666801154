/** Who called `session.start`, as far as what they do afterwards can be told from what others do. */
interface Caller {
  /** Their start was refused, or cut by another's: nothing of anybody else may be shown to them. */
  refused: boolean;
}

interface AsyncContext {
  enterWith(caller: Caller): void;
  getStore(): Caller | undefined;
}

/** Tells callers apart by their asynchronous context, where the platform has such: Node, Bun, Deno. */
class Callers {
  private context: AsyncContext | null = null;

  /** The caller of this moment; all that they do from here on is theirs. */
  enter(): Caller {
    const caller: Caller = { refused: false };
    this.context ??= newAsyncContext();
    this.context?.enterWith(caller);
    return caller;
  }

  get isRefused(): boolean {
    return this.context?.getStore()?.refused ?? false;
  }
}

function newAsyncContext(): AsyncContext | null {
  const module = platform.process?.getBuiltinModule?.("node:async_hooks");
  return module?.AsyncLocalStorage ? new module.AsyncLocalStorage() : null;
}
