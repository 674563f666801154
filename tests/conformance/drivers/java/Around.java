package mtspace.vod.runtime;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.*;
import java.util.concurrent.*;

/** What the runtime finds around itself: a clock that a case moves, storage, threads, and a counted network. */
final class Around extends Surroundings implements Storage {
  final List<String> logs = new ArrayList<>();
  final Map<Integer, Timer> requests = new TreeMap<>();
  final TreeSet<Due> timers = new TreeSet<>();
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final JvmSurroundings jvm = new JvmSurroundings();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private final boolean isServer;
  private final double chance;
  private final Path file;
  private final Map<String, Object> kept;
  private int timersSet;
  private int sent;
  private boolean isStored = true;
  volatile String storage;
  long now;

  Around(Map<String, Object> command) throws Exception {
    now = ((Double) command.get("now")).longValue();
    isServer = command.get("place").equals("server");
    chance = (Double) command.get("chance");
    storage = (String) command.get("storage");
    file = Path.of((String) command.get("file"));
    kept = Json.asObject(Json.parse(Files.readString(file)));
    jvm.acquire();
    System.setErr(new PrintStream(errors, true, "UTF-8"));
  }

  /** A timer; sorted by time, and then by when it was set. */
  final class Due implements Timer, Comparable<Due> {
    final long at;
    final Runnable call;
    private final int number = timersSet += 1;

    Due(long at, Runnable call) {
      this.at = at;
      this.call = call;
    }

    @Override
    public void cancel() {
      timers.remove(this);
    }

    @Override
    public int compareTo(Due other) {
      return at == other.at ? Integer.compare(number, other.number) : Long.compare(at, other.at);
    }
  }

  @Override
  long now() {
    return now;
  }

  @Override
  double random() {
    return chance;
  }

  @Override
  Timer after(long milliseconds, Runnable call) {
    Due due = new Due(now + milliseconds, call);
    timers.add(due);
    return due;
  }

  /** Storage that never answers holds up nothing but its own thread. */
  @Override
  void execute(Runnable work) {
    if (storage.equals("silent")) jvm.execute(work);
    else tasks.add(work);
  }

  /** Calls of the app, on its one thread. */
  void later(Runnable callback) {
    tasks.add(callback);
  }

  /** Each request carries its number, by which the relay tells what is under way. */
  @Override
  Transport transport() {
    Transport real = new HttpTransport(jvm);
    return (url, headers, body, timeoutMsec, answer) -> {
      int number = sent += 1;
      Map<String, String> numbered = new LinkedHashMap<>(headers);
      numbered.put("Conformance-Request", String.valueOf(number));
      Timer request = real.send(url, numbered, body, timeoutMsec, (status, text, retryAfter) ->
          tasks.add(() -> {
            answer.answered(status, text, retryAfter);
            requests.remove(number);
          }));
      requests.put(number, request);
      return request;
    };
  }

  /** The case is over: what it has left under way ends. */
  void end() {
    for (Timer request : requests.values()) request.cancel();
    jvm.release();
  }

  @Override
  boolean isServer() {
    return isServer;
  }

  @Override
  void acquire() {}

  @Override
  void release() {}

  /** Until nothing runs that needs no time. */
  void quiet() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) task.run();
  }

  void advance(long to) {
    while (!timers.isEmpty() && timers.first().at <= to) {
      Due due = timers.pollFirst();
      now = Math.max(now, due.at);
      due.call.run();
      quiet();
    }
    now = to;
  }

  /** What the runtime wrote to the platform's error output joins the log lines. */
  List<String> takeLogs() {
    String text = new String(errors.toByteArray(), StandardCharsets.UTF_8);
    errors.reset();
    if (!text.isEmpty()) logs.addAll(Arrays.asList(text.split("\n")));
    List<String> taken = new ArrayList<>(logs);
    logs.clear();
    return taken;
  }

  /** Null where the case has none. */
  Storage storage() {
    return storage.equals("none") ? null : this;
  }

  @Override
  public String get(String key) throws Exception {
    check(false);
    return (String) kept.get(key);
  }

  @Override
  public void set(String key, String text) throws Exception {
    Object before = kept.get(key);
    check(text.length() > (before == null ? 0 : ((String) before).length()));
    kept.put(key, text);
    isStored = false;
  }

  @Override
  public void remove(String key) throws Exception {
    check(false);
    kept.remove(key);
    isStored = false;
  }

  private void check(boolean isLonger) throws Exception {
    if (storage.equals("silent")) new CountDownLatch(1).await();
    boolean isFailing = Arrays.asList("failing", "forbidden", "rejecting").contains(storage);
    if (isFailing || (storage.equals("full") && isLonger)) throw new IllegalStateException(storage);
  }

  /** Writes what storage holds: a process that ends leaves it to the next. */
  void store() throws Exception {
    if (!isStored) Files.writeString(file, Json.write(kept));
    isStored = true;
  }
}
