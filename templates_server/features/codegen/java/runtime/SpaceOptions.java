package mtspace.runtime;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;

/** How a Space of its own is made; what is left out can be set later. */
public final class SpaceOptions {
  private final Builder given;

  private SpaceOptions(Builder given) {
    this.given = given;
  }

  /** Begins the options of a Space of an environment. */
  public static Builder builder(String apiKey) {
    return new Builder(apiKey, null);
  }

  /**
   * Begins the options of a Space for tests: nothing goes over the network.
   *
   * @param states what is served, by entity and keys of the model; what is left out falls back
   */
  public static Builder test(Map<String, ?> states) {
    return new Builder("", states);
  }

  void apply(SpaceEngine engine) {
    Client client = engine.client();
    client.setLogger(given.logger);
    client.setExecutor(given.executor);
    if (given.states != null) engine.runner.test(new TestStates(engine).complete(given.states));
    if (given.host != null) client.setHost(given.host);
    client.setStorage(given.storage);
    client.setAppVersion(given.appVersion);
    client.setAppBuild(given.appBuild);
    if (given.waitTimeMsec != null) client.setWaitTimeMsec(given.waitTimeMsec);
    if (given.sessionLock != null) client.setSessionLock(given.sessionLock);
    if (given.tracking != null) client.setTracking(given.tracking);
    // The last: all else is there when the key is.
    client.setApiKey(given.apiKey);
    if (given.bootstrap != null && given.states == null) {
      engine.log.attempt("the bootstrap cannot be used", () -> resume(engine));
    }
  }

  private void resume(SpaceEngine engine) {
    Map<String, Object> snapshot = Json.asObject(Json.parse(given.bootstrap));
    Map<String, Object> person = Json.asObject(Json.member(snapshot, "person"));
    Object userId = person.get("userId");
    StartOptions who = new StartOptions(userId == null ? null : Json.asString(userId));
    engine.runner.resume(
        Served.read(snapshot),
        Person.read(who, engine.log),
        Identity.asId(Json.member(person, "anonymousId")));
  }

  /** Options that are being put together. */
  public static final class Builder {
    private final String apiKey;
    private final Map<String, ?> states;
    private String host;
    private Storage storage;
    private String appVersion;
    private String appBuild;
    private Integer waitTimeMsec;
    private Boolean sessionLock;
    private Boolean tracking;
    private Logger logger;
    private Executor executor;
    private String bootstrap;

    private Builder(String apiKey, Map<String, ?> states) {
      this.apiKey = apiKey;
      this.states =
          states == null ? null : Collections.unmodifiableMap(new LinkedHashMap<>(states));
    }

    private Builder(Builder other) {
      this(other.apiKey, other.states);
      host = other.host;
      storage = other.storage;
      appVersion = other.appVersion;
      appBuild = other.appBuild;
      waitTimeMsec = other.waitTimeMsec;
      sessionLock = other.sessionLock;
      tracking = other.tracking;
      logger = other.logger;
      executor = other.executor;
      bootstrap = other.bootstrap;
    }

    /** Where the server is. */
    public Builder host(String host) {
      this.host = host;
      return this;
    }

    /** Where the anonymous ID and events are kept; left out: in memory. */
    public Builder storage(Storage storage) {
      this.storage = storage;
      return this;
    }

    /** The version of your app. */
    public Builder appVersion(String appVersion) {
      this.appVersion = appVersion;
      return this;
    }

    /** The build of that version. */
    public Builder appBuild(String appBuild) {
      this.appBuild = appBuild;
      return this;
    }

    /** How long a start waits before it goes on with fallbacks. */
    public Builder waitTimeMsec(int waitTimeMsec) {
      this.waitTimeMsec = waitTimeMsec;
      return this;
    }

    /** Whether what was served stays for the session; where not, changes come through. */
    public Builder sessionLock(boolean sessionLock) {
      this.sessionLock = sessionLock;
      return this;
    }

    /** Whether the person agrees to be tracked. */
    public Builder tracking(boolean tracking) {
      this.tracking = tracking;
      return this;
    }

    /** Who gets what is otherwise written to {@code System.err}. */
    public Builder logger(Logger logger) {
      this.logger = logger;
      return this;
    }

    /** On which threads listeners, callbacks and the logger are called. */
    public Builder executor(Executor executor) {
      this.executor = executor;
      return this;
    }

    /** What {@code session.snapshot()} gave elsewhere: it is shown at once. */
    public Builder bootstrap(String snapshot) {
      this.bootstrap = snapshot;
      return this;
    }

    /** Makes the options. */
    public SpaceOptions build() {
      return new SpaceOptions(new Builder(this));
    }
  }
}
