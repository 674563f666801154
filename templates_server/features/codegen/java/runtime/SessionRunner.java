package mtspace.runtime;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs the sessions of a Space, one after the other; all of it in the Space's loop. */
final class SessionRunner implements Follower.Session {
  private final SpaceEngine engine;
  private final ClientSettings settings;
  private final Clock clock;
  private final Loop loop;
  private final Log log;
  private final Listeners<SessionState> listeners;
  private final Pauses pauses;
  private final Sender sender;
  private final Store store;
  private final IdentityKeeper identity;
  private final UnknownReports reports;
  private final EventQueue events;
  private final Follower follower;
  private final Callers callers = new Callers();

  private volatile SessionState state = SessionState.IDLE;
  private SessionState initial = SessionState.IDLE;
  private String revision;

  /** Who was started last, and has not ended. */
  private Person person;

  /** Theirs; null while storage is read. */
  private String anonymousId;

  /** What the server called their session. */
  private String session;

  /** The key of the environment that it is of; "" before there is one. */
  private String key = "";

  /** Another with each start and end, and each further attempt: whatever began before is over. */
  private Aborter turn = new Aborter();

  private Timer retry;

  /** What a test says that is served; then there is no server. */
  private Map<String, Object> states;

  private boolean hasEnded;
  private boolean isWatching;

  /** Whose start the present session is. */
  private Callers.Caller caller;

  /** The server has refused what sessions say besides: then they start without it. */
  private boolean isBare;

  private boolean isClosing;

  /** What waits for the end; null: all is over. */
  private List<Runnable> closed = new ArrayList<>();

  SessionRunner(SpaceEngine engine, ClientSettings settings, Clock clock) {
    this.engine = engine;
    this.settings = settings;
    this.clock = clock;
    loop = engine.loop;
    log = engine.log;
    listeners = new Listeners<>(loop, log, "session", () -> SessionState.IDLE);
    pauses = new Pauses(clock);
    sender = new Sender(clock, loop, settings);
    store = new Store(engine.blueprint.key, clock, loop, settings, log);
    identity = new IdentityKeeper(store);
    reports =
        new UnknownReports(store, settings, () -> engine.blueprint.codeHash + sender.destination());
    events = new EventQueue(sender, pauses, clock, loop, settings, log, store);
    follower = new Follower(this, sender, pauses, clock);
  }

  // What an app asks for

  void start(StartOptions options, Runnable done) {
    if (isClosed()) {
      done.run();
      return;
    }
    watch();
    Callers.Caller newcomer = isAlone() ? null : callers.enter();
    Person next = readPerson(options == null ? new StartOptions(null) : options);
    if (isTaken(next)) {
      refuse(newcomer);
      done.run();
      return;
    }
    boolean isSame = isPerson(next) && key.equals(settings.apiKey);
    String idBefore = anonymousId;
    stop();
    caller = newcomer;
    person = next;
    key = settings.apiKey;
    if (next == null) {
      fallBack(SessionStatus.FALLBACK, SessionFailure.REFUSED);
      done.run();
      return;
    }
    Once finish = new Once(done);
    Timer timer = clock.after(settings.waitTimeMsec, () -> timeOut(next, finish));
    begin(
        isSame,
        idBefore,
        () -> {
          timer.cancel();
          finish.run();
        });
  }

  void flush(Runnable done) {
    if (isClosing) {
      whenClosed(done);
      return;
    }
    // Events that were tracked before it was known of whom come first.
    identity.ready(() -> events.flush(done));
  }

  void end(Runnable done) {
    if (isClosing) {
      whenClosed(done);
      return;
    }
    // Who was refused has no session to end, unless it is to have everybody served again.
    if (!isHidden() || isInUse()) {
      stop();
      if (clock.isServer()) {
        hasEnded = true;
        identity.forget();
      }
      fallBack(SessionStatus.IDLE, null);
    }
    flush(done);
  }

  void close(Runnable done) {
    whenClosed(done);
    if (isClosing) return;
    // Nothing may begin from here on.
    isClosing = true;
    halt();
    if (state.status() == SessionStatus.STARTING) conclude(SessionStatus.IDLE, null);
    identity.ready(() -> events.close(this::finishClosing));
  }

  void record(Event event, String entity, Map<String, Object> data) {
    // After a failure of nobody's it is not known who is there.
    boolean isMute = person == null && state.status() == SessionStatus.FALLBACK;
    if (isClosed() || isMute || states != null || isHidden()) return;
    watch();
    String what = "the event " + Texts.describe(event.name()) + " is not recorded";
    log.attempt(
        what,
        () -> {
          Map<String, Object> recorded = read(event, entity, data);
          Person whose = person;
          if (anonymousId != null) add(recorded, whose);
          else identity.ready(() -> log.attempt(what, () -> add(recorded, whose)));
        });
  }

