package mtspace.runtime;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Collects events and sends them in batches until the server has them; the oldest go when there are
 * too many.
 */
final class EventQueue {
  private static final Pattern NAME = Pattern.compile("\"name\":\"(.*?)\"");

  /** The places in the batch that the server's problems name, such as {@code [3].name}. */
  private static final Pattern NAMED = Pattern.compile("\"path\": *\"\\[?(\\d{1,6})");

  private final Sender sender;
  private final Pauses pauses;
  private final Clock clock;
  private final Loop loop;
  private final ClientSettings settings;
  private final Log log;
  private final EventStore kept;

  /**
   * The events that wait, as they will be sent, with what each is kept in; null: it waits for a
   * key.
   */
  private Map<String, EventRecord> waiting = new LinkedHashMap<>();

  /** Those that were sent when the app went to the background. */
  private final Set<String> leaving = new HashSet<>();

  private final List<Runnable> flushed = new ArrayList<>();
  private int atOnce = Limits.MOST_EVENTS_AT_ONCE;
  private int failures;
  private int refusals;
  private boolean isClosed;
  private boolean isSending;
  private Timer pause;

  /** Where the events of earlier programs belong that are here. */
  private String restored = "";

  EventQueue(
      Sender sender,
      Pauses pauses,
      Clock clock,
      Loop loop,
      ClientSettings settings,
      Log log,
      Store store) {
    this.sender = sender;
    this.pauses = pauses;
    this.clock = clock;
    this.loop = loop;
    this.settings = settings;
    this.log = log;
    this.kept = new EventStore(store, clock, loop, this::contents);
  }

  void add(Map<String, Object> event) {
    if (!settings.tracking) return;
    String text = Json.write(event);
    Nonsense.ensure(
        Texts.countBytes(text) <= Limits.MOST_EVENT_BYTES,
        "more than " + Limits.MOST_EVENT_BYTES + " bytes");
    waiting.put(text, null);
    claim();
    collect();
  }

  /** Sends what is waiting; goes on when that is done or has failed. */
  void flush(Runnable done) {
    wake();
    claim();
    if (isSending) {
      flushed.add(done);
      return;
    }
    restore();
    if (next(atOnce, Limits.MOST_BYTES_AT_ONCE).isEmpty()) {
      done.run();
      return;
    }
    flushed.add(done);
    isSending = true;
    sendNext();
  }

  /**
   * Sends at once what an app that goes to the background has time for; the rest follows when that
   * has arrived.
   */
  void leave() {
    for (EventRecord record : waiting.values()) kept.change(record);
    kept.save();
    int underWay = 0;
    for (String event : leaving) underWay += Texts.countBytes(event) + 1;
    List<String> batch = next(Limits.MOST_EVENTS_QUEUED, Limits.LEAVING_BYTES - underWay);
    if (batch.isEmpty()) return;
    leaving.addAll(batch);
    post(
        batch,
        reply -> {
          leaving.removeAll(batch);
          if (reply.isSuccess()) {
            drop(batch);
            leave();
          }
          collect();
        });
  }

  /** Takes over what earlier programs could not send to where this one sends. */
  void restore() {
    // An app may go on to say where the server is, or that nothing is tracked.
    loop.soon(
        () -> {
          String to = sender.destination();
          if (to.isEmpty() || !settings.tracking || restored.equals(to)) return;
          restored = to;
          claim();
          kept.adopt(to, waiting.keySet(), found -> adopt(to, found));
        });
  }

  /** Consent is withdrawn: what waits is dropped. */
  void dropAll() {
    wake();
    waiting.clear();
    restored = "";
    kept.forget();
  }

  /** Sends what is waiting, and then no more. */
  void close(Runnable done) {
    isClosed = true;
    flush(
        () -> {
          wake();
          if (!waiting.isEmpty()) log.log("events not sent: " + waiting.size(), null);
          done.run();
        });
  }

  private void adopt(String to, Map<String, EventRecord> found) {
    if (!restored.equals(to)) return;
    Map<String, EventRecord> all = new LinkedHashMap<>(found);
    all.putAll(waiting);
    waiting = all;
    collect();
  }

  private List<String> contents(EventRecord record) {
    List<String> events = new ArrayList<>();
    for (Map.Entry<String, EventRecord> entry : waiting.entrySet()) {
      if (entry.getValue() == record) events.add(entry.getKey());
    }
    return events;
  }

