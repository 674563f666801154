package mtspace.vod.runtime;

import java.util.*;
import java.util.concurrent.*;
import java.util.function.UnaryOperator;
import mtspace.vod.Events;
import mtspace.vod.Mtribes;
import mtspace.vod.Space;
import mtspace.vod.SpaceCollections;

/** Drives the Java runtime through the conformance cases: templates_server/docs/development/conformance.md. */
public final class Driver implements UnaryOperator<String>, AutoCloseable {
  private static final List<Object> FEATURES = Arrays.asList("page", "server", "default space",
      "created space", "async storage", "stable objects", "platform log", "live changes",
      "kept events", "one session a space");
  private final Map<String, App> spaces = new HashMap<>();
  private final Map<String, ExecutorService> callers = new HashMap<>();
  private final Map<String, Subscription> listeners = new HashMap<>();
  private final Map<String, Object> known = new HashMap<>();
  private final List<Object> pending = new ArrayList<>();
  private final List<Object> broken = new ArrayList<>();
  private final List<Object> calls = new ArrayList<>();
  private Around around;

  /** The default Space, or one of its own. */
  private record App(Client client, Session session, SpaceCollections collections, Space space) {
    void close(Runnable closed) {
      if (space != null) space.close(closed);
      else Mtribes.close();
    }
  }

  @Override
  public String apply(String line) {
    Map<String, Object> command = Json.asObject(Json.parse(line));
    Map<String, Object> reply = new LinkedHashMap<>();
    try {
      reply.put("value", run(command));
      around.quiet();
      around.store();
    } catch (Exception error) {
      reply.put("error", String.valueOf(error));
    }
    reply.put("now", (double) around.now);
    reply.put("next", around.timers.isEmpty() ? null : (double) around.timers.first().at);
    reply.put("open", new ArrayList<Object>(around.requests.keySet()));
    reply.put("watching", 0);
    reply.put("pending", pending);
    reply.put("broken", new ArrayList<>(broken));
    reply.put("calls", new ArrayList<>(calls));
    reply.put("logs", around.takeLogs());
    broken.clear();
    calls.clear();
    return Json.write(reply);
  }

  @Override
  public void close() {
    around.end();
  }

  /** What runs for one caller does so on one thread. */
  private Object run(Map<String, Object> command) throws Exception {
    String caller = (String) command.get("as");
    if (caller == null) return perform(command);
    ExecutorService thread = callers.computeIfAbsent(caller, name -> Executors.newSingleThreadExecutor(work -> {
      Thread made = new Thread(work);
      made.setDaemon(true);
      return made;
    }));
    return thread.submit(() -> perform(command)).get();
  }

  private Object perform(Map<String, Object> command) throws Exception {
    String name = (String) command.get("do");
    App app = spaces.get(command.get("space"));
    switch (name) {
      case "begin":
        around = new Around(command);
        Surroundings.replace(around);
        return Json.object("language", "java", "features", FEATURES);
      case "create": create(command); break;
      case "set": set(app.client, (String) command.get("name"), command.get("value")); break;
      case "start": call(name, done -> start(app.session, Json.asObject(command.get("options")), done)); break;
      case "end": call(name, app.session::end); break;
      case "flush": call(name, app.session::flush); break;
      case "close": call(name, app::close); break;
      case "identify": case "anonymize": call(name, done -> deprecated(app.session, command, done)); break;
      case "track": track(app, command); break;
      case "read": return read(app, (String) command.get("space"), (String) command.get("entity"));
      case "status": return status(app.session, (String) command.get("space"));
      case "snapshot":
        String snapshot = app.session.snapshot();
        return snapshot == null ? null : Json.parse(snapshot);
      case "listen": listen(app, command); break;
      case "stop": listeners.get(command.get("name")).close(); break;
      case "storage": around.storage = (String) command.get("kind"); break;
      case "page": page((String) command.get("event")); break;
      case "advance": around.advance(((Double) command.get("to")).longValue()); break;
      case "settle": Thread.sleep(1); break;
      default: throw new IllegalArgumentException(name);
    }
    return null;
  }

  private interface Work {
    void run(Runnable done);
  }

  private void call(String name, Work work) {
    pending.add(name);
    try {
      work.run(() -> pending.remove(name));
    } catch (RuntimeException error) {
      pending.remove(name);
      broken.add(name + " threw: " + error);
    }
  }

