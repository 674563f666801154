/** Who wants to know how the page fares: whether it may be gone soon, or is seen again and the network may be back. */
type PageWatcher = (isGone: boolean) => void;

const watchers = new Set<PageWatcher>();

/** Tells of the page until the returned function is called; of no page there is nothing to tell. */
const watchPage = (watcher: PageWatcher): (() => void) => {
  if (EVERYWHERE && !hasPage()) return () => {};
  if (watchers.size === 0) listenToPage("addEventListener");
  watchers.add(watcher);
  return () => {
    if (watchers.delete(watcher) && watchers.size === 0) {
      listenToPage("removeEventListener");
    }
  };
};

/** One set of listeners, whatever the number of watchers. */
const listenToPage = (
  how: "addEventListener" | "removeEventListener",
): void => {
  for (const type of ["online", "pagehide", "pageshow"]) {
    platform[how]?.(type, tellWatchers);
  }
  for (const type of ["visibilitychange", "freeze", "resume"]) {
    platform.document?.[how]?.(type, tellWatchers);
  }
};

const tellWatchers = ({ type }: { readonly type: string }): void => {
  const isGone =
    /hide|freeze/.test(type) || (type !== "online" && isPageHidden());
  watchers.forEach((watcher) => watcher(isGone));
};

const isPageHidden = (): boolean => {
  return platform.document?.visibilityState === "hidden";
};

/** Hears what other tabs of the browser say under this name. Undefined where tabs cannot take turns: each is on its own. */
const openChannel = (
  name: string,
  hear: (news: unknown) => void,
): Channel | undefined => {
  if (EVERYWHERE && !platform.document) return undefined;
  if (!platform.navigator?.locks) return undefined;
  try {
    // Throws where there are none, and where they are forbidden.
    const channel = new platform.BroadcastChannel!(name);
    channel.onmessage = ({ data }) => hear(data);
    return channel;
  } catch {
    return undefined;
  }
};

/** Calls when no other tab is at its turn, which lasts until what is returned settles; at once where turns are forbidden. */
const takeTurn = async (
  name: string,
  { signal }: Aborter,
  call: () => unknown,
): Promise<void> => {
  try {
    await platform.navigator!.locks!.request(name, { signal }, call);
  } catch {
    call();
  }
};
