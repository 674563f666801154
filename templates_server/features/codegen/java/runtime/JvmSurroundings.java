package mtspace.runtime;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Those of a JVM or of Android: threads for all Spaces of the program, for as long as there is one.
 */
final class JvmSurroundings extends Surroundings {
  private static final int IDLE_SECONDS = 5;
  private static final boolean IS_ANDROID = "Dalvik".equals(System.getProperty("java.vm.name"));

  private final Transport transport = new HttpTransport(this);
  private int users;
  private ThreadPoolExecutor workers;
  private ScheduledThreadPoolExecutor timers;

  @Override
  long now() {
    return System.currentTimeMillis();
  }

  @Override
  double random() {
    return Math.random();
  }

  @Override
  Timer after(long milliseconds, Runnable call) {
    ScheduledThreadPoolExecutor present = timers();
    if (present == null) return () -> {};
    try {
      ScheduledFuture<?> future = present.schedule(call, milliseconds, TimeUnit.MILLISECONDS);
      return () -> future.cancel(false);
    } catch (RejectedExecutionException cause) {
      return () -> {}; // All Spaces were closed meanwhile.
    }
  }

  @Override
  void execute(Runnable work) {
    ThreadPoolExecutor present = workers();
    if (present == null) throw new RejectedExecutionException("all Spaces are closed");
    present.execute(work);
  }

  @Override
  Transport transport() {
    return transport;
  }

  @Override
  boolean isServer() {
    return !IS_ANDROID;
  }

  @Override
  synchronized void acquire() {
    users += 1;
    if (users > 1) return;
    workers =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<Runnable>(),
            JvmSurroundings::thread);
    timers = new ScheduledThreadPoolExecutor(1, JvmSurroundings::thread);
    timers.setRemoveOnCancelPolicy(true);
    timers.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
    timers.allowCoreThreadTimeOut(true);
  }

  @Override
  synchronized void release() {
    users -= 1;
    if (users > 0) return;
    workers.shutdown();
    timers.shutdownNow();
    workers = null;
    timers = null;
  }

  private synchronized ThreadPoolExecutor workers() {
    return workers;
  }

  private synchronized ScheduledThreadPoolExecutor timers() {
    return timers;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "mtribes");
    thread.setDaemon(true);
    return thread;
  }
}
