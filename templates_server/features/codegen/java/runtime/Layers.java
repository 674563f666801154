package mtspace.runtime;

import java.util.ArrayList;
import java.util.List;

/**
 * Holds the layers of an entity's state, highest first: session lock, latest, the session before,
 * fallback.
 */
final class Layers<S> {
  /** Reads a state that the server sent; {@code otherwise} stands in for what cannot be used. */
  interface Parser<S> {
    S parse(Object wire, S otherwise, Note note);
  }

  private final SpaceEngine engine;
  private final String entity;
  private final Parser<S> parser;
  private final Loop.Call<S> readFallback;
  private final Listeners<S> listeners;
  private S made;
  private S first;
  private S locked;
  private S latest;
  private S before;

  /** What the server sent for the latest, and for the one before. */
  private Object latestWire = Json.MISSING;

  private Object beforeWire = Json.MISSING;
  private Object lockedWire = Json.MISSING;
  private List<String> unknown = new ArrayList<>();

  Layers(SpaceEngine engine, String entity, Parser<S> parser, Loop.Call<S> readFallback) {
    this.engine = engine;
    this.entity = entity;
    this.parser = parser;
    this.readFallback = readFallback;
    this.listeners = new Listeners<>(engine.loop, engine.log, entity, this::madeFallback);
  }

  /** What this code holds itself; it is read when it is first needed. */
  S fallback() {
    return engine.loop.call(this::madeFallback);
  }

  /** What is shown first. */
  S initial() {
    return engine.loop.call(() -> first == null || engine.isHidden() ? madeFallback() : first);
  }

  /** The state to show. While the session locks, it stays what it was when it was first read. */
  S read() {
    return engine.loop.call(
        () -> {
          if (engine.isHidden()) return madeFallback();
          S state = current();
          if (locked == null && engine.isLocking()) {
            lockedWire = wire();
            locked = state;
          }
          return state;
        });
  }

  Subscription onChange(Runnable listener) {
    return listeners.onChange(listener);
  }

  /** What could not be used of the latest state. */
  List<String> unknown() {
    return unknown;
  }

  /** What the server sent for what is shown; MISSING: the fallback is shown. */
  Object wire() {
    if (locked != null) return lockedWire;
    if (latest != null) return latestWire;
    return before != null ? beforeWire : Json.MISSING;
  }

  /** Takes a new state; one that is none at all is as good as no answer. */
  void serve(Object wire) {
    List<String> unusable = new ArrayList<>();
    Note note = (place, value) -> take(unusable, place, value);
    S state = null;
    try {
      state = parser.parse(wire, madeFallback(), note);
    } catch (Nonsense cause) {
      note.unusable(entity, wire);
    }
    S shown = current();
    latest = state != null && state.equals(shown) ? shown : state;
    latestWire = state == null ? Json.MISSING : wire;
    if (latest != null && latest == locked) lockedWire = wire;
    before = null;
    unknown = unusable;
  }

  /** What is shown now is what is shown first. */
  void begin() {
    first = current();
  }

  /** The same person starts again: what is shown stays until there is something newer. */
  void keep() {
    beforeWire = wire();
    if (locked != null) before = locked;
    else if (latest != null) before = latest;
    locked = null;
    latest = null;
  }

  void unlock() {
    locked = null;
  }

  /** Nothing is served any more. What was read stays while the session locks. */
  void drop() {
    latest = null;
    before = null;
    // Who was served the same may have had more than this code knows.
    if (locked == made) lockedWire = Json.MISSING;
    unknown = new ArrayList<>();
  }

  /** Calls the listeners if what they were told of last is no longer what is shown. */
  void announce() {
    listeners.announce(current());
  }

  private S current() {
    if (locked != null) return locked;
    if (latest != null) return latest;
    return before != null ? before : madeFallback();
  }

  private S madeFallback() {
    if (made == null) made = readFallback.call();
    return made;
  }

  private void take(List<String> unusable, String place, Object value) {
    if (value == Json.MISSING && engine.isTest()) return;
    if (unusable.size() < Limits.MOST_UNKNOWN) unusable.add(entry(place, value));
  }

  /** Such as {@code homepage.body[1].layout: "tall"}. */
  private static String entry(String place, Object value) {
    String text;
    try {
      text = value == Json.MISSING ? "missing" : Json.write(value);
    } catch (Nonsense cause) {
      text = "too deep";
    }
    return Texts.visible(Texts.shorten(place + ": " + text, Limits.LONGEST_UNKNOWN));
  }
}
