package mtspace.runtime;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/** Runs tasks one after the other, in their order, on the threads of an executor. */
final class Serial {
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final Executor executor;
  private boolean isRunning;

  Serial(Executor executor) {
    this.executor = executor;
  }

  synchronized void add(Runnable task) {
    tasks.add(task);
  }

  /** Has the tasks run that were added. */
  void kick() {
    synchronized (this) {
      if (isRunning || tasks.isEmpty()) return;
      isRunning = true;
    }
    boolean isAccepted = false;
    try {
      executor.execute(this::drain);
      isAccepted = true;
    } catch (RuntimeException cause) {
      Loop.report("an executor takes no work", cause);
    } finally {
      if (!isAccepted) stop();
    }
  }

  private void drain() {
    for (Runnable task = next(); task != null; task = next()) {
      try {
        task.run();
      } catch (RuntimeException cause) {
        Loop.report("a callback failed", cause);
      }
    }
  }

  private synchronized Runnable next() {
    Runnable task = tasks.poll();
    if (task == null) isRunning = false;
    return task;
  }

  private synchronized void stop() {
    isRunning = false;
    tasks.clear();
  }
}
