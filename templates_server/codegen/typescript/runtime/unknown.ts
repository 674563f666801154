/**
 * What could not be used and the server has not been told of: a line for whose
 * it is, and one an entry. It is one for all Spaces of the program, since a
 * server makes one for each request, which starts one session and no more.
 */
let untold = "";

/** Keeps that in storage too, for the next program, until a start that carried it was answered. */
interface UnknownReport {
  /** What the next start carries. */
  list(): readonly string[];
  put(entries: readonly string[]): void;
}

/** `whose` names the code and the destination: others drop it. */
function keepReport(
  store: Store,
  client: Client,
  whose: () => string,
): UnknownReport {
  /** Only then has there been consent, and anything of this Space. */
  let isLoaded: boolean | undefined;
  return {
    list() {
      if (!isLoaded && client.tracking) {
        isLoaded = true;
        void proceed(store.read(REPORT), (left) => {
          // Nothing of this kind is what others have written there.
          if (/\n/.test(left as string)) untold = untold || (left as string);
        });
      }
      const [mark, ...entries] = untold.split("\n");
      return mark === whose() ? entries : [];
    },
    put(entries) {
      const all = Array.from(new Set(entries)).slice(0, MOST_UNKNOWN);
      const text = all[0] ? [whose(), ...all].join("\n") : "";
      if (!isLoaded || text === untold) return;
      untold = text;
      void (text ? store.write(REPORT, text) : store.remove(REPORT));
    },
  };
}