  private void create(Map<String, Object> command) {
    Map<String, Object> options = Json.asObject(command.get("options"));
    Object logging = options.remove("logger");
    Logger logger = "platform".equals(logging) ? null : (message, cause) -> {
      if (logging != null) throw new IllegalStateException("the logger fails");
      around.logs.add(cause == null ? message : message + ": " + cause);
    };
    String space = (String) command.get("space");
    if (command.get("kind").equals("default")) {
      Mtribes.client.setLogger(logger);
      Mtribes.client.setExecutor(around::later);
      Object key = options.remove("apiKey");
      options.forEach((name, value) -> set(Mtribes.client, name, value));
      Mtribes.initialize((String) key, around.storage());
      spaces.put(space, new App(Mtribes.client, Mtribes.session, Mtribes.collections, null));
      return;
    }
    Object states = options.get("states");
    SpaceOptions.Builder made = states == null
        ? SpaceOptions.builder((String) options.get("apiKey")) : SpaceOptions.test(Json.asObject(states));
    made.logger(logger).executor(around::later).storage(around.storage());
    made.host((String) options.get("host")).waitTimeMsec(((Double) options.get("waitTimeMsec")).intValue());
    made.appVersion((String) options.get("appVersion")).appBuild((String) options.get("appBuild"));
    if (options.containsKey("sessionLock")) made.sessionLock((Boolean) options.get("sessionLock"));
    if (options.containsKey("tracking")) made.tracking((Boolean) options.get("tracking"));
    if (options.containsKey("bootstrap")) made.bootstrap(Json.write(options.get("bootstrap")));
    Space own = Mtribes.createSpace(made.build());
    spaces.put(space, new App(own.client, own.session, own.collections, own));
  }

  private static void set(Client client, String name, Object value) {
    switch (name) {
      case "apiKey": client.setApiKey((String) value); break;
      case "host": client.setHost((String) value); break;
      case "sessionLock": client.setSessionLock((Boolean) value); break;
      case "waitTimeMsec": client.setWaitTimeMsec(((Double) value).intValue()); break;
      case "tracking": client.setTracking((Boolean) value); break;
      case "appVersion": client.setAppVersion((String) value); break;
      case "appBuild": client.setAppBuild((String) value); break;
      default: throw new IllegalArgumentException(name);
    }
  }

  private static void start(Session session, Map<String, Object> options, Runnable done) {
    Object fields = options.get("fields");
    StartOptions given = new StartOptions((String) options.get("userId"),
        fields == null ? null : Json.asObject(fields), (String) options.get("userSignature"));
    session.start(given, status -> done.run());
  }

  @SuppressWarnings("deprecation")
  private static void deprecated(Session session, Map<String, Object> command, Runnable done) {
    Object given = command.get("fields");
    Map<String, Object> fields = given == null ? null : Json.asObject(given);
    if (command.get("do").equals("anonymize")) session.anonymize(fields);
    else session.identify((String) command.get("userId"), fields);
    done.run();
  }

  private static Object entity(App app, String entity) throws Exception {
    Object of = app.collections;
    for (String part : entity.split("\\.")) of = of.getClass().getMethod(part).invoke(of);
    return of;
  }

  private void track(App app, Map<String, Object> command) throws Exception {
    String of = (String) command.get("of");
    int bracket = of == null ? -1 : of.indexOf('[');
    Object target = of == null ? app.session : entity(app, bracket < 0 ? of : of.substring(0, bracket));
    if (bracket >= 0) {
      int at = Integer.parseInt(of.substring(bracket + 1, of.length() - 1));
      target = ((SectionItem) ((Section<?>) target).items().get(at)).experience();
    }
    Object metadata = command.get("metadata");
    for (int number = 0; number < (Double) command.get("times"); number += 1) {
      String name = ((String) command.get("name")).replace("#", String.valueOf(number));
      if (metadata != null) track(target, event(name, Json.asArray(metadata)));
      else track(target, name, pairs(command.get("pairs")));
    }
  }

  private static void track(Object target, Event event) {
    if (target instanceof Session) ((Session) target).track(event);
    else if (target instanceof Experience) ((Experience<?>) target).track(event);
    else ((ExperienceItem<?>) target).track(event);
  }

  private static void track(Object target, String name, Pair... pairs) {
    if (target instanceof Session) ((Session) target).track(name, pairs);
    else if (target instanceof Experience) ((Experience<?>) target).track(name, pairs);
    else ((ExperienceItem<?>) target).track(name, pairs);
  }

  private static Pair[] pairs(Object given) {
    List<Pair> pairs = new ArrayList<>();
    for (Object each : given == null ? new ArrayList<>() : Json.asArray(given)) {
      pairs.add(new Pair((String) Json.asArray(each).get(0), (String) Json.asArray(each).get(1)));
    }
    return pairs.toArray(new Pair[0]);
  }

