/** What is to be done before a program ends: each is called when it has nothing more to do, and when it is about to end. */
const ending = new Set<() => void>();
let isListening = false;

/** Calls where the platform tells before a program ends, as Node does. */
const listenForTheEnd = (finish: () => void): void => {
  ending.add(finish);
  if (isListening) return;
  isListening = true;
  const finishAll = () => ending.forEach((finish) => finish());
  platform.process?.on?.("beforeExit", finishAll);
  platform.process?.on?.("exit", finishAll);
};

/** In Node: calls once so many requests are all that keeps the program running. Returns what ends the watching. */
const whenAlone = (
  firstLookMsec: number,
  countRequests: () => number,
  call: () => void,
): (() => void) => {
  const look = () => {
    if (isAloneWith(countRequests())) call();
    else cancel = after(ALONE_MSEC, look);
  };
  let cancel: (() => void) | undefined;
  if (platform.process?.getActiveResourcesInfo) {
    cancel = after(firstLookMsec, look);
  }
  return () => cancel?.();
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
