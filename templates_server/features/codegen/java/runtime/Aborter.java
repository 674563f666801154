package mtspace.runtime;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts what is under way. Each stands for one stretch of work too: another one means that it is
 * over.
 */
final class Aborter {
  private final List<Runnable> cuts = new ArrayList<>();

  void add(Runnable cut) {
    cuts.add(cut);
  }

  void abort() {
    List<Runnable> present = new ArrayList<>(cuts);
    cuts.clear();
    for (Runnable cut : present) cut.run();
  }
}
