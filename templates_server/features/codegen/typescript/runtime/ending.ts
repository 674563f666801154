/** What is to be done before a program ends, by whose it is: called when it has nothing more to do, and when it is about to end. */
const ending = new Map<unknown, () => void>();
let isListening = false;

/** Calls where the platform tells before a program ends, as Node does. */
const listenForTheEnd = (whose: unknown, finish: () => void): void => {
  ending.set(whose, finish);
  if (isListening) return;
  isListening = true;
  const finishAll = () => ending.forEach((finish) => finish());
  platform.process?.on?.("beforeExit", finishAll);
  platform.process?.on?.("exit", finishAll);
};

/** What the work gives; in Node something else, once requests that are under way are all that keeps the program running. */
const unlessAlone = <T>(
  work: Promise<T>,
  firstLookMsec: number,
  underWay: ReadonlySet<unknown>,
  otherwise: () => T,
): Promise<T> => {
  if (!platform.process?.getActiveResourcesInfo) return work;
  return new Promise((resolve) => {
    const look = () => {
      if (isAloneWith(underWay.size)) resolve(otherwise());
      else cancel = clock.after(ALONE_MSEC, look);
    };
    let cancel = clock.after(firstLookMsec, look);
    void work.then((done) => {
      cancel();
      resolve(done);
    });
  });
};

const isAloneWith = (requests: number): boolean => {
  const kinds = platform.process?.getActiveResourcesInfo?.() ?? [];
  // Not the standard streams.
  const others = kinds.filter((kind) => !/^(Pipe|TTY)Wrap$/.test(kind));
  return (
    others.length > 0 &&
    others.length <= requests &&
    others.every((kind) => /^(TCPSocket|TLS|GetAddrInfoReq)Wrap$/.test(kind))
  );
};