  Subscription onChange(Runnable listener) {
    return listeners.onChange(listener);
  }

  SessionState state() {
    return isHidden() ? SessionState.IN_USE : state;
  }

  SessionState initial() {
    return initial;
  }

  List<String> unknown() {
    return isHidden() ? Collections.<String>emptyList() : listUnknown();
  }

  /** Null before anything was served. */
  String snapshot() {
    if (anonymousId == null || revision == null || isHidden()) return null;
    Map<String, Object> shown = new LinkedHashMap<>();
    for (Map.Entry<String, Layers<?>> entry : engine.entities.entrySet()) {
      Object wire = entry.getValue().wire();
      if (wire != Json.MISSING) shown.put(entry.getKey(), wire);
    }
    Map<String, Object> who = Json.object("anonymousId", anonymousId);
    who.put("userId", person == null ? null : person.externalId);
    Map<String, Object> snapshot = new LinkedHashMap<>();
    snapshot.put("session", session);
    snapshot.put("revision", revision);
    snapshot.put("states", shown);
    snapshot.put("person", who);
    return Json.write(snapshot);
  }

  // What the client's members bring about

  void keyChanged() {
    if (isClosing) return;
    events.flush(() -> {});
    if (key.isEmpty()) key = settings.apiKey;
    boolean isMissing = state.failure() == SessionFailure.MISSING_KEY;
    if (isMissing && !sender.destination().isEmpty()) prime(1, () -> {});
  }

  void lockChanged() {
    SessionState before = state;
    follower.stop();
    if (!settings.sessionLock) {
      for (Layers<?> layers : engine.entities.values()) layers.unlock();
    }
    boolean isServed = before.status() == SessionStatus.SERVED;
    conclude(before.status(), isServed ? null : before.failure());
    follow();
  }

  void trackingChanged() {
    if (!settings.tracking) {
      store.clear();
      events.dropAll();
      reports.put(Collections.<String>emptyList());
    } else if (!isClosing) {
      identity.saveAgain();
      reportUnknown();
      events.restore();
    }
  }

  void setActive(boolean isActive) {
    if (isClosing || states != null) return;
    if (isActive) {
      pauses.hurry();
      follower.setActive(true);
    } else {
      if (isWatching) events.leave();
      follower.setActive(false);
    }
  }

  void networkIsBack() {
    if (isClosing || states != null) return;
    pauses.hurry();
    follower.show();
  }

  // What options bring about

  /** Goes on with a session that was started elsewhere, of this person. */
  void resume(Served served, Person next, String id) {
    person = next;
    anonymousId = id;
    key = settings.apiKey;
    identity.save(new Identity(id, next.externalId));
    take(served);
    settle();
    watch();
    follow();
  }

  /** Serves these states from here on, without a server. */
  void test(Map<String, Object> given) {
    states = given;
    sender.switchOff();
    start(null, () -> {});
    settle();
  }

  // What entities need to know

  /** Whether who looks now was refused, so that what is served is somebody else's. */
  boolean isHidden() {
    return state.status() != SessionStatus.IDLE && callers.isRefusedHere();
  }

  boolean isTest() {
    return states != null;
  }

  /** Whether what is read now stays for the session. */
  boolean isLocking() {
    SessionStatus status = state.status();
    return settings.sessionLock
        && (status == SessionStatus.SERVED || status == SessionStatus.FALLBACK);
  }

  // What is followed

  @Override
  public String id() {
    return session;
  }

  @Override
  public String revision() {
    return revision;
  }

  /** What a whole session's answer does not name falls back. */
  @Override
  public void take(Served served) {
    List<String> unknown = Collections.emptyList();
    if (served != null) {
      if (served.session != null) session = served.session;
      revision = served.revision;
      for (Map.Entry<String, Layers<?>> entry : engine.entities.entrySet()) {
        Object wire = Json.member(served.states, entry.getKey());
        if (wire != Json.MISSING) entry.getValue().serve(wire);
        else if (served.session != null) entry.getValue().drop();
      }
      unknown = reportUnknown();
    }
    conclude(SessionStatus.SERVED, null);
    tell(unknown);
  }

  @Override
  public void fail(Reply reply) {
    conclude(state.status(), SessionFailure.of(reply));
  }

  @Override
  public void restart() {
    prime(1, () -> {});
  }

  // The course of a session

