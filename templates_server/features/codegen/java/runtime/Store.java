package mtspace.runtime;

import java.util.ArrayList;
import java.util.List;

/**
 * Keeps texts of a Space by name, on a thread of the background. Waits for nothing longer than half
 * a second.
 */
final class Store {
  static final String IDENTITY = "identity";
  static final String REPORT = "unknown";

  /** So many names that whoever comes later finds all events without a list. */
  private static final String EVENTS = "events.";

  private final String prefix;
  private final Clock clock;
  private final Loop loop;
  private final ClientSettings settings;
  private final Log log;
  private final Serial background;
  private boolean isUsed;

  Store(String spaceKey, Clock clock, Loop loop, ClientSettings settings, Log log) {
    this.prefix = "mtribes." + spaceKey + ".";
    this.clock = clock;
    this.loop = loop;
    this.settings = settings;
    this.log = log;
    this.background = new Serial(clock::execute);
  }

  static String eventsName(int place) {
    return EVENTS + place;
  }

  /** Several steps in storage that belong together; what it throws has it fail. */
  interface Job<T> {
    T run(Place place) throws Exception;
  }

  /**
   * Runs the job and goes on with what it gives; with the other value where storage fails, is
   * absent or silent.
   */
  <T> void use(Job<T> job, T otherwise, Then<T> then) {
    Storage storage = settings.storage;
    Outcome<T> outcome = new Outcome<>(then);
    if (storage == null) {
      loop.soon(() -> outcome.settle(otherwise));
      return;
    }
    outcome.timer =
        clock.after(
            Limits.STORAGE_TIMEOUT_MSEC,
            () -> {
              log.once("storage does not answer");
              outcome.settle(otherwise);
            });
    background.add(() -> work(storage, job, otherwise, outcome));
    background.kick();
  }

  /** From now on there may be something of this Space in storage. */
  void markUsed() {
    isUsed |= settings.tracking;
  }

  /** Consent is withdrawn: where a session or an event came before, what is stored goes. */
  void clear() {
    if (!isUsed) return;
    List<String> names = new ArrayList<>();
    names.add(IDENTITY);
    names.add(REPORT);
    for (int place = 0; place < Limits.EVENT_PLACES; place += 1) names.add(eventsName(place));
    for (String name : names) {
      use(
          place -> {
            place.remove(name);
            return null;
          },
          null,
          nothing -> {});
    }
  }

  private <T> void work(Storage storage, Job<T> job, T otherwise, Outcome<T> outcome) {
    T result = otherwise;
    try {
      // Several Spaces may have the same storage.
      synchronized (storage) {
        result = job.run(new Place(storage));
      }
    } catch (Exception cause) {
      result = otherwise;
    }
    T settled = result;
    loop.run(() -> outcome.settle(settled));
  }

  /** The storage, as one job uses it. */
  final class Place {
    private final Storage storage;

    Place(Storage storage) {
      this.storage = storage;
    }

    /** Null for nothing. */
    String get(String name) throws Exception {
      String text = storage.get(prefix + name);
      return text == null || text.isEmpty() ? null : text;
    }

    /** False where it cannot be kept: storage fails or is full, or nothing may be tracked. */
    boolean set(String name, String text) {
      if (!settings.tracking) return false;
      try {
        storage.set(prefix + name, text);
        // Consent may be withdrawn while storage writes.
        if (settings.tracking) return true;
        remove(name);
      } catch (Exception cause) {
        return false;
      }
      return false;
    }

    void remove(String name) throws Exception {
      if (get(name) != null) storage.remove(prefix + name);
    }
  }

  /** What came of a job, once. */
  private static final class Outcome<T> {
    private final Then<T> then;
    private boolean isSettled;
    private Timer timer;

    Outcome(Then<T> then) {
      this.then = then;
    }

    void settle(T value) {
      if (isSettled) return;
      isSettled = true;
      if (timer != null) timer.cancel();
      then.with(value);
    }
  }
}
