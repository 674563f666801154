package mtspace.runtime;

import java.io.UnsupportedEncodingException;
import java.net.URLEncoder;

/** Asks for changes of a session for as long as it runs unlocked and its app is active. */
final class Follower {
  /** What follows a session, and is told of its changes. */
  interface Session {
    String id();

    String revision();

    /** Takes an answer; null: nothing is new. */
    void take(Served served);

    void fail(Reply reply);

    /** Begins the session anew, which the server does not know any more. */
    void restart();
  }

  /** The answer of a server that does not know the session, any more or yet. */
  private static final int UNKNOWN = 404;

  private static final int NOTHING_NEW = 204;

  private final Session session;
  private final Sender sender;
  private final Pauses pauses;
  private final Clock clock;
  private boolean isFollowing;

  /** Whether the app is active, and no failure has to be waited for. */
  private boolean isHere;

  private boolean isActive = true;
  private Aborter asking;
  private Timer timer;
  private Timer pause;

  /** When was asked or answered last. */
  private long last = Long.MIN_VALUE / 2;

  private int failures;

  /** How many sessions were lost, one after the other, that had not lasted. */
  private int lost;

  Follower(Session session, Sender sender, Pauses pauses, Clock clock) {
    this.session = session;
    this.sender = sender;
    this.pauses = pauses;
    this.clock = clock;
  }

  void follow() {
    stop();
    isFollowing = true;
    show();
  }

  void stop() {
    hide();
    if (pause != null) pause.cancel();
    pause = null;
    isFollowing = false;
  }

  /** The app is active, or it goes to the background. */
  void setActive(boolean isActive) {
    this.isActive = isActive;
    if (isActive) show();
    else hide();
  }

  void show() {
    if (!isFollowing || isHere || pause != null || !isActive) return;
    isHere = true;
    long rest = last + Limits.SHORTEST_REST_MSEC - clock.now();
    pauseFor(Math.min(rest, Limits.SHORTEST_REST_MSEC));
  }

  private void hide() {
    isHere = false;
    if (timer != null) timer.cancel();
    Aborter present = asking;
    asking = null;
    if (present != null) present.abort();
  }

  private void pauseFor(double milliseconds) {
    if (milliseconds > 0) timer = clock.after((long) Math.ceil(milliseconds), this::ask);
    else ask();
  }

  private void ask() {
    Aborter mine = new Aborter();
    asking = mine;
    last = clock.now();
    String path =
        "/sessions/"
            + encode(session.id())
            + "/changes?since="
            + encode(session.revision())
            + "&wait="
            + Limits.CHANGES_WAIT_SECONDS;
    sender.send(
        path,
        null,
        mine,
        reply -> {
          if (asking != mine) return;
          asking = null;
          settle(reply);
        });
  }

  private void settle(Reply reply) {
    boolean isEarly = clock.now() - last < Limits.EARLY_MSEC;
    last = clock.now();
    Served served = Served.read(reply);
    if (served == null && reply.status != NOTHING_NEW) {
      fail(reply);
      return;
    }
    boolean isNews = served != null && !served.revision.equals(session.revision());
    if (!isEarly) lost = 0;
    failures = isEarly && !isNews ? failures + 1 : 0;
    pauseFor(
        failures > 0
            ? pauses.backOffMsec(failures, Limits.LONGEST_REST_MSEC)
            : Limits.SHORTEST_REST_MSEC);
    session.take(served);
  }

  private void fail(Reply reply) {
    boolean isUnknown = reply.status == UNKNOWN;
    if (!isUnknown) hide();
    else {
      stop();
      lost += 1;
      if (lost == 1) {
        session.restart();
        return;
      }
    }
    failures += isUnknown ? Limits.FAILURES_OF_A_NEW_SESSION : 1;
    pause =
        pauses.afterFailure(
            failures,
            reply,
            () -> {
              pause = null;
              if (isUnknown) session.restart();
              else show();
            });
    session.fail(reply);
  }

  private static String encode(String text) {
    try {
      return URLEncoder.encode(text, "UTF-8").replace("+", "%20");
    } catch (UnsupportedEncodingException cause) {
      throw new AssertionError(cause);
    }
  }
}
