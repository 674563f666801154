package mtspace.runtime;

import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashSet;
import java.util.Set;

/** Pauses before another attempt; when the network comes back, those that wait for it end. */
final class Pauses {
  private final Clock clock;
  private final Set<Pause> waiting = new LinkedHashSet<>();

  Pauses(Clock clock) {
    this.clock = clock;
  }

  /**
   * Calls after a pause that grows with the failures in a row; never sooner than the reply asks
   * for.
   */
  Timer afterFailure(int failures, Reply reply, Runnable call) {
    return new Pause(failures, reply, call);
  }

  /** The network is back. */
  void hurry() {
    for (Pause pause : new ArrayList<>(waiting)) pause.hurry();
  }

  /**
   * 1 s, 1 to 2 s, 2 to 4 s ... up to the longest, at random so that many apps do not come back at
   * once.
   */
  double backOffMsec(int failures, long longest) {
    double most = Math.min(longest, 500 * Math.pow(2, Math.min(failures, 10)));
    double shortest = Limits.SHORTEST_PAUSE_MSEC * (1 + clock.random() / 5);
    return Math.max(shortest, most * (0.5 + clock.random() / 2));
  }

  /** Seconds or a date, as HTTP has it; 0 where nothing usable is said. */
  static long readRetryAfterMsec(String text, long now) {
    if (text == null) return 0;
    double wait = 0;
    try {
      wait = Double.parseDouble(text.trim()) * 1000;
    } catch (NumberFormatException cause) {
      Date date = Dates.readHttp(text);
      if (date != null) wait = date.getTime() - now;
    }
    return wait > 0 ? (long) Math.min(wait, Limits.LONGEST_RETRY_AFTER_MSEC) : 0;
  }

  /** One attempt that is to come. */
  private final class Pause implements Timer {
    private final Runnable call;
    private final long began = clock.now();
    private final long least;
    private Timer timer;

    Pause(int failures, Reply reply, Runnable call) {
      this.call = call;
      least = Math.max(Limits.SHORTEST_PAUSE_MSEC, reply.retryAfterMsec);
      long longest =
          reply.status == 0 ? Limits.LONGEST_PAUSE_MSEC : Limits.LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC;
      timer = sleep((long) Math.ceil(Math.max(least, backOffMsec(failures, longest))));
      waiting.add(this);
    }

    @Override
    public void cancel() {
      waiting.remove(this);
      timer.cancel();
    }

    void hurry() {
      timer.cancel();
      timer = sleep(least - Math.max(0, clock.now() - began));
    }

    private Timer sleep(long milliseconds) {
      return clock.after(
          milliseconds,
          () -> {
            if (!waiting.contains(this)) return;
            cancel();
            call.run();
          });
    }
  }
}
