package mtspace.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What could not be used and the server has not been told of. It is kept in storage too, for the
 * next program, until a start that carried it was answered.
 */
final class UnknownReports {
  /** Names the code and the destination of a report: others drop it. */
  interface Mark {
    String text();
  }

  /**
   * A line for whose it is, and one an entry. It is one for all Spaces of the program, since a
   * server makes one for each request, which starts one session and no more.
   */
  private static String untold = "";

  private final Store store;
  private final ClientSettings settings;
  private final Mark whose;

  /** Only then has there been consent, and anything of this Space. */
  private boolean isLoaded;

  UnknownReports(Store store, ClientSettings settings, Mark whose) {
    this.store = store;
    this.settings = settings;
    this.whose = whose;
  }

  /** What the next start carries. */
  List<String> list() {
    load();
    List<String> lines = Arrays.asList(untold().split("\n"));
    if (!lines.get(0).equals(whose.text())) return Collections.emptyList();
    List<String> entries = new ArrayList<>();
    for (String entry : lines.subList(1, Math.min(lines.size(), Limits.MOST_UNKNOWN + 1))) {
      entries.add(Texts.storable(Texts.shorten(entry, Limits.LONGEST_UNKNOWN)));
    }
    return entries;
  }

  void put(Collection<String> entries) {
    Set<String> different = new LinkedHashSet<>(entries);
    List<String> all = new ArrayList<>(different);
    all = all.subList(0, Math.min(all.size(), Limits.MOST_UNKNOWN));
    String text = all.isEmpty() ? "" : whose.text() + "\n" + Texts.join("\n", all);
    if (!isLoaded || text.equals(untold())) return;
    untold(text);
    store.markUsed();
    store.use(
        place -> {
          if (!text.isEmpty()) return place.set(Store.REPORT, text);
          place.remove(Store.REPORT);
          return true;
        },
        false,
        isDone -> {});
  }

  private void load() {
    if (isLoaded || !settings.tracking) return;
    isLoaded = true;
    store.use(
        place -> place.get(Store.REPORT),
        null,
        left -> {
          // Nothing of this kind is what others have written there.
          if (settings.tracking && left != null && left.contains("\n")) untoldUnless(left);
        });
  }

  private static synchronized String untold() {
    return untold;
  }

  private static synchronized void untold(String text) {
    untold = text;
  }

  /** What this program has found itself is newer. */
  private static synchronized void untoldUnless(String left) {
    if (untold.isEmpty()) untold = left;
  }
}
