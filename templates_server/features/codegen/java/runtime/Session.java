package mtspace.runtime;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** One run of the app for one person. */
public final class Session {
  private final SpaceEngine engine;
  private final SessionRunner runner;
  private final Loop loop;

  Session(SpaceEngine engine) {
    this.engine = engine;
    this.runner = engine.runner;
    this.loop = engine.loop;
  }

  /** Returns the status. */
  public SessionStatus status() {
    return state().status();
  }

  /** Returns what is wrong; null while nothing is. */
  public SessionFailure failure() {
    return state().failure();
  }

  /** Returns which revision of the states is served; null while none is. */
  public String revision() {
    return state().revision();
  }

  /** Returns status, failure and revision: the same object until one of them changes. */
  public SessionState state() {
    return loop.call(runner::state);
  }

  /** Returns what is shown first: the state of the bootstrap, else idle. */
  public SessionState initial() {
    return loop.call(runner::initial);
  }

  /**
   * Returns what was served and this code could not use, such as {@code homepage.body[1].layout:
   * "tall"}.
   */
  public List<String> unknown() {
    return loop.call(() -> Collections.unmodifiableList(new ArrayList<>(runner.unknown())));
  }

  /** Begins a session of a visitor, ending the one before it. */
  public void start() {
    start(null, null);
  }

  /**
   * Begins a session, ending the one before it. On a server, another person's start is refused
   * until {@code end} was called.
   */
  public void start(StartOptions options) {
    start(options, null);
  }

  /** Begins a session; the callback comes when it is served, or goes on with fallbacks. */
  public void start(StartOptions options, StartCallback callback) {
    loop.run(
        () -> {
          Runnable done = () -> loop.later(() -> callback.onStarted(status()));
          runner.start(options, callback == null ? () -> {} : done);
        });
  }

  /**
   * Begins a session and waits until it is served, or goes on with fallbacks: for servers and
   * scripts.
   */
  public SessionStatus startAndWait(StartOptions options) {
    CountDownLatch done = new CountDownLatch(1);
    loop.run(() -> runner.start(options, done::countDown));
    try {
      done.await();
    } catch (InterruptedException cause) {
      Thread.currentThread().interrupt();
    }
    return status();
  }

  // begin: any event
  /**
   * Records an event of the person who is there now.
   *
   * @param name category and action, such as {@code item/clicked}
   * @param pairs up to three
   */
  public void track(String name, Pair... pairs) {
    engine.record(new Event(name, pairs), null, null);
  }

  // end: any event
  /** Records an event of the model, of the person who is there now. */
  public void track(Event event) {
    engine.record(event, null, null);
  }

  /** Sends the recorded events now instead of in a second. */
  public void flush() {
    flush(null);
  }

  /** Sends the recorded events now; the call comes when that is done or has failed. */
  public void flush(Runnable done) {
    loop.run(() -> runner.flush(later(done)));
  }

  /** Ends the session and sends the recorded events; fallbacks are served from here on. */
  public void end() {
    end(null);
  }

  /** Ends the session; the call comes when the recorded events are sent, or that has failed. */
  public void end(Runnable done) {
    loop.run(() -> runner.end(later(done)));
  }

  /** Calls the listener after {@code state()} has changed, until the subscription is closed. */
  public Subscription onChange(Runnable listener) {
    return runner.onChange(listener);
  }

  /**
   * Returns what is shown now as JSON, for the {@code bootstrap} of another Space; null before
   * anything was served. It holds no secrets.
   */
  public String snapshot() {
    return loop.call(runner::snapshot);
  }

  /**
   * Begins a session of a user.
   *
   * @deprecated Until 1.0. Use {@code start(new StartOptions(userId, fields))}.
   */
  @Deprecated
  public void identify(String userId, Map<String, ?> fields) {
    start(new StartOptions(userId, fields));
  }

  /**
   * Begins a session of a visitor.
   *
   * @deprecated Until 1.0. Use {@code start(new StartOptions(null, fields))}.
   */
  @Deprecated
  public void anonymize(Map<String, ?> fields) {
    start(new StartOptions(null, fields));
  }

  private Runnable later(Runnable done) {
    return done == null ? () -> {} : () -> loop.later(done);
  }
}