  /** Events that were recorded before there was a key are for the first. */
  private void claim() {
    String to = sender.destination();
    if (to.isEmpty()) return;
    for (Map.Entry<String, EventRecord> entry : waiting.entrySet()) {
      if (entry.getValue() == null) entry.setValue(kept.keep(entry.getKey(), to));
    }
  }

  private void drop(List<String> events) {
    for (String event : events) {
      kept.change(waiting.get(event));
      waiting.remove(event);
    }
  }

  /** Ends a pause. */
  private void wake() {
    if (pause != null) pause.cancel();
    pause = null;
  }

  private void collect() {
    int over = waiting.size() - Limits.MOST_EVENTS_QUEUED;
    if (over > 0) {
      log.once("dropped events: more than " + Limits.MOST_EVENTS_QUEUED);
      drop(new ArrayList<>(waiting.keySet()).subList(0, over));
    }
    if (isClosed || waiting.isEmpty() || pause != null || isSending) return;
    pause = clock.after(Limits.COLLECTING_MSEC, () -> flush(() -> {}));
  }

  /** The oldest events that are for where it sends now, have not left yet, and fit. */
  private List<String> next(int most, int room) {
    List<String> batch = new ArrayList<>();
    String to = sender.destination();
    for (Map.Entry<String, EventRecord> entry : waiting.entrySet()) {
      if (batch.size() == most) break;
      String event = entry.getKey();
      boolean isHere = entry.getValue() != null && entry.getValue().to.equals(to);
      if (!isHere || leaving.contains(event)) continue;
      int bytes = Texts.countBytes(event);
      if (bytes >= room) continue;
      room -= bytes + 1;
      batch.add(event);
    }
    return batch;
  }

  private void post(List<String> batch, Then<Reply> then) {
    sender.send("/events", "[" + Texts.join(",", batch) + "]", new Aborter(), then);
  }

  private void sendNext() {
    List<String> batch = next(atOnce, Limits.MOST_BYTES_AT_ONCE);
    if (batch.isEmpty() || pause != null) {
      isSending = false;
      List<Runnable> present = new ArrayList<>(flushed);
      flushed.clear();
      for (Runnable done : present) done.run();
      return;
    }
    post(
        batch,
        reply -> {
          take(batch, reply);
          sendNext();
        });
  }

  private void take(List<String> batch, Reply reply) {
    if (reply.isSuccess()) {
      drop(batch);
      // Where something in between takes no more, that is how many it takes.
      atOnce = Math.min(2 * atOnce, Limits.MOST_EVENTS_AT_ONCE);
      failures = 0;
      refusals = 0;
      return;
    }
    if (reply.isRefusal()) {
      refuse(batch, reply.text);
      failures = 0;
      refusals += 1;
      if (refusals <= Limits.MOST_REFUSALS_AT_ONCE) return;
    }
    failures += 1;
    pause = pauses.afterFailure(failures, reply, () -> flush(() -> {}));
  }

  /**
   * Some bad events have a whole batch refused: drop those that are named, or find them by halves.
   */
  private void refuse(List<String> batch, String text) {
    Set<Integer> named = named(text);
    List<String> bad = new ArrayList<>();
    for (int at = 0; at < batch.size(); at += 1) {
      if (named.contains(at) || batch.size() == 1) bad.add(batch.get(at));
    }
    atOnce = (batch.size() + 1) / 2;
    if (bad.isEmpty()) return;
    atOnce = Limits.MOST_EVENTS_AT_ONCE;
    List<String> names = new ArrayList<>();
    for (String event : bad) names.add(nameOf(event));
    String such = Texts.shorten(Texts.join(", ", names), Limits.LONGEST_UNKNOWN);
    String told = Texts.shorten(text, Limits.LONGEST_UNKNOWN);
    log.log("refused events: " + bad.size() + ", such as " + such + ": " + told, null);
    drop(bad);
  }

  /** Found only when it is needed: most events are never told of. */
  private static String nameOf(String event) {
    Matcher name = NAME.matcher(event);
    return name.find() ? name.group(1) : "?";
  }

  private static Set<Integer> named(String text) {
    Set<Integer> places = new HashSet<>();
    for (Matcher path = NAMED.matcher(text); path.find(); ) {
      places.add(Integer.valueOf(path.group(1)));
    }
    return places;
  }
}
