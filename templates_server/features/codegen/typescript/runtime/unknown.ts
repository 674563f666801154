/**
 * What could not be used and the server has not been told of: a line for whose
 * it is, and one an entry. It is one for all Spaces of the program, since a
 * server makes one for each request, which starts one session and no more.
 */
let untold = "";

/**
 * Keeps that in storage too, for the next program, until a start that carried
 * it was answered. `whose` names the code and the destination: others drop it.
 */
const keepReport = (store: Store, client: Client, whose: () => string) => {
  const [read, write, remove] = store;
  /** Only then has there been consent, and anything of this Space. */
  let isLoaded: boolean | undefined;

  /** What the next start carries. */
  const list = (): readonly string[] => {
    if (!isLoaded && client.tracking) {
      isLoaded = true;
      void proceed(read(REPORT), (left) => {
        // Nothing of this kind is what others have written there.
        if (client.tracking && /\n/.test(left)) untold = untold || left;
      });
    }
    const [mark, ...entries] = untold.split("\n", MOST_UNKNOWN + 1);
    return mark === whose()
      ? entries.map((entry) => storable(entry.slice(0, LONGEST_UNKNOWN)))
      : [];
  };

  const put = (entries: readonly string[]) => {
    const all = [...new Set(entries)].slice(0, MOST_UNKNOWN);
    const text = all[0] ? [whose(), ...all].join("\n") : "";
    if (!isLoaded || text === untold) return;
    untold = text;
    void (text ? write(REPORT, text) : remove(REPORT));
  };

  return [list, put] as const;
};