  private static Event event(String name, List<Object> metadata) {
    Map<Object, Object> given = new HashMap<>();
    for (Object each : metadata) given.put(Json.asArray(each).get(0), Json.asArray(each).get(1));
    if (name.equals("video/completed")) {
      Events.VideoCompleted.Builder made = Events.videoCompleted().title((String) given.get("title"));
      for (Events.VideoCompleted.Genre genre : Events.VideoCompleted.Genre.values()) {
        if (genre.text().equals(given.get("genre"))) made.genre(genre);
      }
      return made.build();
    }
    Events.SearchDone.Builder made = Events.searchDone();
    if (given.containsKey("is-first")) made.isFirst((Boolean) given.get("is-first"));
    Object results = given.get("results");
    if (results instanceof Double) made.results((Double) results);
    else if (results != null) made.results(Double.parseDouble((String) Json.asObject(results).get("number")));
    return made.build();
  }

  private boolean isKnown(String place, Object object) {
    return known.put(place, object) == object;
  }

  private Object read(App app, String space, String name) throws Exception {
    Object entity = entity(app, name);
    if (entity instanceof Section) {
      Section<?> section = (Section<?>) entity;
      Map<String, Object> read = stateOf(section.state());
      read.put("unchanged", isKnown(space + " " + name, section.state()));
      read.put("fallback", stateOf(section.fallback()));
      read.put("initial", stateOf(section.initial()));
      return read;
    }
    Experience<?> experience = (Experience<?>) entity;
    Map<String, Object> read = stateOf(experience.state());
    read.put("unchanged", isKnown(space + " " + name, experience.state()));
    read.put("defaults", Json.normalise(experience.defaults().asMap()));
    read.put("fallback", stateOf(experience.fallback()));
    read.put("initial", stateOf(experience.initial()));
    return read;
  }

  private static Map<String, Object> stateOf(Object of) {
    if (of instanceof ExperienceState) {
      ExperienceState<?> state = (ExperienceState<?>) of;
      return Json.object("enabled", state.enabled(),
          "properties", Json.normalise(((ExperienceProperties) state.properties()).asMap()));
    }
    SectionState<?> state = (SectionState<?>) of;
    List<Object> items = new ArrayList<>();
    for (Object each : state.items()) {
      ExperienceItem<?> item = ((SectionItem) each).experience();
      items.add(Json.object("kind", item.kind(), "id", item.id(), "enabled", item.enabled(),
          "properties", Json.normalise(item.properties().asMap())));
    }
    return Json.object("enabled", state.enabled(), "items", items);
  }

  private Object status(Session session, String space) {
    SessionState state = session.state();
    Map<String, Object> status = stateOf(state);
    status.put("unknown", session.unknown());
    status.put("state", stateOf(state));
    status.put("unchanged", isKnown(space + " session", state));
    return status;
  }

  private static Map<String, Object> stateOf(SessionState state) {
    Map<String, Object> status = Json.object("status", state.status().text());
    status.put("failure", state.failure() == null ? null : state.failure().text());
    status.put("revision", state.revision());
    return status;
  }

  private void listen(App app, Map<String, Object> command) throws Exception {
    String name = (String) command.get("name");
    boolean isSession = command.get("to").equals("session");
    Object of = isSession ? app.session : entity(app, (String) command.get("to"));
    Runnable listener = () -> {
      SessionState state = app.session.state();
      Map<String, Object> call = Json.object("by", name, "at", (double) around.now, "status", state.status().text());
      call.put("failure", state.failure() == null ? null : state.failure().text());
      if (Boolean.TRUE.equals(command.get("reads"))) {
        call.put("read", stateOf(of instanceof Section ? ((Section<?>) of).state() : ((Experience<?>) of).state()));
      }
      calls.add(call);
      if (command.get("stops") != null) listeners.get(command.get("stops")).close();
      Object starts = command.get("starts");
      if (starts != null) call("start", done -> start(app.session, Json.asObject(starts), done));
      if (Boolean.TRUE.equals(command.get("throws"))) throw new IllegalStateException("the listener " + name);
    };
    if (isSession) listeners.put(name, app.session.onChange(listener));
    else if (of instanceof Section) listeners.put(name, ((Section<?>) of).onChange(listener));
    else listeners.put(name, ((Experience<?>) of).onChange(listener));
  }

  private void page(String event) {
    for (App app : spaces.values()) {
      if (event.equals("online")) app.client.networkIsBack();
      else app.client.setActive(event.equals("show") || event.equals("return"));
    }
  }
}
