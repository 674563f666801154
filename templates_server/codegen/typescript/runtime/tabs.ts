/** What wants to know how the page fares. */
interface PageWatcher {
  /** The page may be gone soon, and come back or not. */
  leave?(): void;
  /** Nobody sees the page now. */
  hide?(): void;
  /** The page is seen again. */
  show?(): void;
  /** The network may be back: what waits for it need not wait longer. */
  hurry?(): void;
}

const watchers = new Set<PageWatcher>();

/** Tells of the page until the returned function is called; of no page there is nothing to tell. */
function watchPage(watcher: PageWatcher): () => void {
  if (!hasPage()) return () => {};
  if (watchers.size === 0) listenToPage("addEventListener");
  watchers.add(watcher);
  return () => {
    if (!watchers.delete(watcher) || watchers.size > 0) return;
    listenToPage("removeEventListener");
  };
}

/** One set of listeners, whatever the number of watchers. */
function listenToPage(how: "addEventListener" | "removeEventListener"): void {
  platform[how]?.("online", hurryPage);
  platform[how]?.("pagehide", leavePage);
  platform[how]?.("pageshow", lookAtPage);
  platform.document?.[how]?.("visibilitychange", lookAtPage);
  platform.document?.[how]?.("freeze", leavePage);
  platform.document?.[how]?.("resume", lookAtPage);
}

function lookAtPage(): void {
  if (isPageHidden()) return leavePage();
  hurryPage();
  watchers.forEach((watcher) => watcher.show?.());
}

function leavePage(): void {
  watchers.forEach((watcher) => {
    watcher.leave?.();
    watcher.hide?.();
  });
}

function hurryPage(): void {
  watchers.forEach((watcher) => watcher.hurry?.());
}

function isPageHidden(): boolean {
  return platform.document?.visibilityState === "hidden";
}

/** Hears what other tabs of the browser say under this name. Undefined where tabs cannot take turns: each is on its own. */
function openChannel(
  name: string,
  hear: (news: unknown) => void,
): Channel | undefined {
  const Channels = platform.BroadcastChannel;
  if (!platform.document || !platform.navigator?.locks || !Channels)
    return undefined;
  try {
    const channel = new Channels(name);
    channel.onmessage = ({ data }) => hear(data);
    return channel;
  } catch {
    return undefined;
  }
}

/** Calls when no other tab is at its turn, which lasts until what is returned settles; at once where turns are forbidden. */
async function takeTurn(
  name: string,
  { signal }: Aborter,
  call: () => unknown,
): Promise<void> {
  try {
    await platform.navigator?.locks?.request(name, { signal }, call);
  } catch {
    call();
  }
}