  /**
   * What the same person sees stays until there is something newer; a visitor who has signed in is
   * another person.
   */
  private void begin(boolean isSame, String idBefore, Runnable done) {
    Aborter mine = turn;
    if (states != null) {
      anonymousId = IdentityKeeper.newId();
      take(new Served(null, "test", states));
      done.run();
      return;
    }
    if (hasEnded) identity.forget();
    hasEnded = false;
    if (isSame) {
      for (Layers<?> layers : engine.entities.values()) layers.keep();
      conclude(SessionStatus.STARTING, null);
    } else fallBack(SessionStatus.STARTING, null);
    identity.ready(
        () -> {
          if (turn != mine) done.run();
          else identify(idBefore, done);
        });
  }

  private void identify(String idBefore, Runnable done) {
    anonymousId = identity.idFor(person);
    boolean isVisitor = person.externalId == null;
    if (isVisitor && !anonymousId.equals(idBefore)) fallBack(SessionStatus.STARTING, null);
    if (!sender.destination().isEmpty()) {
      prime(1, done);
      return;
    }
    conclude(SessionStatus.FALLBACK, SessionFailure.MISSING_KEY);
    log.log("client.apiKey is not set", null);
    done.run();
  }

  /**
   * Asks for the state of every entity at once, later again where that fails. An answer counts
   * unless the session is over.
   */
  private void prime(int failures, Runnable done) {
    Aborter mine = new Aborter();
    turn = mine;
    List<String> told =
        settings.tracking && !isBare ? reports.list() : Collections.<String>emptyList();
    List<String> unknown = told.isEmpty() ? null : told;
    sender.send(
        "/sessions",
        Json.write(startBody(unknown)),
        mine,
        reply -> {
          answer(mine, failures, reply, unknown);
          done.run();
        });
  }

  private Map<String, Object> startBody(List<String> unknown) {
    Map<String, Object> body = whose(person);
    if (person.fields != null) body.put("fields", person.fields);
    body.put("anonymous_id", anonymousId);
    if (isBare) return body;
    Blueprint blueprint = engine.blueprint;
    body.put("code", Json.object("hash", blueprint.codeHash, "language", blueprint.language));
    body.put(
        "app",
        Json.object(
            "version", readApp("appVersion", settings.appVersion),
            "build", readApp("appBuild", settings.appBuild),
            "platform", clock.platform()));
    if (unknown != null) body.put("unknown", unknown);
    return body;
  }

  private void answer(Aborter mine, int failures, Reply reply, List<String> unknown) {
    Served served = Served.read(reply);
    boolean isRefused = reply.isRefusal();
    if (isRefused) isBare = !isBare;
    if (unknown != null && (isRefused || served != null)) {
      reports.put(Collections.<String>emptyList());
    }
    if (turn != mine) return;
    if (served != null && served.session != null) {
      take(served);
      follow();
      return;
    }
    retry = pauses.afterFailure(failures, reply, () -> prime(failures + 1, () -> {}));
    SessionFailure failure = SessionFailure.of(reply);
    boolean isNew = failure != state.failure();
    // Changes do not come through; what was served stays.
    conclude(session == null ? SessionStatus.FALLBACK : SessionStatus.SERVED, failure);
    boolean isLasting = failure == SessionFailure.REFUSED || failure == SessionFailure.NONSENSE;
    if (isNew && isLasting) log.log("no session: " + failure.text() + ": " + reply.status, null);
  }

  private void timeOut(Person next, Once finish) {
    boolean isWaiting = person == next && state.status() == SessionStatus.STARTING;
    if (isWaiting) conclude(SessionStatus.FALLBACK, SessionFailure.TIMEOUT);
    finish.run();
  }

  /** Says how it stands now: all of that is there before anybody is told of any of it. */
  private void conclude(SessionStatus status, SessionFailure failure) {
    SessionState news = new SessionState(status, failure, revision);
    if (!news.equals(state)) state = news;
    for (Layers<?> layers : engine.entities.values()) layers.announce();
    listeners.announce(state);
  }

  /** Shows fallbacks from here on. */
  private void fallBack(SessionStatus status, SessionFailure failure) {
    revision = null;
    for (Layers<?> layers : engine.entities.values()) {
      layers.unlock();
      layers.drop();
    }
    conclude(status, failure);
  }

  private void follow() {
    if (session != null && !settings.sessionLock && !isClosing) follower.follow();
  }

  /**
   * From the first use on, what earlier programs have left is read, and the app's coming and going
   * counts.
   */
  private void watch() {
    if (states != null) return;
    reports.list();
    isWatching = true;
  }

  /** Ends all that is under way. */
  private void halt() {
    Aborter before = turn;
    turn = new Aborter();
    before.abort();
    follower.stop();
    if (retry != null) retry.cancel();
    retry = null;
  }

