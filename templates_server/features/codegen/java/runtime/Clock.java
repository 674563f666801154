package mtspace.runtime;

/** Time, timers and threads of one Space, whose work they bring into its loop. */
final class Clock {
  private static final long LONGEST_TIMER_MSEC = 2_000_000_000L;

  private final Surroundings surroundings;
  private final Loop loop;
  private boolean isUsed;
  private boolean isClosed;

  Clock(Surroundings surroundings, Loop loop) {
    this.surroundings = surroundings;
    this.loop = loop;
  }

  long now() {
    return surroundings.now();
  }

  double random() {
    return surroundings.random();
  }

  boolean isServer() {
    return surroundings.isServer();
  }

  String platform() {
    return surroundings.platform();
  }

  Timer after(long milliseconds, Runnable call) {
    if (!acquire()) return () -> {};
    long wait = Math.max(0, Math.min(milliseconds, LONGEST_TIMER_MSEC));
    return surroundings.after(wait, () -> loop.run(call));
  }

  /** Runs the work on a thread of the background; here and now where all is over. */
  void execute(Runnable work) {
    if (acquire()) surroundings.execute(work);
    else work.run();
  }

  Transport transport() {
    acquire();
    return surroundings.transport();
  }

  /** Lets go of the threads. */
  synchronized void close() {
    isClosed = true;
    if (isUsed) surroundings.release();
    isUsed = false;
  }

  /** Threads are there from the first use to the end; false: all is over. */
  private synchronized boolean acquire() {
    if (isUsed || isClosed) return isUsed;
    surroundings.acquire();
    isUsed = true;
    return true;
  }
}
