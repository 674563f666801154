/**
 * What could not be used and the server has not been told of, by code and
 * destination. It is one for all Spaces, since a server makes one for each
 * request, which starts one session and no more.
 */
const untold = /* @__PURE__ */ new Map<string, readonly string[]>();

/** Keeps that in storage too, for the next program, until a start that carried it was answered. */
interface UnknownReport {
  /** What the next start carries. */
  list(): readonly string[];
  put(entries: readonly string[]): void;
}

/** `whose` names the code and the destination: what other code has left is dropped. */
function keepReport(
  store: Store,
  client: Client,
  whose: () => string,
): UnknownReport {
  /** What an earlier program has left. */
  let left: string | null | undefined;

  const bounded = (entries: readonly string[]) =>
    Array.from(new Set(entries)).slice(0, MOST_UNKNOWN);

  const list = () => {
    if (left === undefined && client.tracking) {
      left = null;
      void proceed(store.read(REPORT), (text) => void (left = text));
    }
    const [mark, ...entries] = left?.split("\n") ?? [];
    const known = untold.get(whose()) ?? [];
    return mark === whose() ? bounded([...entries, ...known]) : known;
  };

  return {
    list,
    put(entries) {
      const all = bounded(entries);
      if (!left && equal(all, list())) return;
      left = null;
      untold.set(whose(), all);
      const text = [whose(), ...all].join("\n");
      void (all.length > 0 ? store.write(REPORT, text) : store.remove(REPORT));
    },
  };
}
