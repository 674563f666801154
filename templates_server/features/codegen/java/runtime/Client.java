package mtspace.runtime;

import java.util.concurrent.Executor;

/** Which environment and server an app talks to, and how its sessions behave. */
public final class Client {
  private final ClientSettings settings;
  private final SpaceEngine engine;

  Client(ClientSettings settings, SpaceEngine engine) {
    this.settings = settings;
    this.engine = engine;
  }

  /** Returns the public key {@code pk_...} of an environment; "": none. */
  public String getApiKey() {
    return settings.apiKey;
  }

  /** Sets the public key of an environment. Without it fallbacks are served. */
  public void setApiKey(String apiKey) {
    engine.loop.run(
        () -> {
          settings.apiKey = apiKey == null ? "" : apiKey.trim();
          engine.runner.keyChanged();
        });
  }

  /** Returns where the server is. */
  public String getHost() {
    return settings.host;
  }

  /** Sets where the server is. */
  public void setHost(String host) {
    if (host == null) engine.log.log("client.host must be a URL", null);
    else settings.host = ClientSettings.trim(host);
  }

  /** Returns how long a start waits before it goes on with fallbacks. */
  public int getWaitTimeMsec() {
    return settings.waitTimeMsec;
  }

  /** Sets how long a start waits before it goes on with fallbacks. */
  public void setWaitTimeMsec(int waitTimeMsec) {
    if (waitTimeMsec >= 0) settings.waitTimeMsec = waitTimeMsec;
    else engine.log.log("client.waitTimeMsec must be a number of milliseconds", null);
  }

  /** Returns whether what was served stays for the session. */
  public boolean isSessionLock() {
    return settings.sessionLock;
  }

  /** Sets whether what was served stays for the session; where not, changes come through. */
  public void setSessionLock(boolean sessionLock) {
    engine.loop.run(
        () -> {
          settings.sessionLock = sessionLock;
          engine.runner.lockChanged();
        });
  }

  /** Returns whether the person agrees to be tracked. */
  public boolean isTracking() {
    return settings.tracking;
  }

  /**
   * Sets whether the person agrees to be tracked. Where not, no event is recorded or sent, and
   * nothing is stored; sessions start all the same.
   */
  public void setTracking(boolean tracking) {
    engine.loop.run(
        () -> {
          if (settings.tracking == tracking) return;
          settings.tracking = tracking;
          engine.runner.trackingChanged();
        });
  }

  /** Returns where the anonymous ID and events are kept. */
  public Storage getStorage() {
    return settings.storage;
  }

  /** Sets where the anonymous ID and events are kept; null: in memory. */
  public void setStorage(Storage storage) {
    settings.storage = storage;
  }

  /** Returns the version of your app. */
  public String getAppVersion() {
    return settings.appVersion;
  }

  /**
   * Sets the version of your app, such as {@code 2.3.1}, which sessions that start tell the server.
   */
  public void setAppVersion(String appVersion) {
    settings.appVersion = appVersion == null ? "" : appVersion;
  }

  /** Returns the build of that version. */
  public String getAppBuild() {
    return settings.appBuild;
  }

  /** Sets the build of that version. */
  public void setAppBuild(String appBuild) {
    settings.appBuild = appBuild == null ? "" : appBuild;
  }

  /** Sets who gets what is otherwise written to {@code System.err}; null: nobody. */
  public void setLogger(Logger logger) {
    settings.logger = logger;
  }

  /**
   * Sets on which threads listeners, callbacks and the logger are called, such as Android's main
   * thread; null: on threads of the background.
   */
  public void setExecutor(Executor executor) {
    settings.executor = executor;
  }

  /**
   * Sets whether the app is in front. Where not, what waits is sent, and no changes are asked for
   * until it is again.
   */
  public void setActive(boolean active) {
    engine.loop.run(() -> engine.runner.setActive(active));
  }

  /** Tries again at once what failed for want of a network. */
  public void networkIsBack() {
    engine.loop.run(() -> engine.runner.networkIsBack());
  }
}