  private void stop() {
    halt();
    person = null;
    anonymousId = null;
    session = null;
  }

  /** What is shown now is what is shown first. */
  private void settle() {
    initial = state;
    for (Layers<?> layers : engine.entities.values()) layers.begin();
  }

  private void finishClosing() {
    // From here on there are no threads; whoever waits is told first.
    List<Runnable> waiting = closed;
    closed = null;
    clock.close();
    for (Runnable each : waiting) each.run();
  }

  private void whenClosed(Runnable done) {
    if (closed == null) done.run();
    else closed.add(done);
  }

  // Who is there

  private Person readPerson(StartOptions options) {
    Person[] read = new Person[1];
    log.attempt("the session is not started", () -> read[0] = Person.read(options, log));
    return read[0];
  }

  /** Whether nobody else can be here: in an app, in a test. */
  private boolean isAlone() {
    return !clock.isServer() || states != null;
  }

  private boolean isPerson(Person next) {
    return person != null && next != null && person.isSameAs(next);
  }

  /**
   * Whether this Space already serves somebody else. Of two visitors on a server nobody knows that
   * they are one.
   */
  private boolean isTaken(Person next) {
    if (state.status() == SessionStatus.IDLE || isAlone()) return false;
    return !isPerson(next) || (next.externalId == null && settings.storage == null);
  }

  /** Nobody is served until the end of the session is declared. */
  private boolean isInUse() {
    return state.failure() == SessionFailure.IN_USE;
  }

  private void refuse(Callers.Caller newcomer) {
    boolean isNew = !isInUse();
    if (newcomer != null) newcomer.isRefused = true;
    if (caller != null) caller.isRefused = true;
    stop();
    fallBack(SessionStatus.FALLBACK, SessionFailure.IN_USE);
    if (isNew) {
      log.log(
          "another session has not ended: call session.end(), or createSpace() for each request",
          null);
    }
  }

  /** Whether all is over; who does not know it is told once. */
  private boolean isClosed() {
    if (isClosing) log.once("the Space is closed");
    return isClosing;
  }

  // What is sent

  /** All of an event but whom it is of. */
  private Map<String, Object> read(Event event, String entity, Map<String, Object> data) {
    String timestamp = Dates.write(new Date(clock.now()));
    return Json.object(
        "id",
        IdentityKeeper.newId(),
        "name",
        event.checkName(),
        "timestamp",
        // A clock that was never set: the time of arrival is nearer.
        timestamp.startsWith("2") ? timestamp : null,
        "entity",
        entity,
        "data",
        data,
        "metadata",
        event.checkMetadata());
  }

  private void add(Map<String, Object> recorded, Person whose) {
    Map<String, Object> event = new LinkedHashMap<>(recorded);
    event.putAll(whose(whose));
    event.put("anonymous_id", anonymousId == null ? identity.idFor(whose) : anonymousId);
    if (session != null) event.put("session", session);
    events.add(event);
  }

  private static Map<String, Object> whose(Person person) {
    if (person == null) return new LinkedHashMap<>();
    return Json.object("external_id", person.externalId, "user_signature", person.signature);
  }

  /** What an app says of itself, as far as that can be sent. */
  private String readApp(String name, String value) {
    String[] read = new String[1];
    log.attempt(
        "client." + name + " is left out",
        () ->
            read[0] =
                value.isEmpty()
                    ? null
                    : Texts.ensureLength(Texts.storable(value), Limits.LONGEST_KEY));
    return read[0];
  }

  private List<String> listUnknown() {
    List<String> all = new ArrayList<>();
    for (Layers<?> layers : engine.entities.values()) all.addAll(layers.unknown());
    return all.size() <= Limits.MOST_UNKNOWN ? all : all.subList(0, Limits.MOST_UNKNOWN);
  }

  /** What this code cannot use is told to the server when the next session starts. */
  private List<String> reportUnknown() {
    List<String> unknown = listUnknown();
    if (settings.tracking && states == null) {
      List<String> all = new ArrayList<>(reports.list());
      all.addAll(unknown);
      reports.put(all);
    }
    return unknown;
  }

  private void tell(List<String> unknown) {
    List<String> news = new ArrayList<>();
    for (String entry : unknown) {
      if (!log.knows(entry)) news.add(entry);
    }
    if (news.isEmpty()) return;
    for (String entry : news) log.know(entry);
    log.log("this code cannot use " + Texts.join("; ", news), null);
  }

  /** Runs once. */
  private static final class Once implements Runnable {
    private Runnable call;

    Once(Runnable call) {
      this.call = call;
    }

    @Override
    public void run() {
      Runnable present = call;
      call = null;
      if (present != null) present.run();
    }
  }
}
