package mtspace.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keeps events in storage from when they are tracked until they are dropped. Several Spaces may
 * share the places: what another has written is neither overwritten nor removed.
 */
final class EventStore {
  /** Lists what a record holds at present. */
  interface Contents {
    List<String> of(EventRecord record);
  }

  private final Store store;
  private final Loop loop;
  private final Contents contents;
  private final Set<EventRecord> changed = new LinkedHashSet<>();
  private EventRecord open;
  private int place;
  private boolean isBusy;

  EventStore(Store store, Clock clock, Loop loop, Contents contents) {
    this.store = store;
    this.loop = loop;
    this.contents = contents;
    this.place = (int) (clock.random() * Limits.EVENT_PLACES) % Limits.EVENT_PLACES;
  }

  /** Writes what has changed. */
  void save() {
    if (isBusy || changed.isEmpty()) return;
    Iterator<EventRecord> first = changed.iterator();
    EventRecord record = first.next();
    first.remove();
    isBusy = true;
    List<String> texts = contents.of(record);
    EventRecord kept = new EventRecord(record.to, record.place, record.text);
    store.use(
        place -> put(place, kept, texts),
        false,
        isDone -> {
          isBusy = false;
          if (isDone) {
            record.place = kept.place;
            record.text = kept.text;
          }
          save();
        });
  }

  void change(EventRecord record) {
    if (changed.isEmpty()) loop.soon(this::save);
    if (record != null) changed.add(record);
  }

  /** What the event is kept in from now on. */
  EventRecord keep(String event, String to) {
    if (open == null || !open.to.equals(to) || open.size > Limits.MOST_CHARACTERS_AGAIN) {
      place = next(place);
      open = new EventRecord(to, place, null);
    }
    open.size += event.length();
    change(open);
    return open;
  }

  /**
   * Goes on with what earlier programs, and others, have kept for this destination, less what is
   * known.
   */
  void adopt(String to, Set<String> known, Then<Map<String, EventRecord>> then) {
    store.use(
        place -> {
          List<String> texts = new ArrayList<>();
          for (int at = 0; at < Limits.EVENT_PLACES; at += 1) {
            texts.add(place.get(Store.eventsName(at)));
          }
          return texts;
        },
        new ArrayList<String>(),
        texts -> then.with(read(texts, to, known)));
  }

  void forget() {
    changed.clear();
    open = null;
  }

  private Map<String, EventRecord> read(List<String> texts, String to, Set<String> known) {
    Map<String, EventRecord> found = new LinkedHashMap<>();
    for (int at = 0; at < texts.size(); at += 1) {
      String text = texts.get(at);
      List<String> lines = Arrays.asList(text == null ? new String[] {""} : text.split("\n"));
      if (!lines.get(0).equals(to)) continue;
      EventRecord record = new EventRecord(to, at, text);
      boolean isEmpty = true;
      for (String event : lines.subList(1, lines.size())) {
        if (!isEvent(event)) continue;
        isEmpty = false;
        if (known.contains(event)) continue;
        found.put(event, record);
        if (open == null || record.size < open.size) open = record;
      }
      if (isEmpty) change(record);
    }
    return found;
  }

  /** In its place if nobody else is there by now; else in the next that is free. */
  private static boolean put(Store.Place storage, EventRecord record, List<String> texts)
      throws Exception {
    for (int tries = Limits.EVENT_PLACES; tries >= 0; tries -= 1) {
      String name = Store.eventsName(record.place);
      String found = storage.get(name);
      if (found != null && !found.equals(record.text)) {
        record.text = null;
        record.place = next(record.place);
        if (texts.isEmpty()) return true;
        continue;
      }
      if (texts.isEmpty()) {
        storage.remove(name);
        return true;
      }
      String news = record.to + "\n" + Texts.join("\n", texts);
      if (news.equals(found) || storage.set(name, news)) record.text = news;
      return true;
    }
    return true;
  }

  /** Not of what others have written there, which would be in the way of events. */
  private static boolean isEvent(String line) {
    try {
      return Texts.countBytes(line) <= Limits.MOST_EVENT_BYTES
          && Json.asObject(Json.parse(line)).get("id") instanceof String;
    } catch (Nonsense cause) {
      return false;
    }
  }

  private static int next(int place) {
    return (place + 1) % Limits.EVENT_PLACES;
  }
}
