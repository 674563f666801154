/** Who called `session.start`, as far as what they do afterwards can be told from what others do. */
interface Caller {
  /** Stands for the Space. */
  readonly of: object;
  /** Their start was refused, or cut by another's: nothing of anybody else may be shown to them. */
  refused?: boolean;
}

interface AsyncContext {
  enterWith(callers: readonly Caller[]): void;
  getStore(): readonly Caller[] | undefined;
}

/** One for all Spaces, since each slows every asynchronous step of the program. */
let context: AsyncContext | null | undefined;

/** The caller of this moment; all that they do from here on is theirs, where the platform has such: Node, Bun, Deno. */
const enterCaller = (of: object): Caller => {
  const caller = { of };
  if (context === undefined) {
    const module = platform.process?.getBuiltinModule?.("node:async_hooks");
    context = module?.AsyncLocalStorage ? new module.AsyncLocalStorage() : null;
  }
  const others = callersHere().filter((other) => other.of !== of);
  context?.enterWith([...others.slice(-MOST_SPACES_REMEMBERED), caller]);
  return caller;
};

const callersHere = (): readonly Caller[] => {
  return context?.getStore() ?? [];
};

const refuse = (caller: Caller | undefined): void => {
  if (caller) caller.refused = true;
};

/** Whether a Space already serves somebody else. Of two visitors on a server nobody knows that they are one. */
const isTakenBy = (
  person: Person | undefined,
  next: Person | undefined,
  { status }: SessionState,
  { storage }: Client,
): boolean =>
  status !== "idle" &&
  !(areSame(person, next) && (next?.external_id || storage));

/** Whether nobody is served until the end of the session is declared. */
const isInUse = ({ failure }: SessionState): boolean => failure === "in-use";

const IN_USE =
  "another session has not ended: call session.end(), or createSpace() for each request";
